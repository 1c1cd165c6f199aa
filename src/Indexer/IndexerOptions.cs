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

    [Description("WebSocket address of the node, ws(s)://, whose news of a block is a reason to look at once; empty = looks at intervals alone")]
    public string HeadsUrl { get; set; } = "";

    [Range(1, 10_000), Description("most blocks read and committed at once")]
    public int BatchBlocks { get; set; } = 500;

    [Description("Depth: Chain:Confirmations blocks on top; Tag: what the node calls finalized; Safe: what it calls safe")]
    public Finality Finality { get; set; } = Finality.Depth;

    [Description("JSON-RPC address of another node, which has to confirm the events of a block before they are announced; empty = none is asked")]
    public string SecondRpcUrl { get; set; } = "";

    public SigningOptions Signing { get; set; } = new();
    public ApiOptions Api { get; set; } = new();
    public RewardOptions Rewards { get; set; } = new();

    [Description("definitions of further contracts to index: JSON files, separated by commas")]
    public string Sources { get; set; } = "";

    public IEnumerable<ValidationResult> Validate(ValidationContext context)
    {
        if (SecondRpcUrl != "" && !(Uri.TryCreate(SecondRpcUrl, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"))
            yield return new("is not an http(s) address", [nameof(SecondRpcUrl)]);
        if (HeadsUrl != "" && !(Uri.TryCreate(HeadsUrl, UriKind.Absolute, out var heads) && heads.Scheme is "ws" or "wss"))
            yield return new("is not a ws(s) address", [nameof(HeadsUrl)]);
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

/// <summary>Section <c>Signing</c>: the key under the digests of <c>/completeness</c>.</summary>
public sealed class SigningOptions : IValidatableObject
{
    [Description("file of the key that signs digests (V3 keystore), which needs no money; empty = nothing is signed")]
    public string Keystore { get; set; } = "";

    [Description("file with the keystore's password; one trailing line break is left out")]
    public string PasswordFile { get; set; } = "";

    public IEnumerable<ValidationResult> Validate(ValidationContext context)
    {
        if ((Keystore == "") != (PasswordFile == ""))
            yield return new("are given both or not at all", [nameof(Keystore), nameof(PasswordFile)]);
    }
}

/// <summary>Section <c>Api</c>: what one reader may take.</summary>
public sealed class ApiOptions
{
    [Range(1, 1_000_000), Description("requests of one address in a second at most, after a burst of twice as many")]
    public int RequestsPerSecond { get; set; } = 200;

    [Range(1, 10_000), Description("long answers (statements, invoices, streams) to one address at the same time at most")]
    public int LongAnswers { get; set; } = 8;

    [Range(1, 600), Description("seconds that one query may take")]
    public int QuerySeconds { get; set; } = 10;
}

/// <summary>Section <c>Rewards</c>: the rule by which the command <c>rewards</c> computes; who publishes roots says which values these are.</summary>
public sealed class RewardOptions
{
    [Range(1, 31_536_000), Description("seconds of an epoch; epochs are counted from 1970")]
    public int EpochSeconds { get; set; } = 604_800;

    [Range(0, long.MaxValue), Description("tokens, in their smallest unit, that an epoch's rewards come to at most; 0: there are none")]
    public long Budget { get; set; }

    [Range(1, 1_000_000), Description("millionths of an operator's released prices that its reward of an epoch is at most; not above the lowest sampling floor, or an operator gains by ordering from itself")]
    public int CapPpm { get; set; } = 100_000;
}

public enum Finality { Depth, Tag, Safe }
