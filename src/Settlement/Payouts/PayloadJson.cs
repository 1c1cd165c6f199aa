using System.Text.Json;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Primitives;
using Assay.Hosting;

namespace Assay.Settlement.Payouts;

/// <summary>How a payload is stored, and its name among the refused ones.</summary>
public static class PayloadJson
{
    public static string Write(Payload payload) => JsonSerializer.Serialize(payload, AssayJson.Options);

    /// <returns>Null for a text that is no payload.</returns>
    public static Payload? TryRead(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<Payload>(json, AssayJson.Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Keccak-256 of the written form.</summary>
    public static Bytes32 Digest(Payload payload) => Keccak256.Hash(Write(payload));
}
