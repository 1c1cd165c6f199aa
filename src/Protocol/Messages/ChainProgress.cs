using Assay.Ethereum.Primitives;

namespace Assay.Protocol.Messages;

/// <summary>Blocks that were announced and are no longer part of the chain; every event in them is withdrawn.</summary>
/// <param name="Sequence">In the same order as <see cref="ChainPosition.Sequence"/>; events of these blocks with a higher one are live again.</param>
public sealed record BlocksOrphaned(ulong Sequence, IReadOnlyList<Bytes32> BlockHashes);

/// <summary>How far the chain is. Heads may go back after a reorg; the finalised number never does.</summary>
/// <param name="HeadTime">Unix seconds of the head block.</param>
public sealed record ChainAdvanced(ulong HeadNumber, Bytes32 HeadHash, ulong HeadTime, ulong FinalisedNumber);
