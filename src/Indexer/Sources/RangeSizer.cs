namespace Assay.Indexer.Sources;

/// <summary>How many blocks to ask for at once: as many as give answers of a handy size, and never as many as this node has refused.</summary>
internal sealed class RangeSizer
{
    private const ulong First = 16;
    private const ulong Most = 1000;

    /// <summary>Large enough that the round trip does not count, small enough that a few of them in memory do not either.</summary>
    private const long HandyBytes = 2 << 20;

    private readonly Lock _gate = new();
    private ulong _blocks = First;
    private ulong _limit = Most;

    public ulong Blocks
    {
        get
        {
            lock (_gate)
                return _blocks;
        }
    }

    public void Learn(ulong blocks, long bytes)
    {
        lock (_gate)
        {
            var fitting = (ulong)Math.Max(1, (long)blocks * HandyBytes / Math.Max(1, bytes));
            _blocks = Math.Min(_limit, Math.Min(fitting, 4 * _blocks));
        }
    }

    public void Refuse(ulong blocks)
    {
        lock (_gate)
            _blocks = _limit = Math.Max(1, Math.Min(_limit, blocks / 2));
    }
}
