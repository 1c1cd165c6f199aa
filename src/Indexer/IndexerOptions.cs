using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Assay.Hosting;
using Assay.Hosting.Options;
using Assay.Indexer.Sources;

namespace Assay.Indexer;

public sealed class IndexerOptions : IValidatableObject
{
    public ChainOptions Chain { get; set; } = new();
    public DatabaseOptions Database { get; set; } = new();
    public BusOptions Bus { get; set; } = new();

    [Range(10, 600_000), Description("milliseconds between looks at the chain while nothing is new")]
    public int PollMilliseconds { get; set; } = 1000;

    [Range(1, 10_000), Description("most blocks read and committed at once")]
    public int BatchBlocks { get; set; } = 500;

    [Description("Depth: Chain:Confirmations blocks on top; Tag: what the node calls finalized")]
    public Finality Finality { get; set; } = Finality.Depth;

    [Description("JSON-RPC address of another node, which has to confirm the events of a block before they are announced; empty = none is asked")]
    public string SecondRpcUrl { get; set; } = "";

    [Description("definitions of further contracts to index: JSON files, separated by commas")]
    public string Sources { get; set; } = "";

    public IEnumerable<ValidationResult> Validate(ValidationContext context)
    {
        if (SecondRpcUrl != "" && !(Uri.TryCreate(SecondRpcUrl, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"))
            yield return new("is not an http(s) address", [nameof(SecondRpcUrl)]);
        if (SecondRpcUrl != "" && SecondRpcUrl == Chain.RpcUrl)
            yield return new("is the first node itself", [nameof(SecondRpcUrl)]);
    }

    /// <exception cref="StartRefusedException">A file is not readable or contradicts itself, or two have one name.</exception>
    internal IReadOnlyList<SourceDefinition> SourceDefinitions()
    {
        var definitions = Sources.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(SourceDefinition.Read).ToList();
        return definitions.GroupBy(definition => definition.Name).FirstOrDefault(group => group.Count() > 1) is { } twice
            ? throw new StartRefusedException($"Configuration: two sources have the name {twice.Key}.")
            : definitions;
    }
}

public enum Finality { Depth, Tag }
