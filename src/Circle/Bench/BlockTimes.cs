namespace Assay.Circle.Bench;

/// <param name="Timestamp">Unix seconds, the block's own.</param>
/// <param name="Seen">When it was first seen on this machine.</param>
public sealed record SeenBlock(ulong Number, ulong Timestamp, DateTimeOffset Seen);

/// <summary>When which block came: finer than the blocks' own whole seconds. Pure.</summary>
/// <param name="blocks">Without gaps, by rising number.</param>
public sealed class BlockTimes(IReadOnlyList<SeenBlock> blocks)
{
    /// <exception cref="InvalidOperationException">The block was not watched.</exception>
    public SeenBlock this[ulong number] =>
        blocks.Count > 0 && number >= blocks[0].Number && number - blocks[0].Number < (ulong)blocks.Count
            ? blocks[(int)(number - blocks[0].Number)]
            : throw new InvalidOperationException($"Block {number} came outside the measurement.");

    /// <summary>The first block that could hold a transaction sent at this moment.</summary>
    public SeenBlock FirstAfter(DateTimeOffset moment) => blocks.First(block => block.Seen > moment);

    /// <summary>The first block at or above a number whose own time is not before <paramref name="timestamp"/>.</summary>
    public SeenBlock FirstAt(ulong number, ulong timestamp) => blocks.First(block => block.Number >= number && block.Timestamp >= timestamp);
}
