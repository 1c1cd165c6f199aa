using System.Text.Json;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Transactions;

namespace Assay.Ethereum.JsonRpc;

/// <summary>
/// A key behind JSON-RPC (Web3Signer, Clef, a node's own account): eth_signTransaction, eth_signTypedData_v4, personal_sign. What comes back is believed only
/// if it is this account's signature of just what was asked. Digests are not sent: who signs them cannot see what it signs.
/// </summary>
/// <param name="client">Its retries and errors are those of every call.</param>
/// <param name="address">The account.</param>
public sealed class RemoteSigner(IJsonRpc client, Address address) : ISigner
{
    public Address Address { get; } = address;

    /// <exception cref="NotSupportedException">Always.</exception>
    public ValueTask<Signature> SignDigestAsync(Bytes32 digest, CancellationToken cancellation = default) =>
        throw new NotSupportedException("A remote signer signs transactions, typed data and messages, no digests.");

    public async ValueTask<Signature> SignTypedDataAsync(TypedData data, CancellationToken cancellation = default)
    {
        using var json = JsonDocument.Parse(data.ToJson());
        return await AskAsync("eth_signTypedData_v4", [Address, json.RootElement], data.Digest, cancellation);
    }

    public async ValueTask<Signature> SignMessageAsync(ReadOnlyMemory<byte> message, CancellationToken cancellation = default) =>
        await AskAsync("personal_sign", [message.ToArray(), Address], SignerExtensions.MessageDigest(message.Span), cancellation);

    /// <exception cref="NotSupportedException">A transaction with authorizations or blobs, for which eth_signTransaction has no common form.</exception>
    public async ValueTask<Signature> SignAsync(ITransaction transaction, CancellationToken cancellation = default)
    {
        var raw = await client.SendAsync(new RpcCall<byte[]>("eth_signTransaction", [Request(transaction)], ReadRaw), cancellation);
        try
        {
            var (signed, signature) = ITransaction.Decode(raw);
            return signed.SigningHash == transaction.SigningHash && Secp256k1.TryRecover(signed.SigningHash, signature, out var by) && by == Address
                ? signature
                : throw Other("another transaction, or with another key");
        }
        catch (RlpException error)
        {
            throw Other($"no transaction: {error.Message}");
        }
    }

    private async ValueTask<Signature> AskAsync(string method, IReadOnlyList<object?> parameters, Bytes32 digest, CancellationToken cancellation)
    {
        var bytes = await client.SendAsync(new RpcCall<byte[]>(method, parameters, json => Hex.Decode(json.Text())), cancellation);
        // Some write the parity itself.
        if (bytes is { Length: Signature.Size } && bytes[64] <= 1)
            bytes[64] += 27;
        return Signature.TryParse(bytes, out var signature) && Secp256k1.TryRecover(digest, signature, out var by) && by == Address
            ? signature
            : throw Other("something else, or with another key");
    }

    // The raw bytes alone, or an object that holds them beside the transaction.
    private static byte[] ReadRaw(JsonElement json) => Hex.Decode((json.ValueKind == JsonValueKind.Object ? json.GetProperty("raw") : json).Text());

    private static RpcTransportException Other(string what) => new(RpcFailure.Malformed, $"The remote signer signed {what}.");

    private Dictionary<string, object?> Request(ITransaction transaction)
    {
        var (nonce, gas, to, value, data) = transaction switch
        {
            LegacyTransaction t => (t.Nonce, t.GasLimit, t.To, t.Value, t.Data),
            Eip2930Transaction t => (t.Nonce, t.GasLimit, t.To, t.Value, t.Data),
            Eip1559Transaction t => (t.Nonce, t.GasLimit, t.To, t.Value, t.Data),
            _ => throw new NotSupportedException($"A remote signer takes no {transaction.GetType().Name}."),
        };
        var json = new Dictionary<string, object?>
        {
            ["from"] = Address,
            ["nonce"] = Hex.Quantity(nonce),
            ["gas"] = Hex.Quantity(gas),
            ["value"] = value,
            // Under both of its names; signers differ in the one they read.
            ["data"] = data,
            ["input"] = data,
        };
        if (to is { } recipient) json["to"] = recipient;
        switch (transaction)
        {
            case LegacyTransaction legacy:
                (json["type"], json["gasPrice"]) = ("0x0", legacy.GasPrice);
                if (legacy.ChainId is { } chain) json["chainId"] = Hex.Quantity(chain);
                break;
            case Eip2930Transaction listed:
                (json["type"], json["gasPrice"], json["chainId"]) = ("0x1", listed.GasPrice, Hex.Quantity(listed.ChainId));
                json["accessList"] = AccessList(listed.AccessList);
                break;
            case Eip1559Transaction dynamic:
                (json["type"], json["maxFeePerGas"], json["maxPriorityFeePerGas"]) = ("0x2", dynamic.MaxFeePerGas, dynamic.MaxPriorityFeePerGas);
                (json["chainId"], json["accessList"]) = (Hex.Quantity(dynamic.ChainId), AccessList(dynamic.AccessList));
                break;
        }
        return json;
    }

    private static object[] AccessList(IReadOnlyList<AccessListEntry>? list) => [.. (list ?? []).Select(e => new { address = e.Address, storageKeys = e.StorageKeys })];
}
