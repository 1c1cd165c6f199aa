using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.Primitives;

namespace Assay.Indexer.Tests.Sources;

internal sealed record SimulatedLog(Address Address, IReadOnlyList<Bytes32> Topics, byte[] Data)
{
    /// <summary>The log of an event, from values in the order of its inputs.</summary>
    public static SimulatedLog Of(Address address, AbiEvent e, params object[] values)
    {
        var pairs = e.Inputs.Zip(values).ToList();
        return new(
            address,
            [e.Topic, .. pairs.Where(pair => pair.First.Indexed).Select(pair => ContractAbi.EncodeTopic(pair.First.Type, pair.Second))],
            AbiCodec.Encode([.. pairs.Where(pair => !pair.First.Indexed).Select(pair => pair.First)], [.. pairs.Where(pair => !pair.First.Indexed).Select(pair => pair.Second)]));
    }
}

internal sealed record SimulatedBlock(ulong Number, Bytes32 Hash, Bytes32 ParentHash, IReadOnlyList<SimulatedLog> Logs)
{
    private byte[]? _bloom;
    private string? _header;

    public ulong Time => 1_700_000_000 + Number;

    /// <summary>As a node answers; made once, because a chain is asked for its headers again and again.</summary>
    public JsonNode Header => JsonNode.Parse(_header ??= SimulatedChain.Header(this).ToJsonString())!;

    public Bytes32 TransactionOf(int log) => Keccak256.Hash($"{Hash} {log}");

    public byte[] Bloom() => _bloom ??= BloomOf(Logs);

    public static byte[] BloomOf(IReadOnlyList<SimulatedLog> logs)
    {
        var bloom = new byte[256];
        foreach (var value in logs.SelectMany(log => log.Topics.Select(topic => topic.ToArray()).Append(log.Address.ToArray())))
        {
            var hash = Keccak256.Hash(value).ToArray();
            for (var i = 0; i < 6; i += 2)
            {
                var bit = ((hash[i] << 8) | hash[i + 1]) & 2047;
                bloom[255 - bit / 8] |= (byte)(1 << (bit % 8));
            }
        }
        return bloom;
    }
}

/// <summary>A chain of blocks with logs that can be extended and cut, and what a node of it answers. Not thread-safe: callers lock it.</summary>
internal sealed class SimulatedChain
{
    public const long ChainId = 4242;

    private readonly List<SimulatedBlock> _blocks = [new(0, Keccak256.Hash("genesis"), Bytes32.Zero, [])];
    private readonly Dictionary<Bytes32, SimulatedBlock> _ever = [];
    private int _salt;

    public SimulatedChain() => _ever[Head.Hash] = Head;

    public SimulatedBlock Head => _blocks[^1];
    public IReadOnlyList<SimulatedBlock> Blocks => _blocks;
    public ulong Finalized { get; set; }

    public void Add(params IReadOnlyList<SimulatedLog> logs)
    {
        var hash = Keccak256.Hash($"{Head.Hash} {++_salt}");
        _blocks.Add(new(Head.Number + 1, hash, Head.Hash, logs));
        _ever[hash] = Head;
    }

    /// <summary>Takes back the newest blocks.</summary>
    public void Cut(int depth) => _blocks.RemoveRange(_blocks.Count - depth, depth);

    /// <summary>Blocks that were cut, in order.</summary>
    public void Restore(IEnumerable<SimulatedBlock> blocks) => _blocks.AddRange(blocks);

    public JsonNode? Answer(string method, JsonArray parameters) => method switch
    {
        "eth_chainId" => $"0x{ChainId:x}",
        "eth_getBlockByNumber" => Find(parameters[0]!.GetValue<string>()) is { } block ? block.Header : null,
        "eth_getLogs" => Logs(parameters[0]!.AsObject()),
        "eth_getBlockReceipts" => new JsonArray([.. _ever[Bytes32.Parse(parameters[0]!.GetValue<string>())] is var of ? of.Logs.Select((log, i) => ReceiptJson(of, i, log)) : []]),
        _ => throw new NotSupportedException(method),
    };

    private SimulatedBlock? Find(string tag) => tag switch
    {
        "latest" => Head,
        "finalized" or "safe" => _blocks[(int)Math.Min(Finalized, Head.Number)],
        _ => Number(tag) is var number && number < (ulong)_blocks.Count ? _blocks[(int)number] : null,
    };

    private JsonArray Logs(JsonObject filter)
    {
        // A node answers for a block that it has left, too.
        var blocks = filter["blockHash"] is { } hash
            ? [_ever[Bytes32.Parse(hash.GetValue<string>())]]
            : _blocks.Where(block => block.Number >= Number(filter["fromBlock"]!.GetValue<string>()) && block.Number <= Number(filter["toBlock"]!.GetValue<string>()));
        var addresses = filter["address"]?.AsArray().Select(address => Address.Parse(address!.GetValue<string>())).ToHashSet();
        var topics = filter["topics"]![0]!.AsArray().Select(topic => Bytes32.Parse(topic!.GetValue<string>())).ToHashSet();
        return new([.. blocks.SelectMany(block => block.Logs.Index()
            .Where(log => addresses?.Contains(log.Item.Address) != false && log.Item.Topics.Count > 0 && topics.Contains(log.Item.Topics[0]))
            .Select(log => LogJson(block, log.Index, log.Item)))]);
    }

    private static JsonNode LogJson(SimulatedBlock block, int index, SimulatedLog log) => new JsonObject
    {
        ["address"] = log.Address.ToLowerString(),
        ["topics"] = new JsonArray([.. log.Topics.Select(topic => (JsonNode)topic.ToString())]),
        ["data"] = Hex.Encode(log.Data),
        ["blockNumber"] = Hex.Quantity(block.Number),
        ["blockHash"] = block.Hash.ToString(),
        ["transactionHash"] = block.TransactionOf(index).ToString(),
        ["transactionIndex"] = Hex.Quantity((ulong)index),
        ["logIndex"] = Hex.Quantity((ulong)index),
        ["removed"] = false,
    };

    // Every log has a transaction of its own.
    private static JsonNode ReceiptJson(SimulatedBlock block, int index, SimulatedLog log) => new JsonObject
    {
        ["type"] = "0x2",
        ["status"] = "0x1",
        ["cumulativeGasUsed"] = Hex.Quantity((ulong)index + 1),
        ["logsBloom"] = Hex.Encode(SimulatedBlock.BloomOf([log])),
        ["logs"] = new JsonArray(LogJson(block, index, log)),
    };

    private static Bytes32 ReceiptsRoot(SimulatedBlock block) => Assay.Indexer.Sync.ReceiptsTrie.Root([.. block.Logs.Select((log, i) => (byte[])
    [
        2, .. Rlp.EncodeList(RlpItem.Of(1), RlpItem.Of(i + 1), RlpItem.Of(SimulatedBlock.BloomOf([log])), RlpItem.List(RlpItem.List(
            RlpItem.Of(log.Address), RlpItem.List([.. log.Topics.Select(topic => RlpItem.Of(topic))]), RlpItem.Of(log.Data)))),
    ])]);

    internal static JsonNode Header(SimulatedBlock block) => new JsonObject
    {
        ["number"] = Hex.Quantity(block.Number),
        ["hash"] = block.Hash.ToString(),
        ["parentHash"] = block.ParentHash.ToString(),
        ["timestamp"] = Hex.Quantity(block.Time),
        ["logsBloom"] = Hex.Encode(block.Bloom()),
        ["receiptsRoot"] = ReceiptsRoot(block).ToString(),
        ["gasLimit"] = "0x1c9c380",
        ["gasUsed"] = "0x0",
        ["transactions"] = new JsonArray(block.Logs.Select((_, i) => (JsonNode)block.TransactionOf(i).ToString()).ToArray()),
    };

    private static ulong Number(string quantity) => ulong.Parse(quantity.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
