using Assay.Ethereum.Primitives;
using Assay.Indexer.Sync;

namespace Assay.Indexer.Sources;

/// <summary>What is kept of a header.</summary>
internal readonly record struct BlockHead(long Number, Bytes32 Hash, Bytes32 ParentHash, Bytes32 ReceiptsRoot, long Time);

/// <summary>A run of blocks, each the parent of the next, with the rows of their logs ready to be copied.</summary>
/// <param name="tables">How many tables the source has.</param>
internal sealed class Page(int tables) : IBlockRun, IDisposable
{
    private const int BloomBytes = 256;

    private byte[] _blooms = [];
    private int[] _found = [];

    public List<BlockHead> Blocks { get; } = [];

    /// <summary>By table; null where the page has no row.</summary>
    public CopyBuffer?[] Rows { get; } = new CopyBuffer?[tables];

    /// <summary>Logs of ours that are not the encoding of their event.</summary>
    public CopyBuffer? Unreadable { get; private set; }

    public int Logs { get; set; }

    /// <summary>The last log that was read: its block's place in the page, and its index.</summary>
    public (int Block, int Index) Last { get; set; } = (0, -1);

    public BlockHead Tip => Blocks[^1];

    public Bytes32 ParentHash => Blocks[0].ParentHash;

    /// <summary>The filter that the header of a block holds over its logs' addresses and topics.</summary>
    public ReadOnlySpan<byte> BloomOf(int block) => _blooms.AsSpan(BloomBytes * block, BloomBytes);

    /// <summary>Where the bloom of the block to be added goes.</summary>
    public Span<byte> NextBloom()
    {
        if (_blooms.Length < BloomBytes * (Blocks.Count + 1))
            Array.Resize(ref _blooms, Math.Max(2 * _blooms.Length, BloomBytes * 16));
        return _blooms.AsSpan(BloomBytes * Blocks.Count, BloomBytes);
    }

    /// <summary>How many logs of a table's event the answers had in a block, unreadable ones included.</summary>
    public int FoundIn(int block, int table) => block * Rows.Length + table < _found.Length ? _found[block * Rows.Length + table] : 0;

    public void Found(int block, int table)
    {
        if (_found.Length < Blocks.Count * Rows.Length)
            Array.Resize(ref _found, Blocks.Count * Rows.Length);
        _found[block * Rows.Length + table]++;
    }

    public CopyBuffer RowsOf(int table) => Rows[table] ??= new CopyBuffer();

    public CopyBuffer UnreadableRows() => Unreadable ??= new CopyBuffer();

    public PageMark Mark() => new(Logs, Last, [.. _found], [.. Rows.Select(rows => rows?.Mark)], Unreadable?.Mark);

    /// <summary>Forgets the rows that were written since.</summary>
    public void Reset(PageMark mark)
    {
        (Logs, Last) = (mark.Logs, mark.Last);
        _found = [.. mark.Found];
        for (var table = 0; table < Rows.Length; table++)
            Rows[table]?.Reset(mark.Rows[table] ?? default);
        Unreadable?.Reset(mark.Unreadable ?? default);
    }

    public void Dispose()
    {
        foreach (var rows in Rows)
            rows?.Dispose();
        Unreadable?.Dispose();
    }
}

/// <summary>How far a page had been written.</summary>
internal sealed record PageMark(int Logs, (int, int) Last, int[] Found, (int, int)?[] Rows, (int, int)? Unreadable);
