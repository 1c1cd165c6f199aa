using System.Numerics;
using System.Text.Json;
using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.JsonRpc;

/// <summary>The eth_ methods as values, to be sent one by one or in a batch. An answer about something else than was asked is malformed.</summary>
public static class EthCalls
{
    public static RpcCall<ulong> ChainId() => new("eth_chainId", [], json => Hex.ParseUInt64(json.Text()));

    public static RpcCall<ulong> BlockNumber() => new("eth_blockNumber", [], json => Hex.ParseUInt64(json.Text()));

    /// <summary>Null when the node has no such block.</summary>
    public static RpcCall<BlockHeader?> GetBlock(BlockTag block) => block.Hash is { } hash ? GetBlock(hash) : new("eth_getBlockByNumber", [block, false], json =>
    {
        var header = ReadHeader(json);
        return header is null || block.Number is not { } number || header.Number == number
            ? header
            : throw new FormatException($"asked for block {block}, got {header.Number}");
    });

    /// <summary>Null when the node does not know the hash.</summary>
    public static RpcCall<BlockHeader?> GetBlock(Bytes32 hash) => new("eth_getBlockByHash", [hash, false], json =>
    {
        var header = ReadHeader(json);
        return header is null || header.Hash == hash ? header : throw new FormatException($"asked for block {hash}, got {header.Hash}");
    });

    public static RpcCall<IReadOnlyList<Log>> GetLogs(LogFilter filter) => new("eth_getLogs", [FilterJson(filter)], json =>
    {
        var logs = ReadLogs(json);
        foreach (var log in logs)
            if (!IsAskedFor(filter, log))
                throw new FormatException($"the log {log.BlockNumber}/{log.LogIndex} of {log.Address} was not asked for");
        return logs;
    });

    /// <summary>Null while the transaction is not mined.</summary>
    public static RpcCall<Receipt?> GetTransactionReceipt(Bytes32 hash) => new("eth_getTransactionReceipt", [hash], json =>
    {
        var receipt = ReadReceipt(json);
        return receipt is null || receipt.TransactionHash == hash ? receipt : throw new FormatException($"asked for {hash}, got {receipt.TransactionHash}");
    });

    /// <summary>Null when the node knows no such transaction.</summary>
    public static RpcCall<TransactionInfo?> GetTransactionByHash(Bytes32 hash) => new("eth_getTransactionByHash", [hash], json =>
    {
        if (json.ValueKind == JsonValueKind.Null)
            return null;
        var actual = json.Bytes32("hash");
        if (actual != hash)
            throw new FormatException($"asked for {hash}, got {actual}");
        return new TransactionInfo(
            actual, json.Address("from"), json.OptionalAddress("to"), json.UInt64("nonce"), json.Quantity("value"), json.Data("input"),
            json.Has("blockNumber") ? json.UInt64("blockNumber") : null, json.Has("blockHash") ? json.Bytes32("blockHash") : null);
    });

    public static RpcCall<ulong> GetTransactionCount(Address address, BlockTag block) =>
        new("eth_getTransactionCount", [address, block], json => Hex.ParseUInt64(json.Text()));

    /// <summary>Wei.</summary>
    public static RpcCall<BigInteger> GetBalance(Address address, BlockTag block) =>
        new("eth_getBalance", [address, block], json => Hex.ParseQuantity(json.Text()));

    public static RpcCall<byte[]> GetCode(Address address, BlockTag block) => new("eth_getCode", [address, block], json => Hex.Decode(json.Text()));

    public static RpcCall<byte[]> Call(CallRequest request, BlockTag block) => new("eth_call", [CallJson(request), block], json => Hex.Decode(json.Text()));

    /// <summary>Gas.</summary>
    public static RpcCall<ulong> EstimateGas(CallRequest request) => new("eth_estimateGas", [CallJson(request)], json => Hex.ParseUInt64(json.Text()));

    public static RpcCall<FeeHistory> FeeHistory(int blocks, BlockTag newest, params IReadOnlyList<double> percentiles) =>
        new("eth_feeHistory", [Hex.Quantity((ulong)blocks), newest, percentiles], json => new FeeHistory(
            json.UInt64("oldestBlock"),
            Quantities(json.GetProperty("baseFeePerGas")),
            [.. json.GetProperty("gasUsedRatio").EnumerateArray().Select(r => r.GetDouble())],
            json.Has("reward") ? [.. json.GetProperty("reward").EnumerateArray().Select(Quantities)] : []));

    /// <summary>The transaction's hash.</summary>
    public static RpcCall<Bytes32> SendRawTransaction(byte[] raw) => new("eth_sendRawTransaction", [raw], json => Bytes32.Parse(json.Text()));

    private static bool IsAskedFor(LogFilter filter, Log log) =>
        (filter.BlockHash is not { } hash || log.BlockHash == hash)
        && (filter.FromBlock?.Number is not { } from || log.BlockNumber >= from)
        && (filter.ToBlock?.Number is not { } to || log.BlockNumber <= to)
        && (filter.Addresses is not { Count: > 0 } addresses || addresses.Contains(log.Address));

    private static IReadOnlyList<BigInteger> Quantities(JsonElement json) => [.. json.EnumerateArray().Select(q => Hex.ParseQuantity(q.Text()))];

    private static Dictionary<string, object?> CallJson(CallRequest request)
    {
        var json = new Dictionary<string, object?> { ["data"] = request.Data };
        if (request.To is { } to) json["to"] = to;
        if (request.From is { } from) json["from"] = from;
        if (request.Value is { } value) json["value"] = value;
        if (request.Gas is { } gas) json["gas"] = Hex.Quantity(gas);
        return json;
    }

    private static Dictionary<string, object?> FilterJson(LogFilter filter)
    {
        if (filter.BlockHash is not null && (filter.FromBlock ?? filter.ToBlock) is not null)
            throw new ArgumentException("Log filter: a block hash and a range exclude each other.", nameof(filter));
        var json = new Dictionary<string, object?>();
        if (filter.BlockHash is { } hash) json["blockHash"] = hash;
        if (filter.FromBlock is { } from) json["fromBlock"] = from;
        if (filter.ToBlock is { } to) json["toBlock"] = to;
        if (filter.Addresses is { Count: > 0 } addresses) json["address"] = addresses;
        if (filter.Topics is { Count: > 0 } topics) json["topics"] = topics.Select(t => t.Count == 0 ? null : t).ToArray();
        return json;
    }

    private static BlockHeader? ReadHeader(JsonElement json) => json.ValueKind == JsonValueKind.Null ? null : new BlockHeader(
        json.UInt64("number"), json.Bytes32("hash"), json.Bytes32("parentHash"), json.UInt64("timestamp"), Bloom(json.Data("logsBloom")),
        json.Has("baseFeePerGas") ? json.Quantity("baseFeePerGas") : null, json.UInt64("gasLimit"), json.UInt64("gasUsed"));

    private static byte[] Bloom(byte[] bloom) =>
        bloom.Length == 256 ? bloom : throw new FormatException($"logsBloom: expected 256 bytes, actual {bloom.Length}");

    private static Receipt? ReadReceipt(JsonElement json) => json.ValueKind == JsonValueKind.Null ? null : new Receipt(
        json.Bytes32("transactionHash"), json.Bytes32("blockHash"), json.UInt64("blockNumber"), json.Int32("transactionIndex"),
        json.Address("from"), json.OptionalAddress("to"), json.OptionalAddress("contractAddress"),
        Status(json.UInt64("status")), json.UInt64("gasUsed"), json.Quantity("effectiveGasPrice"), ReadLogs(json.GetProperty("logs")));

    private static bool Status(ulong status) => status <= 1 ? status == 1 : throw new FormatException($"status: expected 0 or 1, actual {status}");

    private static IReadOnlyList<Log> ReadLogs(JsonElement json) => [.. json.EnumerateArray().Select(ReadLog)];

    private static Log ReadLog(JsonElement json)
    {
        Bytes32[] topics = [.. json.GetProperty("topics").EnumerateArray().Select(t => Bytes32.Parse(t.Text()))];
        return topics.Length <= 4
            ? new Log(
                json.Address("address"), topics, json.Data("data"), json.UInt64("blockNumber"), json.Bytes32("blockHash"), json.Bytes32("transactionHash"),
                json.Int32("transactionIndex"), json.Int32("logIndex"), json.TryGetProperty("removed", out var removed) && removed.GetBoolean())
            : throw new FormatException($"topics: expected at most 4, actual {topics.Length}");
    }
}
