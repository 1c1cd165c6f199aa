using System.Text.Json;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Indexer.Proofs;

namespace Assay.Indexer.Sync;

/// <summary>A log as a receipt holds it, at its place in the block.</summary>
public sealed record ProvenLog(int LogIndex, Address Address, IReadOnlyList<Bytes32> Topics, byte[] Data);

/// <summary>All logs of a block from its receipts, which the header's root commits to: none can be left out, added or changed.</summary>
public static class ProvenLogs
{
    private const int MethodNotFound = -32601;

    /// <summary>The header of that hash, encoded: recomputed from the node's fields, none of which can be another then.</summary>
    /// <exception cref="ChainInconsistentException">The node lacks the block, or its fields have another hash.</exception>
    public static async Task<byte[]> HeaderAsync(EthApi eth, Bytes32 block, CancellationToken cancellation)
    {
        var header = await eth.Client.SendAsync(new RpcCall<byte[]?>("eth_getBlockByHash", [block, false],
            json => json.ValueKind == JsonValueKind.Object ? HeaderRlp.Encode(json) : null), cancellation)
            ?? throw new ChainInconsistentException($"The node lacks block {block}.");
        return HeaderRlp.HashOf(header) is var hash && hash == block
            ? header
            : throw new ChainInconsistentException($"The header of block {block} has the hash {hash}, or fields of a fork that this release does not know.");
    }

    /// <returns>Null where the node does not give a block's receipts.</returns>
    /// <exception cref="ChainInconsistentException">The receipts are not those of the root.</exception>
    public static async Task<IReadOnlyList<ProvenLog>?> OfAsync(EthApi eth, Bytes32 block, Bytes32 receiptsRoot, CancellationToken cancellation)
    {
        // The index in the block is the count of logs before.
        return (await ReceiptsAsync(eth, block, receiptsRoot, cancellation))?.SelectMany(receipt => receipt.Logs).Select((log, i) => log with { LogIndex = i }).ToList();
    }

    /// <summary>The receipts of a block, encoded as in their trie.</summary>
    /// <inheritdoc cref="OfAsync(EthApi, Bytes32, Bytes32, CancellationToken)"/>
    public static async Task<IReadOnlyList<(byte[] Encoded, IReadOnlyList<ProvenLog> Logs)>?> ReceiptsAsync(
        EthApi eth, Bytes32 block, Bytes32 receiptsRoot, CancellationToken cancellation)
    {
        try
        {
            return await eth.Client.SendAsync(new RpcCall<IReadOnlyList<(byte[], IReadOnlyList<ProvenLog>)>>(
                "eth_getBlockReceipts", [block], json => Read(json, block, receiptsRoot)), cancellation);
        }
        catch (JsonRpcException e) when (e.Code == MethodNotFound)
        {
            return null;
        }
    }

    private static IReadOnlyList<(byte[] Encoded, IReadOnlyList<ProvenLog> Logs)> Read(JsonElement json, Bytes32 block, Bytes32 receiptsRoot)
    {
        if (json.ValueKind != JsonValueKind.Array)
            throw new ChainInconsistentException($"The node has no receipts of block {block}.");
        var receipts = json.EnumerateArray().Select(receipt =>
        {
            IReadOnlyList<ProvenLog> logs = [.. receipt.GetProperty("logs").EnumerateArray().Select(LogOf)];
            return (Encode(receipt, logs), logs);
        }).ToList();
        return ReceiptsTrie.Root([.. receipts.Select(receipt => receipt.Item1)]) is var root && root == receiptsRoot
            ? receipts
            : throw new ChainInconsistentException($"The receipts of block {block} have the root {root}, its header {receiptsRoot}.");
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
