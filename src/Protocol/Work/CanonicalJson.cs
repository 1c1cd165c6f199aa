using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Assay.Ethereum.Primitives;

namespace Assay.Protocol.Work;

/// <summary>
/// The one byte form of every document that is addressed by its SHA-256: RFC 8785 restricted to 64-bit integers. Keys are sorted by
/// UTF-16 code unit, there is no white space, strings escape only the quote, the backslash and control characters, numbers are plain decimal digits.
/// </summary>
public static class CanonicalJson
{
    public const int MaxDepth = 32;

    /// <summary>Largest document that is read, in bytes.</summary>
    public const int MaxBytes = 1 << 20;

    /// <summary>How records become documents: camelCase, unknown and missing members refused, enumerations by name, nulls left out.</summary>
    public static readonly JsonSerializerOptions Options = CreateOptions();

    /// <summary>The canonical bytes of a record.</summary>
    /// <exception cref="FormatException">The record holds something canonical JSON has no form for, e.g. a fraction.</exception>
    public static byte[] Serialize<T>(T value) => Canonicalize(JsonSerializer.SerializeToUtf8Bytes(value, Options));

    /// <summary>The canonical bytes of a document in any JSON form.</summary>
    /// <exception cref="FormatException">Not JSON, a repeated key, a number that is no 64-bit integer, too deep or too large.</exception>
    public static byte[] Canonicalize(ReadOnlySpan<byte> utf8)
    {
        using var document = ParseDocument(utf8);
        var output = new ArrayBufferWriter<byte>(utf8.Length);
        Write(document.RootElement, output);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Reads a record from bytes that must already be canonical, so that one record has one digest.</summary>
    /// <exception cref="FormatException">Not canonical, or not a document of this kind.</exception>
    public static T Parse<T>(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > MaxBytes)
            throw new FormatException($"Canonical JSON: expected at most {MaxBytes} bytes, actual {utf8.Length}.");
        try
        {
            var value = JsonSerializer.Deserialize<T>(utf8, Options) ?? throw new FormatException($"{typeof(T).Name}: expected an object, actual null.");
            return Serialize(value).AsSpan().SequenceEqual(utf8)
                ? value
                : throw new FormatException($"{typeof(T).Name}: the document is not in canonical form.");
        }
        catch (JsonException e)
        {
            throw new FormatException($"{typeof(T).Name}: {e.Message}", e);
        }
    }

    /// <summary>SHA-256 of canonical bytes.</summary>
    public static Bytes32 Digest(ReadOnlySpan<byte> canonical) => new(SHA256.HashData(canonical));

    private static JsonDocument ParseDocument(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > MaxBytes)
            throw new FormatException($"Canonical JSON: expected at most {MaxBytes} bytes, actual {utf8.Length}.");
        try
        {
            return JsonDocument.Parse(utf8.ToArray(), new JsonDocumentOptions { MaxDepth = MaxDepth, AllowDuplicateProperties = false });
        }
        // An unpaired surrogate in a key shows while keys are compared, as an InvalidOperationException.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new FormatException($"Canonical JSON: {e.Message}", e);
        }
    }

    private static void Write(JsonElement element, ArrayBufferWriter<byte> output)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(element, output);
                break;
            case JsonValueKind.Array:
                Write("["u8, output);
                var first = true;
                foreach (var item in element.EnumerateArray())
                {
                    if (!first) Write(","u8, output);
                    first = false;
                    Write(item, output);
                }
                Write("]"u8, output);
                break;
            case JsonValueKind.String:
                WriteString(Text(element), output);
                break;
            case JsonValueKind.Number:
                WriteInteger(element, output);
                break;
            case JsonValueKind.True:
                Write("true"u8, output);
                break;
            case JsonValueKind.False:
                Write("false"u8, output);
                break;
            default:
                Write("null"u8, output);
                break;
        }
    }

    private static void WriteObject(JsonElement element, ArrayBufferWriter<byte> output)
    {
        var members = element.EnumerateObject().Select(member => (Name: Name(member), member.Value)).ToArray();
        Array.Sort(members, (a, b) => string.CompareOrdinal(a.Name, b.Name));
        Write("{"u8, output);
        for (var i = 0; i < members.Length; i++)
        {
            if (i > 0) Write(","u8, output);
            WriteString(members[i].Name, output);
            Write(":"u8, output);
            Write(members[i].Value, output);
        }
        Write("}"u8, output);
    }

    private static void WriteInteger(JsonElement element, ArrayBufferWriter<byte> output)
    {
        var text = element.TryGetInt64(out var signed) ? signed.ToString(CultureInfo.InvariantCulture)
            : element.TryGetUInt64(out var unsigned) ? unsigned.ToString(CultureInfo.InvariantCulture)
            : null;
        // TryGetInt64 also reads -0 and, were it so, forms like 1e3; only the digits themselves are a canonical number.
        if (text is null || text != element.GetRawText())
            throw new FormatException($"Canonical JSON: expected a 64-bit integer, actual {Excerpt(element.GetRawText())}.");
        Write(Encoding.ASCII.GetBytes(text), output);
    }

    private static void WriteString(string text, ArrayBufferWriter<byte> output)
    {
        var escaped = new StringBuilder(text.Length + 2).Append('"');
        foreach (var c in text)
        {
            _ = c switch
            {
                '"' => escaped.Append("\\\""),
                '\\' => escaped.Append("\\\\"),
                '\b' => escaped.Append("\\b"),
                '\t' => escaped.Append("\\t"),
                '\n' => escaped.Append("\\n"),
                '\f' => escaped.Append("\\f"),
                '\r' => escaped.Append("\\r"),
                < ' ' => escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => escaped.Append(c),
            };
        }
        Write(Encoding.UTF8.GetBytes(escaped.Append('"').ToString()), output);
    }

    private static string Text(JsonElement element)
    {
        try
        {
            return element.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw new FormatException("Canonical JSON: a string is not valid Unicode.", e);
        }
    }

    private static string Name(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException e)
        {
            throw new FormatException("Canonical JSON: a key is not valid Unicode.", e);
        }
    }

    private static string Excerpt(string text) => text.Length <= 40 ? text : text[..40] + "…";

    private static void Write(ReadOnlySpan<byte> bytes, ArrayBufferWriter<byte> output) => output.Write(bytes);

    private static JsonSerializerOptions CreateOptions()
    {
        var options = new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
            UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
            RespectNullableAnnotations = true,
            RespectRequiredConstructorParameters = true,
            AllowDuplicateProperties = false,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            MaxDepth = MaxDepth,
            Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
        };
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
