using System.Text.Json;
using System.Text.Json.Serialization;
using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;

namespace Assay.Settlement.Orders;

/// <summary>A client's signed order.</summary>
/// <param name="Signature">65 bytes over the order's EIP-712 digest, as 0x-hexadecimal (wallets) or base64.</param>
/// <param name="Domain">Where the client believes to be; when given it must be this chain and contract.</param>
public sealed record OrderRequest(Order Order, [property: JsonConverter(typeof(SignatureConverter))] byte[] Signature, OrderDomain? Domain = null);

public sealed record OrderDomain(ulong ChainId, Address VerifyingContract);

/// <param name="State">The contract's state; Pending before it is open, Rejected when it will never be.</param>
public sealed record OrderResponse(Bytes32 Job, string State);

internal sealed class SignatureConverter : JsonConverter<byte[]>
{
    public override byte[] Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.String) throw new JsonException("A signature is written as a string.");
        if (Hex.TryDecode(reader.GetString(), out var bytes)) return bytes;
        return reader.TryGetBytesFromBase64(out var decoded) ? decoded : throw new JsonException("A signature is 0x-hexadecimal or base64.");
    }

    public override void Write(Utf8JsonWriter writer, byte[] value, JsonSerializerOptions options) => writer.WriteStringValue(Hex.Encode(value));
}
