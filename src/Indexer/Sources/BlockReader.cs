using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Threading.Channels;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Indexer.Sync;

namespace Assay.Indexer.Sources;

/// <summary>Reads a source's blocks with their logs: several requests under way at once, rows made in the order of the chain.</summary>
internal sealed class BlockReader(SourceDefinition definition, NodePipe pipe, EthApi eth, LogDecoder decoder, RangeSizer sizer) : IChainReader<Page>
{
    private const int Fetchers = 4;
    private const int HeadersAtOnce = 100;
    private const int LogQueriesAtOnce = 20;

    // What the usual providers cut an answer at without a word.
    private static readonly int[] RoundNumbers = [1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000];

    private readonly int _tables = definition.Tables.Count;
    private readonly string _filter = Filter(definition);
    private readonly TableBloom[] _blooms = [.. definition.Contracts.SelectMany(contract => contract.Tables.Select(table => new TableBloom(
        new Bloom(table.TopicBytes), [.. contract.Addresses.Select(address => new Bloom(address.ToArray()))])))];
    private long _lastId;

    public async Task<BlockHeader> HeadAsync(CancellationToken cancellation) =>
        await eth.GetBlockByNumberAsync(BlockTag.Latest, cancellation) ?? throw new ChainInconsistentException("The node has no latest block.");

    public Task<BlockHeader?> FinalizedAsync(CancellationToken cancellation) => eth.GetBlockByNumberAsync(BlockTag.Finalized, cancellation);

    public async Task<IReadOnlyList<Bytes32?>> HashesAsync(IReadOnlyList<ulong> numbers, CancellationToken cancellation) =>
        [.. (await eth.Client.BatchAsync([.. numbers.Select(number => EthCalls.GetBlock(number))], cancellation)).Select(header => header.Value?.Hash)];

    public async Task<Page> BlocksAsync(ulong from, ulong to, bool settled, CancellationToken cancellation)
    {
        using var raw = settled ? await FetchAsync(from, to, cancellation) : new RawPage(from, to);
        if (settled)
            return await DecodeAsync(raw, cancellation);
        await FetchHeadersAsync(raw, cancellation);
        var page = new Page(_tables);
        try
        {
            ReadHeaders(raw, page);
            await ReadByHashAsync(page, 0, page.Blocks.Count, cancellation);
            await CheckBloomsAsync(page, cancellation);
            return page;
        }
        catch
        {
            page.Dispose();
            throw;
        }
    }

    /// <summary>Pages from one block to another, in order; the caller disposes each.</summary>
    public async IAsyncEnumerable<Page> PagesAsync(ulong from, ulong to, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var fetches = Channel.CreateBounded<Task<RawPage>>(Fetchers - 1);
        var asking = FetchAllAsync(from, to, fetches.Writer, ending.Token);
        try
        {
            await foreach (var fetch in fetches.Reader.ReadAllAsync(cancellation))
            {
                using var raw = await fetch;
                yield return await DecodeAsync(raw, cancellation);
            }
            await asking;
        }
        finally
        {
            await ending.CancelAsync();
            await asking.ContinueWith(_ => { }, TaskScheduler.Default);
            while (fetches.Reader.TryRead(out var left))
                await left.ContinueWith(task => { if (task.IsCompletedSuccessfully) task.Result.Dispose(); else _ = task.Exception; }, TaskScheduler.Default);
        }
    }

    private async Task FetchAllAsync(ulong from, ulong to, ChannelWriter<Task<RawPage>> fetches, CancellationToken cancellation)
    {
        try
        {
            while (from <= to)
            {
                var last = Math.Min(to, from + sizer.Blocks - 1);
                await fetches.WaitToWriteAsync(cancellation);
                await fetches.WriteAsync(FetchAsync(from, last, cancellation), cancellation);
                from = last + 1;
            }
        }
        finally
        {
            fetches.Complete();
        }
    }

    private async Task<RawPage> FetchAsync(ulong from, ulong to, CancellationToken cancellation)
    {
        var raw = new RawPage(from, to);
        try
        {
            await Task.WhenAll(FetchHeadersAsync(raw, cancellation), FetchLogsAsync(raw, from, to, cancellation));
            sizer.Learn(to - from + 1, raw.Bytes);
            return raw;
        }
        catch
        {
            raw.Dispose();
            throw;
        }
    }

    private async Task FetchHeadersAsync(RawPage raw, CancellationToken cancellation)
    {
        for (var next = raw.From; next <= raw.To; next += HeadersAtOnce)
        {
            var count = (int)Math.Min(HeadersAtOnce, raw.To - next + 1);
            var (id, body) = Batch(count, i => $"\"eth_getBlockByNumber\",\"params\":[\"{Hex.Quantity(next + (ulong)i)}\",false]");
            raw.Headers.Add((id, count, await pipe.PostAsync(body, cancellation)));
        }
    }

    // Halves are asked for where the node refuses a range, until single blocks.
    private async Task FetchLogsAsync(RawPage raw, ulong from, ulong to, CancellationToken cancellation)
    {
        var (id, body) = Request($"\"eth_getLogs\",\"params\":[{{\"fromBlock\":\"{Hex.Quantity(from)}\",\"toBlock\":\"{Hex.Quantity(to)}\",{_filter}}}]");
        try
        {
            var answer = await pipe.PostAsync(body, cancellation);
            if (AnswerReader.ErrorOf(answer.Span) is not { } error)
            {
                raw.Logs.Add((id, from, to, answer));
                return;
            }
            answer.Dispose();
            throw error;
        }
        catch (Exception e) when (to > from && e is JsonRpcException or RpcTransportException { Failure: RpcFailure.TooLarge })
        {
            sizer.Refuse(to - from + 1);
            var middle = from + (to - from) / 2;
            await FetchLogsAsync(raw, from, middle, cancellation);
            await FetchLogsAsync(raw, middle + 1, to, cancellation);
        }
    }

    private async Task<Page> DecodeAsync(RawPage raw, CancellationToken cancellation)
    {
        var page = new Page(_tables);
        try
        {
            ReadHeaders(raw, page);
            foreach (var (id, from, to, answer) in raw.Logs)
                await DecodeLogsAsync(page, id, from, to, answer, cancellation);
            await CheckBloomsAsync(page, cancellation);
            return page;
        }
        catch
        {
            page.Dispose();
            throw;
        }
    }

    private async Task DecodeLogsAsync(Page page, long id, ulong from, ulong to, NodeAnswer answer, CancellationToken cancellation)
    {
        if (decoder.LearnsFirst)
            AnswerReader.Single(answer.Span, id, (int _, ref Utf8JsonReader reader, Page target) => decoder.Read(ref reader, target, learning: true), page);
        var before = page.Mark();
        AnswerReader.Single(answer.Span, id, (int _, ref Utf8JsonReader reader, Page target) => decoder.Read(ref reader, target), page);
        if (to == from || !RoundNumbers.Contains(page.Logs - before.Logs))
            return;
        // So round a count may be where the node stopped counting. Blocks are asked for one by one instead.
        page.Reset(before);
        var first = (int)(from - (ulong)page.Blocks[0].Number);
        await ReadByHashAsync(page, first, (int)(to - from + 1), cancellation);
    }

    // A header's bloom names every address and topic of its block's logs, and by chance some more.
    private async Task CheckBloomsAsync(Page page, CancellationToken cancellation)
    {
        for (var block = 0; block < page.Blocks.Count; block++)
        {
            var isDoubtful = false;
            for (var table = 0; table < _blooms.Length; table++)
            {
                var (hasFound, isNamed) = (page.FoundIn(block, table) > 0, _blooms[table].IsIn(page.BloomOf(block)));
                if (hasFound && !isNamed)
                    throw new ChainInconsistentException($"Block {page.Blocks[block].Number} has a log that its header's bloom does not name.");
                isDoubtful |= isNamed && !hasFound && _blooms[table].NamesAddresses;
            }
            if (isDoubtful)
                await ProveAsync(page, block, cancellation);
        }
    }

    private async Task ProveAsync(Page page, int block, CancellationToken cancellation)
    {
        var head = page.Blocks[block];
        if (await ProvenLogs.OfAsync(eth, head.Hash, head.ReceiptsRoot, cancellation) is not { } logs)
            await AskAgainAsync(page, block, cancellation);
        else
            for (var table = 0; table < _tables; table++)
                if (logs.Count(log => log.Topics is [var topic, ..] && topic == definition.Tables[table].Topic && decoder.IsKnown(log.Address, head.Number, table)) != page.FoundIn(block, table))
                    throw LeftOut(head);
    }

    // The best that a node without receipts of whole blocks can do.
    private async Task AskAgainAsync(Page page, int block, CancellationToken cancellation)
    {
        using var again = new Page(_tables);
        again.Blocks.Add(page.Blocks[block]);
        await ReadByHashAsync(again, 0, 1, cancellation);
        if (Enumerable.Range(0, _tables).Any(table => again.FoundIn(0, table) != page.FoundIn(block, table)))
            throw LeftOut(page.Blocks[block]);
    }

    private static ChainInconsistentException LeftOut(BlockHead head) => new($"The node left out logs of block {head.Number}.");

    /// <summary>What a block's bloom names when it has a log of a table.</summary>
    private sealed record TableBloom(Bloom Topic, IReadOnlyList<Bloom> Addresses)
    {
        /// <summary>Contracts of a factory are not known beforehand.</summary>
        public bool NamesAddresses => Addresses.Count > 0;

        public bool IsIn(ReadOnlySpan<byte> bloom)
        {
            if (!Topic.IsIn(bloom))
                return false;
            foreach (var address in Addresses)
                if (address.IsIn(bloom))
                    return true;
            return !NamesAddresses;
        }
    }

    private async Task ReadByHashAsync(Page page, int first, int count, CancellationToken cancellation)
    {
        for (var next = first; next < first + count; next += LogQueriesAtOnce)
        {
            var (start, many) = (next, Math.Min(LogQueriesAtOnce, first + count - next));
            var (id, body) = Batch(many, i => $"\"eth_getLogs\",\"params\":[{{\"blockHash\":\"{page.Blocks[start + i].Hash}\",{_filter}}}]");
            using var answer = await pipe.PostAsync(body, cancellation);
            if (decoder.LearnsFirst)
                AnswerReader.Batch(answer.Span, id, many, (int _, ref Utf8JsonReader reader, Page target) => decoder.Read(ref reader, target, learning: true), page);
            AnswerReader.Batch(answer.Span, id, many, (int _, ref Utf8JsonReader reader, Page target) => decoder.Read(ref reader, target), page);
        }
    }

    private static void ReadHeaders(RawPage raw, Page page)
    {
        foreach (var (id, count, answer) in raw.Headers)
            AnswerReader.Batch(answer.Span, id, count, (int _, ref Utf8JsonReader reader, Page target) => AddHead(ref reader, raw.From, target), page);
    }

    private static void AddHead(ref Utf8JsonReader reader, ulong from, Page page)
    {
        var number = (long)from + page.Blocks.Count;
        var head = AnswerReader.ReadHead(ref reader, page.NextBloom()) ?? throw new ChainInconsistentException($"The node lacks block {number}, below its head.");
        if (head.Number != number)
            throw AnswerReader.Malformed($"asked for block {number}, got {head.Number}");
        if (page.Blocks.Count > 0 && head.ParentHash != page.Tip.Hash)
            throw new ChainInconsistentException($"Block {number} does not follow block {number - 1}: the chain moved while it was read.");
        page.Blocks.Add(head);
    }

    private (long Id, ReadOnlyMemory<byte> Body) Request(string call) => Batch(1, _ => call, "", "");

    private (long Id, ReadOnlyMemory<byte> Body) Batch(int count, Func<int, string> call, string open = "[", string close = "]")
    {
        var firstId = Interlocked.Add(ref _lastId, count) - count + 1;
        var calls = Enumerable.Range(0, count).Select(i => $"{{\"jsonrpc\":\"2.0\",\"id\":{firstId + i},\"method\":{call(i)}}}");
        return (firstId, System.Text.Encoding.UTF8.GetBytes(open + string.Join(',', calls) + close));
    }

    // A contract that a factory will make has no address yet: then everybody's logs of these events are asked for.
    private static string Filter(SourceDefinition definition)
    {
        var topics = string.Join(',', definition.Tables.Select(table => table.Topic).Distinct().Select(topic => $"\"{topic}\""));
        var addresses = string.Join(',', definition.Contracts.SelectMany(contract => contract.Addresses).Select(address => $"\"{address.ToLowerString()}\""));
        return (definition.Contracts.Any(contract => contract.Factory is not null) ? "" : $"\"address\":[{addresses}],") + $"\"topics\":[[{topics}]]";
    }

    private sealed class RawPage(ulong from, ulong to) : IDisposable
    {
        public ulong From => from;
        public ulong To => to;
        public List<(long Id, int Count, NodeAnswer Answer)> Headers { get; } = [];
        public List<(long Id, ulong From, ulong To, NodeAnswer Answer)> Logs { get; } = [];
        public long Bytes => Headers.Sum(part => (long)part.Answer.Length) + Logs.Sum(part => (long)part.Answer.Length);

        public void Dispose()
        {
            foreach (var (_, _, answer) in Headers)
                answer.Dispose();
            foreach (var (_, _, _, answer) in Logs)
                answer.Dispose();
        }
    }
}
