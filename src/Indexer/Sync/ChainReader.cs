using Assay.Ethereum.Encoding;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Indexer.Proofs;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;

namespace Assay.Indexer.Sync;

/// <summary>Reads headers and the escrow's logs and believes nothing that does not fit together.</summary>
public sealed class ChainReader(EthApi eth, Address escrow, BlockTag finality) : IChainReader<EscrowBlocks>
{
    private const int ReceiptsAtOnce = 8;

    private readonly Bloom _bloom = new(escrow.ToArray());

    private static readonly IReadOnlySet<Bytes32> Known = EscrowAbi.Events.Select(e => e.Topic).ToHashSet();

    public async Task<BlockHeader> HeadAsync(CancellationToken cancellation) =>
        await eth.GetBlockByNumberAsync(BlockTag.Latest, cancellation) ?? throw new ChainInconsistentException("The node has no latest block.");

    public Task<BlockHeader?> FinalizedAsync(CancellationToken cancellation) => eth.GetBlockByNumberAsync(finality, cancellation);

    public async Task<IReadOnlyList<Bytes32?>> HashesAsync(IReadOnlyList<ulong> numbers, CancellationToken cancellation) =>
        [.. (await eth.Client.BatchAsync([.. numbers.Select(number => EthCalls.GetBlock(number))], cancellation)).Select(header => header.Value?.Hash)];

    public async Task<EscrowBlocks> BlocksAsync(ulong from, ulong to, bool settled, CancellationToken cancellation)
    {
        var headers = await HeadersAsync(from, to, cancellation);
        return new(headers, await EventsAsync(headers, settled, cancellation));
    }

    /// <summary>Headers of a range, each the parent of the next.</summary>
    private async Task<IReadOnlyList<BlockHeader>> HeadersAsync(ulong from, ulong to, CancellationToken cancellation)
    {
        var numbers = Enumerable.Range(0, checked((int)(to - from + 1))).Select(i => from + (ulong)i);
        var headers = (await eth.Client.BatchAsync([.. numbers.Select(number => EthCalls.GetBlock(number))], cancellation))
            .Select((answer, i) => answer.Value ?? throw new ChainInconsistentException($"The node lacks block {from + (ulong)i}, below its head."))
            .ToList();
        for (var i = 1; i < headers.Count; i++)
            if (headers[i].ParentHash != headers[i - 1].Hash)
                throw new ChainInconsistentException($"Block {headers[i].Number} does not follow block {headers[i - 1].Number}: the chain moved while it was read.");
        return headers;
    }

    /// <summary>The escrow's events in these blocks, each checked against its block's header.</summary>
    private async Task<IReadOnlyList<FoundEvent>> EventsAsync(IReadOnlyList<BlockHeader> headers, bool settled, CancellationToken cancellation)
    {
        var logs = settled
            ? await RangeAsync(headers[0].Number, headers[^1].Number, cancellation)
            : (await eth.Client.BatchAsync([.. headers.Select(header => EthCalls.GetLogs(LogFilter.Block(header.Hash, escrow)))], cancellation))
                .SelectMany(answer => answer.Value).ToList();
        var events = Check(headers, logs);
        await ProveAsync(headers, logs, cancellation);
        return events;
    }

    // Every event of the escrow may move money: where a header's bloom names it, the receipts decide, because the header's root commits to them.
    private async Task ProveAsync(IReadOnlyList<BlockHeader> headers, IReadOnlyList<Log> logs, CancellationToken cancellation)
    {
        var ofBlock = logs.ToLookup(log => log.BlockNumber);
        if (headers.FirstOrDefault(header => ofBlock.Contains(header.Number) && !_bloom.IsIn(header.LogsBloom)) is { } wrong)
            throw new ChainInconsistentException($"Block {wrong.Number} has a log of the escrow, which its header's bloom does not name.");
        var asking = new ParallelOptions { MaxDegreeOfParallelism = ReceiptsAtOnce, CancellationToken = cancellation };
        await Parallel.ForEachAsync(headers.Where(header => _bloom.IsIn(header.LogsBloom)), asking, async (header, token) =>
            Compare(header, [.. ofBlock[header.Number]], await ProvenAsync(header, token)));
    }

    private async Task<IReadOnlyList<ProvenLog>?> ProvenAsync(BlockHeader header, CancellationToken cancellation)
    {
        var (number, parent, time, _, receiptsRoot) = HeaderRlp.Read(await ProvenLogs.HeaderAsync(eth, header.Hash, cancellation));
        return (number, parent, time) == (header.Number, header.ParentHash, header.Timestamp)
            ? await ProvenLogs.OfAsync(eth, header.Hash, receiptsRoot, cancellation)
            : throw new ChainInconsistentException($"Block {header.Number} was given with another number, parent or time than those of its hash {header.Hash}.");
    }

    /// <param name="all">Null: the node gives no receipts of whole blocks.</param>
    private void Compare(BlockHeader header, IReadOnlyList<Log> logs, IReadOnlyList<ProvenLog>? all)
    {
        if (all is null)
            return;
        var proven = all.Where(log => log.Address == escrow).ToList();
        if (!proven.Select(log => log.LogIndex).SequenceEqual(logs.Select(log => log.LogIndex))
            || !proven.Zip(logs).All(pair => pair.First.Topics.SequenceEqual(pair.Second.Topics) && pair.First.Data.AsSpan().SequenceEqual(pair.Second.Data)))
            throw new ChainInconsistentException($"The logs of block {header.Number} are not those of its receipts.");
    }

    // A node may refuse a range with too many logs; halves are asked for until single blocks.
    private async Task<IReadOnlyList<Log>> RangeAsync(ulong from, ulong to, CancellationToken cancellation)
    {
        try
        {
            return await eth.GetLogsAsync(LogFilter.Range(from, to, escrow), cancellation);
        }
        catch (JsonRpcException) when (to > from)
        {
            var middle = from + (to - from) / 2;
            return [.. await RangeAsync(from, middle, cancellation), .. await RangeAsync(middle + 1, to, cancellation)];
        }
    }

    private IReadOnlyList<FoundEvent> Check(IReadOnlyList<BlockHeader> headers, IReadOnlyList<Log> logs)
    {
        var byNumber = headers.ToDictionary(header => header.Number);
        var events = new List<FoundEvent>(logs.Count);
        var last = (Block: 0UL, Index: -1);
        foreach (var log in logs)
        {
            if (log.Address != escrow || log.Removed)
                throw new ChainInconsistentException($"Log {log.LogIndex} of block {log.BlockNumber} is not one of the escrow's.");
            if (!byNumber.TryGetValue(log.BlockNumber, out var header) || header.Hash != log.BlockHash)
                throw new ChainInconsistentException($"Log {log.LogIndex} names block {log.BlockNumber} {log.BlockHash}, which is not the header's.");
            if (log.LogIndex < 0 || (log.BlockNumber, log.LogIndex).CompareTo(last) <= 0)
                throw new ChainInconsistentException($"Log {log.LogIndex} of block {log.BlockNumber} is out of order or comes twice.");
            last = (log.BlockNumber, log.LogIndex);
            events.Add(Decode(log, header));
        }
        return events;
    }

    private static FoundEvent Decode(Log log, BlockHeader header)
    {
        if (log.Topics.Count == 0 || !Known.Contains(log.Topics[0]))
            throw new ChainInconsistentException($"Log {log.LogIndex} of block {log.BlockNumber} is no event of this release's ABI.");
        try
        {
            var decoded = EscrowAbi.Instance.DecodeLog(log);
            ChainPosition At(ulong sequence) => new(sequence, log.BlockNumber, log.BlockHash, header.Timestamp, log.TransactionHash, (uint)log.LogIndex);
            // Bound once here, so that a malformed value is refused before anything is written.
            ChainEvents.Bind(decoded.Name, decoded.Values, At(0));
            return new FoundEvent(log.BlockNumber, (uint)log.LogIndex, sequence => ChainEvents.Bind(decoded.Name, decoded.Values, At(sequence)));
        }
        catch (Exception e) when (e is AbiException or OverflowException)
        {
            throw new ChainInconsistentException($"Log {log.LogIndex} of block {log.BlockNumber} is not the encoding of its event: {e.Message}");
        }
    }
}
