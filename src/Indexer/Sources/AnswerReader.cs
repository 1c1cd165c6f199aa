using System.Buffers.Text;
using System.Text.Json;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;

namespace Assay.Indexer.Sources;

/// <summary>JSON-RPC answers read in place.</summary>
internal static class AnswerReader
{
    /// <summary>Takes one result, its reader on the result's first token; leaves the reader on the last.</summary>
    public delegate void Take<in T>(int place, ref Utf8JsonReader result, T target);

    /// <summary>The answer to one request.</summary>
    /// <exception cref="JsonRpcException">The node's own error.</exception>
    /// <exception cref="RpcTransportException">Not an answer to what was asked.</exception>
    public static void Single<T>(ReadOnlySpan<byte> answer, long id, Take<T> take, T target) => Guard(answer, (ref Utf8JsonReader reader) =>
    {
        reader.Read();
        if (Envelope(ref reader, 0, take, target) != id)
            throw Malformed("the answer carries another id");
    });

    /// <summary>The answers to a batch, taken in the order of the requests whatever order they come in.</summary>
    /// <inheritdoc cref="Single{T}"/>
    public static void Batch<T>(ReadOnlySpan<byte> answer, long firstId, int count, Take<T> take, T target)
    {
        var envelopes = new (int Start, int Length)[count];
        Guard(answer, (ref Utf8JsonReader reader) => Place(ref reader, firstId, envelopes));
        for (var i = 0; i < count; i++)
        {
            var place = i;
            Guard(answer.Slice(envelopes[i].Start, envelopes[i].Length), (ref Utf8JsonReader reader) =>
            {
                reader.Read();
                Envelope(ref reader, place, take, target);
            });
        }
    }

    private delegate void Work(ref Utf8JsonReader reader);

    private static void Guard(ReadOnlySpan<byte> json, Work work)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            work(ref reader);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or OverflowException)
        {
            throw Malformed(e.Message, e);
        }
    }

    private static void Place(ref Utf8JsonReader reader, long firstId, (int Start, int Length)[] envelopes)
    {
        reader.Read();
        // One error for the whole batch.
        if (reader.TokenType == JsonTokenType.StartObject)
            Envelope<object?>(ref reader, 0, (int _, ref Utf8JsonReader result, object? _) => result.Skip(), null);
        if (reader.TokenType != JsonTokenType.StartArray)
            throw Malformed("expected an array in answer to a batch");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var start = (int)reader.TokenStartIndex;
            var id = Envelope<object?>(ref reader, 0, (int _, ref Utf8JsonReader result, object? _) => result.Skip(), null, throwsErrors: false) - firstId;
            if (id is not >= 0 || id >= envelopes.Length || envelopes[(int)id].Length > 0)
                throw Malformed("a batch answer carries an id that was not asked for, or twice the same");
            envelopes[(int)id] = (start, (int)reader.BytesConsumed - start);
        }
        if (envelopes.Any(envelope => envelope.Length == 0))
            throw Malformed("the batch answer lacks a result");
    }

    private static long? Envelope<T>(ref Utf8JsonReader reader, int place, Take<T> take, T target, bool throwsErrors = true)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw Malformed("expected an object");
        var (id, hasResult, hasError) = ((long?)null, false, false);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            if (reader.ValueTextEquals("result"u8))
            {
                reader.Read();
                take(place, ref reader, target);
                hasResult = true;
            }
            else if (reader.ValueTextEquals("error"u8))
            {
                reader.Read();
                hasError = reader.TokenType != JsonTokenType.Null;
                if (hasError && throwsErrors)
                    throw Error(ref reader);
                reader.Skip();
            }
            else if (reader.ValueTextEquals("id"u8))
            {
                reader.Read();
                id = reader.TokenType == JsonTokenType.Number ? reader.GetInt64() : null;
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        return hasResult || hasError ? id : throw Malformed("the answer has neither result nor error");
    }

    private static JsonRpcException Error(ref Utf8JsonReader reader)
    {
        var error = JsonElement.ParseValue(ref reader);
        var code = error.TryGetProperty("code", out var c) && c.TryGetInt32(out var number) ? number : 0;
        var message = error.TryGetProperty("message", out var m) ? m.ToString() : "";
        return new JsonRpcException(code, message.Length <= 500 ? message : message[..500]);
    }

    /// <summary>The node's error, looked for no further than to where a result begins.</summary>
    public static JsonRpcException? ErrorOf(ReadOnlySpan<byte> answer)
    {
        JsonRpcException? found = null;
        Guard(answer, (ref Utf8JsonReader reader) =>
        {
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("result"u8))
                    return;
                var isError = reader.ValueTextEquals("error"u8);
                reader.Read();
                if (isError && reader.TokenType != JsonTokenType.Null)
                {
                    found = Error(ref reader);
                    return;
                }
                reader.Skip();
            }
        });
        return found;
    }

    /// <summary>A header's own fields and its bloom; everything else is skipped.</summary>
    /// <param name="bloom">256 bytes, filled.</param>
    /// <returns>Null where the node has no such block.</returns>
    public static BlockHead? ReadHead(ref Utf8JsonReader reader, scoped Span<byte> bloom)
    {
        if (reader.TokenType == JsonTokenType.Null)
            return null;
        Expect(reader.TokenType == JsonTokenType.StartObject, "a block");
        Span<byte> hash = stackalloc byte[32], parent = stackalloc byte[32], receipts = stackalloc byte[32];
        var (number, time, seen) = (0L, 0L, 0);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = reader.ValueSpan;
            var bit = field.SequenceEqual("number"u8) ? 1 : field.SequenceEqual("hash"u8) ? 2 : field.SequenceEqual("parentHash"u8) ? 4
                : field.SequenceEqual("timestamp"u8) ? 8 : field.SequenceEqual("logsBloom"u8) ? 16 : field.SequenceEqual("receiptsRoot"u8) ? 32 : 0;
            reader.Read();
            switch (bit)
            {
                case 1: number = Quantity(ref reader); break;
                case 2: Data(ref reader, hash); break;
                case 4: Data(ref reader, parent); break;
                case 8: time = Quantity(ref reader); break;
                case 16: Data(ref reader, bloom); break;
                case 32: Data(ref reader, receipts); break;
                default: reader.Skip(); break;
            }
            seen |= bit;
        }
        Expect(seen == 63, "a block with number, hash, parentHash, timestamp, logsBloom and receiptsRoot");
        return new BlockHead(number, new Bytes32(hash), new Bytes32(parent), new Bytes32(receipts), time);
    }

    /// <summary>A quantity of at most 63 bits.</summary>
    public static long Quantity(ref Utf8JsonReader reader)
    {
        var text = Text(ref reader);
        var digits = text.StartsWith("0x"u8) ? text[2..] : default;
        return digits.Length is > 0 and <= 16 && Utf8Parser.TryParse(digits, out ulong value, out var used, 'x') && used == digits.Length
            ? checked((long)value)
            : throw new FormatException("expected a quantity");
    }

    /// <summary>Fills <paramref name="bytes"/> exactly.</summary>
    public static void Data(ref Utf8JsonReader reader, scoped Span<byte> bytes)
    {
        var text = Text(ref reader);
        Expect(text.Length == 2 + 2 * bytes.Length && Hex(text, bytes), "hexadecimal digits of a certain number");
    }

    /// <summary>Bytes of any number, into a buffer that grows.</summary>
    /// <returns>How many.</returns>
    public static int Data(ref Utf8JsonReader reader, ref byte[] buffer)
    {
        var text = Text(ref reader);
        Expect(text.Length >= 2 && text.Length % 2 == 0, "hexadecimal digits");
        var length = text.Length / 2 - 1;
        if (buffer.Length < length)
            buffer = new byte[Math.Max(length, 2 * buffer.Length)];
        Expect(Hex(text, buffer.AsSpan(0, length)), "hexadecimal digits");
        return length;
    }

    private static bool Hex(ReadOnlySpan<byte> text, scoped Span<byte> bytes) =>
        text.StartsWith("0x"u8) && Convert.FromHexString(text[2..], bytes, out _, out _) == System.Buffers.OperationStatus.Done;

    private static ReadOnlySpan<byte> Text(ref Utf8JsonReader reader)
    {
        Expect(reader.TokenType == JsonTokenType.String && !reader.ValueIsEscaped, "a plain string");
        return reader.ValueSpan;
    }

    public static void Expect(bool holds, string what)
    {
        if (!holds)
            throw new FormatException($"expected {what}");
    }

    public static RpcTransportException Malformed(string message, Exception? inner = null) => new(RpcFailure.Malformed, $"JSON-RPC: {message}.", inner);
}
