using System.Text.Json;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Tests.Generated;

namespace Assay.Ethereum.Tests;

/// <summary>Logs read from an answer's bytes; the reader of JSON elements is the second opinion.</summary>
public sealed class LogReaderTests
{
    private static readonly byte[] Answer = MakeAnswer(200);

    [Fact]
    public void The_logs_are_those_that_the_other_reader_reads()
    {
        using var document = JsonDocument.Parse(Answer);
        var expected = EthCalls.GetLogs(new LogFilter()).Read(document.RootElement.GetProperty("result"));
        var read = 0;
        using var logs = new LogReader(Answer);
        while (logs.Read())
        {
            var wanted = expected[read++];
            var log = logs.Current;
            Assert.Equal(wanted.Topics.SelectMany(t => t.ToArray()).ToArray(), log.Topics.ToArray());
            Assert.Equal(wanted.Data, log.Data.ToArray());
            Assert.Equal((wanted.Address, wanted.BlockHash, wanted.TransactionHash, wanted.Removed), (log.Address, log.BlockHash, log.TransactionHash, log.Removed));
            Assert.Equal((wanted.BlockNumber, wanted.TransactionIndex, wanted.LogIndex), (log.BlockNumber, log.TransactionIndex, log.LogIndex));
        }
        Assert.Equal(expected.Count, read);
    }

    [Fact]
    public void A_view_has_the_values_of_the_record()
    {
        using var document = JsonDocument.Parse(Answer);
        var expected = EthCalls.GetLogs(new LogFilter()).Read(document.RootElement.GetProperty("result"));
        var (place, found) = (0, 0);
        using var logs = new LogReader(Answer);
        while (logs.Read())
        {
            var isStored = expected[place++].TryDecode<Probe.Events.Stored>(out var record);
            Assert.Equal(isStored, Probe.Events.Stored.View.TryRead(logs.Current, out var view));
            if (!isStored)
                continue;
            found++;
            Assert.Equal(record, new Probe.Events.Stored(view.Id, view.By, view.Amount.ToBigInteger(), System.Text.Encoding.UTF8.GetString(view.Note)));
        }
        Assert.Equal(100, found);
    }

    [Fact]
    public void Reading_and_decoding_allocate_nothing()
    {
        ReadAll();
        var before = GC.GetAllocatedBytesForCurrentThread();
        var read = ReadAll();
        Assert.Equal((100, 0), (read, GC.GetAllocatedBytesForCurrentThread() - before));
    }

    [Theory]
    [InlineData("[]", 0)]
    [InlineData("""{"id":1,"result":[],"jsonrpc":"2.0"}""", 0)]
    public void No_logs_are_no_logs(string answer, int count)
    {
        using var logs = new LogReader(System.Text.Encoding.UTF8.GetBytes(answer));
        for (var left = count; left-- > 0;)
            Assert.True(logs.Read());
        Assert.False(logs.Read());
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("""{"result":null}""")]
    [InlineData("""{"result":[{}]}""")]
    [InlineData("""{"result":[1]}""")]
    [InlineData("""{"result":[]""")]
    public void What_is_no_answer_is_malformed(string answer) =>
        Assert.Equal(RpcFailure.Malformed, Assert.Throws<RpcTransportException>(() => Count(System.Text.Encoding.UTF8.GetBytes(answer))).Failure);

    [Fact]
    public void The_nodes_error_is_thrown() => Assert.Equal(
        -32005, Assert.Throws<JsonRpcException>(() => Count("""{"id":1,"error":{"code":-32005,"message":"query returned more than 10000 results"}}"""u8.ToArray())).Code);

    [Fact]
    public void Changed_bytes_are_read_or_refused_and_nothing_else()
    {
        var random = new Random(4);
        for (var i = 0; i < 3000; i++)
        {
            var changed = MakeAnswer(2);
            for (var flips = random.Next(1, 4); flips-- > 0;)
                changed[random.Next(changed.Length)] = (byte)random.Next(256);
            var error = Record.Exception(() => Count(random.Next(6) == 0 ? changed[..random.Next(changed.Length)] : changed));
            Assert.True(error is null or RpcTransportException or JsonRpcException or FormatException or AbiException, error?.ToString());
        }
    }

    private static int Count(byte[] answer)
    {
        var count = 0;
        using var logs = new LogReader(answer);
        while (logs.Read())
        {
            var log = logs.Current;
            _ = (log.Address, log.BlockHash, log.TransactionHash);
            if (Probe.Events.Stored.View.TryRead(log, out _))
                count++;
        }
        return count;
    }

    private static int ReadAll()
    {
        var read = 0;
        using var logs = new LogReader(Answer);
        while (logs.Read())
            if (Probe.Events.Stored.View.TryRead(logs.Current, out var stored) && stored.By != Address.Zero)
                read++;
        return read;
    }

    // Every other log is another event's; some are long, so that the buffer grows.
    private static byte[] MakeAnswer(int count)
    {
        var stored = Probe.Abi.Event("Stored");
        var random = new Random(1);
        string Word() => Hex.Encode([.. Enumerable.Range(0, 32).Select(_ => (byte)random.Next(256))]);
        var logs = Enumerable.Range(0, count).Select(i => new
        {
            address = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
            topics = new[] { i % 2 == 0 ? stored.Topic.ToString() : Word(), Word(), "0x0000000000000000000000003c44cdddb6a900fa2b585dd299e03d12fa4293bc" },
            data = Hex.Encode(AbiCodec.Encode([.. stored.Inputs.Where(p => !p.Indexed)], (ulong)i, new string('ü', i % 50 == 0 ? 3000 : i))),
            blockNumber = Hex.Quantity((ulong)i * 1_000_000_007),
            blockHash = Word(),
            blockTimestamp = "0x1",
            transactionHash = Word(),
            transactionIndex = "0x0",
            logIndex = Hex.Quantity((ulong)i),
            removed = i % 7 == 0,
        });
        return JsonSerializer.SerializeToUtf8Bytes(new { jsonrpc = "2.0", id = 1, result = logs });
    }
}
