using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Assay.Hosting.Options;

namespace Assay.Indexer;

public sealed class IndexerOptions
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
}

public enum Finality { Depth, Tag }
