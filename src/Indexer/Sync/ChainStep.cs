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

/// <summary>Blocks in order, linked by parent hashes, with what was found in them.</summary>
public interface IBlockRun
{
    /// <summary>Of the first block.</summary>
    Bytes32 ParentHash { get; }
}

/// <summary>The escrow's events in a run of blocks, in order.</summary>
public sealed record EscrowBlocks(IReadOnlyList<BlockHeader> Headers, IReadOnlyList<FoundEvent> Events) : IBlockRun
{
    public Bytes32 ParentHash => Headers[0].ParentHash;
}

/// <summary>Reads a chain and believes nothing that does not fit together.</summary>
public interface IChainReader<T> where T : IBlockRun
{
    Task<BlockHeader> HeadAsync(CancellationToken cancellation);

    /// <summary>The block the node calls finalized; null where it has none yet.</summary>
    Task<BlockHeader?> FinalizedAsync(CancellationToken cancellation);

    /// <summary>Hashes by number; null for a block the node does not have.</summary>
    Task<IReadOnlyList<Bytes32?>> HashesAsync(IReadOnlyList<ulong> numbers, CancellationToken cancellation);

    /// <param name="settled">Deep enough for one query over the range; near the head each block is asked for by its hash.</param>
    /// <exception cref="ChainInconsistentException">The node's answers do not fit together.</exception>
    Task<T> BlocksAsync(ulong from, ulong to, bool settled, CancellationToken cancellation);
}

/// <summary>What one look at the chain found. A reorg is one of the ordinary answers.</summary>
public abstract record ChainStep
{
    /// <summary>Blocks that continue the tip.</summary>
    /// <param name="Head">Of the node, as far as there is to go.</param>
    public sealed record Advanced<T>(T Blocks, BlockHeader Head) : ChainStep where T : IBlockRun;

    /// <summary>Blocks from this number on are no longer part of the chain.</summary>
    public sealed record Reorged(ulong From) : ChainStep;

    /// <summary>Blocks up to this number count as final now.</summary>
    public sealed record Finalised(ulong Number) : ChainStep;

    /// <summary>Nothing new. The node's head may be behind the index, behind a load balancer for example.</summary>
    public sealed record Quiet(ulong NodeHead) : ChainStep;
}
