using System.Numerics;
using System.Text.Json;
using System.Text.Json.Serialization;
using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.JsonRpc;

/// <summary>How values travel: byte arrays and BigInteger as 0x hex, block tags as text, address and hash by their own converters.</summary>
internal static class RpcJson
{
    internal static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        Converters = { new BytesConverter(), new BigIntegerConverter(), new UInt64Converter() },
        DefaultIgnoreCondition = JsonIgnoreCondition.Never,
    };

    internal static Bytes32 Bytes32(this JsonElement json, string name) => Primitives.Bytes32.Parse(json.Text(name));

    internal static Address Address(this JsonElement json, string name) => Primitives.Address.Parse(json.Text(name));

    internal static Address? OptionalAddress(this JsonElement json, string name) =>
        json.Has(name) ? json.Address(name) : null;

    internal static ulong UInt64(this JsonElement json, string name) => Hex.ParseUInt64(json.Text(name));

    internal static int Int32(this JsonElement json, string name) => checked((int)json.UInt64(name));

    internal static BigInteger Quantity(this JsonElement json, string name) => Hex.ParseQuantity(json.Text(name));

    internal static byte[] Data(this JsonElement json, string name) => Hex.Decode(json.Text(name));

    internal static string Text(this JsonElement json) => json.GetString() ?? throw new FormatException("expected a string, actual null.");

    private static string Text(this JsonElement json, string name) => json.GetProperty(name).Text();

    internal static bool Has(this JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;

    private sealed class BytesConverter : JsonConverter<byte[]>
    {
        public override byte[] Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            Hex.TryDecode(reader.GetString(), out var bytes) ? bytes : throw new JsonException("expected 0x hex data.");

        public override void Write(Utf8JsonWriter writer, byte[] value, JsonSerializerOptions options) => writer.WriteStringValue(Hex.Encode(value));
    }

    private sealed class BigIntegerConverter : JsonConverter<BigInteger>
    {
        public override BigInteger Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => ReadQuantity(ref reader);

        public override void Write(Utf8JsonWriter writer, BigInteger value, JsonSerializerOptions options) => writer.WriteStringValue(Hex.Quantity(value));
    }

    private sealed class UInt64Converter : JsonConverter<ulong>
    {
        public override ulong Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var number = ReadQuantity(ref reader);
            return number <= ulong.MaxValue ? (ulong)number : throw new JsonException("expected a quantity of at most 64 bits.");
        }

        public override void Write(Utf8JsonWriter writer, ulong value, JsonSerializerOptions options) => writer.WriteStringValue(Hex.Quantity(value));
    }

    private static BigInteger ReadQuantity(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Number)
            return reader.GetUInt64();
        try
        {
            return Hex.ParseQuantity(reader.GetString());
        }
        catch (FormatException error)
        {
            throw new JsonException(error.Message, error);
        }
    }
}

public sealed class BlockTagJsonConverter : JsonConverter<BlockTag>
{
    public override BlockTag Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException("A block tag is sent, never received.");

    public override void Write(Utf8JsonWriter writer, BlockTag value, JsonSerializerOptions options)
    {
        if (value.Hash is not { } hash)
        {
            writer.WriteStringValue(value.ToString());
            return;
        }
        writer.WriteStartObject();
        writer.WriteString("blockHash", hash.ToString());
        writer.WriteEndObject();
    }
}
