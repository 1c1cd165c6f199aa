using System.Text.Json;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;

namespace Assay.Indexer.Sync;

/// <summary>A log as a receipt holds it, at its place in the block.</summary>
public sealed record ProvenLog(int LogIndex, Address Address, IReadOnlyList<Bytes32> Topics, byte[] Data);

/// <summary>All logs of a block from its receipts, which the header's root commits to: none can be left out, added or changed.</summary>
public static class ProvenLogs
{
    private const int MethodNotFound = -32601;

    /// <summary>By the root in the header of that hash, as the node gives it.</summary>
    /// <inheritdoc cref="OfAsync(EthApi, Bytes32, Bytes32, CancellationToken)"/>
    public static async Task<IReadOnlyList<ProvenLog>?> OfAsync(EthApi eth, Bytes32 block, CancellationToken cancellation) =>
        await OfAsync(eth, block, await eth.Client.SendAsync(new RpcCall<Bytes32>("eth_getBlockByHash", [block, false],
            json => json.ValueKind == JsonValueKind.Object ? Bytes32.Parse(Text(json, "receiptsRoot")) : throw new ChainInconsistentException($"The node lacks block {block}.")), cancellation),
            cancellation);

    /// <returns>Null where the node does not give a block's receipts.</returns>
    /// <exception cref="ChainInconsistentException">The receipts are not those of the root.</exception>
    public static async Task<IReadOnlyList<ProvenLog>?> OfAsync(EthApi eth, Bytes32 block, Bytes32 receiptsRoot, CancellationToken cancellation)
    {
        try
        {
            return await eth.Client.SendAsync(new RpcCall<IReadOnlyList<ProvenLog>>("eth_getBlockReceipts", [block], json => Read(json, block, receiptsRoot)), cancellation);
        }
        catch (JsonRpcException e) when (e.Code == MethodNotFound)
        {
            return null;
        }
    }

    private static IReadOnlyList<ProvenLog> Read(JsonElement json, Bytes32 block, Bytes32 receiptsRoot)
    {
        if (json.ValueKind != JsonValueKind.Array)
            throw new ChainInconsistentException($"The node has no receipts of block {block}.");
        var receipts = json.EnumerateArray().Select(receipt => (Json: receipt, Logs: receipt.GetProperty("logs").EnumerateArray().Select(LogOf).ToList())).ToList();
        if (ReceiptsTrie.Root([.. receipts.Select(receipt => Encode(receipt.Json, receipt.Logs))]) is var root && root != receiptsRoot)
            throw new ChainInconsistentException($"The receipts of block {block} have the root {root}, its header {receiptsRoot}.");
        // The index in the block is the count of logs before.
        return [.. receipts.SelectMany(receipt => receipt.Logs).Select((log, i) => log with { LogIndex = i })];
    }

    private static ProvenLog LogOf(JsonElement json) => new(
        0, Address.Parse(Text(json, "address")), [.. json.GetProperty("topics").EnumerateArray().Select(topic => Bytes32.Parse(topic.GetString()!))], Hex.Decode(Text(json, "data")));

    private static byte[] Encode(JsonElement json, IReadOnlyList<ProvenLog> logs)
    {
        var outcome = json.TryGetProperty("status", out var status) && status.ValueKind == JsonValueKind.String
            ? RlpItem.Of(Hex.ParseQuantity(status.GetString()!))
            : RlpItem.Of(Hex.Decode(Text(json, "root")));
        var encoded = Rlp.EncodeList(
            outcome, RlpItem.Of(Hex.ParseQuantity(Text(json, "cumulativeGasUsed"))), RlpItem.Of(Hex.Decode(Text(json, "logsBloom"))),
            RlpItem.List([.. logs.Select(log => RlpItem.List(RlpItem.Of(log.Address), RlpItem.List([.. log.Topics.Select(topic => RlpItem.Of(topic))]), RlpItem.Of(log.Data)))]));
        var type = json.TryGetProperty("type", out var given) ? (byte)Hex.ParseQuantity(given.GetString()!) : (byte)0;
        return type == 0 ? encoded : [type, .. encoded];
    }

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString() ?? throw new FormatException($"{name} is null");
}
