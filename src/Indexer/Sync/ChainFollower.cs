using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;

namespace Assay.Indexer.Sync;

/// <summary>Compares the chain with what is stored and says what to do next.</summary>
/// <param name="batchBlocks">Most blocks read at once.</param>
/// <param name="confirmations">Blocks on top of a final block; null: what the node calls finalized.</param>
/// <param name="storedHash">Hash of the current stored block of a number, null where none is.</param>
public sealed class ChainFollower<T>(IChainReader<T> reader, int batchBlocks, int? confirmations, Func<ulong, Task<Bytes32?>> storedHash) where T : IBlockRun
{
    private const ulong Window = 64;

    // Blocks this deep are asked for by range; nearer ones one by one by hash, so that a reorg between two answers cannot hide a log.
    public const ulong SettledDepth = 64;

    /// <exception cref="FinalityBrokenException">The chain left out a final block.</exception>
    /// <exception cref="ChainInconsistentException">The node's answers do not fit together; ask again.</exception>
    public async Task<ChainStep> NextAsync(ChainState state, CancellationToken cancellation)
    {
        var head = await reader.HeadAsync(cancellation);
        // A node that is still fetching the chain cannot be compared with.
        if (head.Number < state.Next && (state.Tip is null || head.Number < state.StartBlock))
            return new ChainStep.Quiet(head.Number);
        if (head.Number < state.Next)
            return head.Hash == await storedHash(head.Number)
                ? await FinaliseAsync(state, head, cancellation)
                : new ChainStep.Reorged(await FirstOrphanAsync(state, cancellation));

        var to = Math.Min(head.Number, state.Next + (ulong)batchBlocks - 1);
        var blocks = await reader.BlocksAsync(state.Next, to, settled: to + SettledDepth < head.Number, cancellation);
        return state.Tip is null || blocks.ParentHash == state.Tip.Hash
            ? new ChainStep.Advanced<T>(blocks, head)
            : new ChainStep.Reorged(await FirstOrphanAsync(state, cancellation));
    }

    private async Task<ChainStep> FinaliseAsync(ChainState state, BlockHeader head, CancellationToken cancellation)
    {
        var number = confirmations is { } depth ? Below(head.Number, (ulong)depth) : await FinalizedTagAsync(cancellation);
        number = Math.Min(number, state.Tip!.Number);
        return number > state.FinalisedNumber ? new ChainStep.Finalised(number) : new ChainStep.Quiet(head.Number);
    }

    private async Task<ulong> FinalizedTagAsync(CancellationToken cancellation)
    {
        if (await reader.FinalizedAsync(cancellation) is not { } finalized)
            return 0;
        // Above the tip it cannot be compared yet; the tip itself is an ancestor only if the next blocks link to it.
        var stored = await storedHash(finalized.Number);
        return stored is null || stored == finalized.Hash
            ? stored is null ? 0 : finalized.Number
            : throw new ChainInconsistentException($"The node finalised another block {finalized.Number} than the one stored.");
    }

    /// <summary>The lowest stored block that the chain no longer has.</summary>
    public async Task<ulong> FirstOrphanAsync(ChainState state, CancellationToken cancellation)
    {
        for (var top = state.Tip!.Number; ;)
        {
            var bottom = Math.Max(state.StartBlock, Below(top, Window - 1));
            var numbers = new List<ulong>();
            for (var number = top; number >= bottom && number <= top; number--)
                numbers.Add(number);
            var hashes = await reader.HashesAsync(numbers, cancellation);
            for (var i = 0; i < numbers.Count; i++)
                if (hashes[i] is { } hash && hash == await storedHash(numbers[i]))
                    return FirstAfter(numbers[i], state);
            if (bottom == state.StartBlock)
                return FirstAfter(Below(state.StartBlock, 1), state);
            top = bottom - 1;
        }
    }

    private static ulong FirstAfter(ulong fork, ChainState state) =>
        fork >= state.FinalisedNumber || state.FinalisedNumber < state.StartBlock
            ? Math.Max(fork + 1, state.StartBlock)
            : throw new FinalityBrokenException(state.FinalisedNumber, fork);

    private static ulong Below(ulong number, ulong depth) => number > depth ? number - depth : 0;
}
