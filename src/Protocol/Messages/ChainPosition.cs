using Assay.Ethereum.Primitives;

namespace Assay.Protocol.Messages;

/// <summary>Where in the chain, and in the indexer's own order, an event stands.</summary>
/// <param name="Sequence">The indexer's running number over events and retractions; a later one supersedes an earlier one.</param>
/// <param name="BlockTime">Unix seconds of the block.</param>
public sealed record ChainPosition(
    ulong Sequence, ulong BlockNumber, Bytes32 BlockHash, ulong BlockTime, Bytes32 TransactionHash, uint LogIndex);

/// <summary>An event of the escrow contract as read from a block; retracted by <see cref="BlocksOrphaned"/>.</summary>
public interface IChainEvent
{
    ChainPosition At { get; }
}

/// <summary>An event that belongs to one job.</summary>
public interface IJobEvent : IChainEvent
{
    Bytes32 Job { get; }
}
