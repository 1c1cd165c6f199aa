using System.Text.Json;
using System.Text.Json.Serialization;

namespace Assay.Ethereum.Primitives;

/// <summary>Text converter that also serves as a dictionary key; a malformed value becomes a <see cref="JsonException"/>.</summary>
public abstract class TextJsonConverter<T> : JsonConverter<T> where T : struct, ISpanParsable<T>
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String
            ? Parse(reader.GetString())
            : throw new JsonException($"{typeof(T).Name}: expected a JSON string, actual {reader.TokenType}.");

    public override T ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Parse(reader.GetString());

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());

    public override void WriteAsPropertyName(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WritePropertyName(value.ToString()!);

    private static T Parse(string? text)
    {
        try
        {
            return T.Parse(text.AsSpan(), null);
        }
        catch (FormatException error)
        {
            throw new JsonException(error.Message, error);
        }
    }
}

public sealed class AddressJsonConverter : TextJsonConverter<Address>;

public sealed class Bytes32JsonConverter : TextJsonConverter<Bytes32>;
