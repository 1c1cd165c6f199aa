using Assay.Ethereum.Primitives;
using Assay.Ethereum.JsonRpc;
using Assay.Protocol.Messages;

namespace Assay.Indexer.Sync;

/// <summary>Where the index stands. <see cref="Tip"/> is null before the first block.</summary>
/// <param name="FinalisedNumber">Blocks up to here are never given up without an operator's decision.</param>
public sealed record ChainState(ulong StartBlock, BlockRef? Tip, ulong FinalisedNumber)
{
    public ulong Next => Tip is null ? StartBlock : Tip.Number + 1;
}

public sealed record BlockRef(ulong Number, Bytes32 Hash);

/// <summary>An event not yet stored; its sequence is given when it is.</summary>
public sealed record FoundEvent(ulong BlockNumber, uint LogIndex, Func<ulong, IChainEvent> Numbered);

/// <summary>What one look at the chain found. A reorg is one of the ordinary answers.</summary>
public abstract record ChainStep
{
    /// <summary>Blocks that continue the tip, in order, linked by parent hashes, with their events in order.</summary>
    public sealed record Advanced(IReadOnlyList<BlockHeader> Blocks, IReadOnlyList<FoundEvent> Events) : ChainStep;

    /// <summary>Blocks from this number on are no longer part of the chain.</summary>
    public sealed record Reorged(ulong From) : ChainStep;

    /// <summary>Blocks up to this number count as final now.</summary>
    public sealed record Finalised(ulong Number) : ChainStep;

    /// <summary>Nothing new. The node's head may be behind the index, behind a load balancer for example.</summary>
    public sealed record Quiet(ulong NodeHead) : ChainStep;
}
