using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.Encoding;

/// <summary>
/// Contract ABI encoding. Decoding accepts the canonical encoding alone: offsets that follow one another without gap or overlap, clean
/// padding, valid UTF-8, no bytes left over. So every byte is read once, and time and memory stay linear in the input.
/// </summary>
public static class AbiCodec
{
    // An element without bytes (an empty tuple, T[0]) would let a short input claim any length.
    private const int MaxEmptyElements = 1024;

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>Encodes values of C# types that fit (see <see cref="AbiType"/>; integers of any width, enums, lists, records are converted).</summary>
    public static byte[] Encode(IReadOnlyList<AbiParameter> parameters, params object?[] values) =>
        EncodeAbi(parameters, AbiBinder.ToAbi(parameters, values, "ABI"));

    public static byte[] Encode(AbiType type, object? value) => Encode([new AbiParameter("", type)], value);

    internal static byte[] EncodeAbi(IReadOnlyList<AbiParameter> parameters, object[] values)
    {
        var output = new ArrayBufferWriter<byte>(32 * parameters.Count + 64);
        WriteSequence(output, [.. parameters.Select(p => p.Type)], values);
        return output.WrittenSpan.ToArray();
    }

    /// <exception cref="AbiException">Not the canonical encoding of these types.</exception>
    public static AbiValues Decode(IReadOnlyList<AbiParameter> parameters, ReadOnlySpan<byte> data)
    {
        var values = ReadSequence([.. parameters.Select(p => p.Type)], data, out var used);
        return used == data.Length
            ? new AbiValues(parameters, values)
            : throw new AbiException($"ABI: expected {used} bytes, actual {data.Length}.");
    }

    public static object Decode(AbiType type, ReadOnlySpan<byte> data) => Decode([new AbiParameter("", type)], data)[0];

    // ---- encoding: values are in the ABI's own form ----

    private static void WriteSequence(ArrayBufferWriter<byte> output, IReadOnlyList<AbiType> types, IReadOnlyList<object> values)
    {
        var offset = types.Sum(t => t.HeadSize);
        var tails = new ArrayBufferWriter<byte>(64);
        for (var i = 0; i < types.Count; i++)
        {
            if (!types[i].IsDynamic)
            {
                Write(output, types[i], values[i]);
                continue;
            }
            WriteLength(output, offset + tails.WrittenCount);
            Write(tails, types[i], values[i]);
        }
        output.Write(tails.WrittenSpan);
    }

    private static void Write(ArrayBufferWriter<byte> output, AbiType type, object value)
    {
        switch (type.Kind)
        {
            case AbiKind.Bytes:
                WriteBytes(output, (byte[])value);
                break;
            case AbiKind.String:
                WriteBytes(output, Utf8((string)value));
                break;
            case AbiKind.Array:
                var items = (object[])value;
                if (type.Length is null)
                    WriteLength(output, items.Length);
                WriteSequence(output, Repeat(type.Element!, items.Length), items);
                break;
            case AbiKind.Tuple:
                WriteSequence(output, [.. type.Components.Select(c => c.Type)], (AbiValues)value);
                break;
            default:
                WriteWord(output.GetSpan(32)[..32], type, value);
                output.Advance(32);
                break;
        }
    }

    /// <summary>Writes an elementary value into 32 bytes.</summary>
    internal static void WriteWord(Span<byte> word, AbiType type, object value)
    {
        word.Clear();
        switch (value)
        {
            case ulong n:
                BinaryPrimitives.WriteUInt64BigEndian(word[24..], n);
                break;
            case long n:
                word.Fill(n < 0 ? (byte)0xff : (byte)0);
                BinaryPrimitives.WriteInt64BigEndian(word[24..], n);
                break;
            case BigInteger n:
                word.Fill(n.Sign < 0 ? (byte)0xff : (byte)0);
                var unsigned = n.Sign >= 0;
                n.TryWriteBytes(word[(32 - n.GetByteCount(unsigned))..], out _, unsigned, isBigEndian: true);
                break;
            case bool flag:
                word[31] = flag ? (byte)1 : (byte)0;
                break;
            case Address address:
                address.CopyTo(word[12..]);
                break;
            case Bytes32 bytes:
                bytes.CopyTo(word);
                break;
            case byte[] bytes:
                bytes.CopyTo(word);
                break;
            default:
                throw new AbiException($"ABI: a {value.GetType().Name} is no value of {type.Name}.");
        }
    }

    private static void WriteLength(ArrayBufferWriter<byte> output, int length)
    {
        var word = output.GetSpan(32)[..32];
        word.Clear();
        BinaryPrimitives.WriteInt32BigEndian(word[28..], length);
        output.Advance(32);
    }

    private static void WriteBytes(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> bytes)
    {
        WriteLength(output, bytes.Length);
        var padded = (bytes.Length + 31) / 32 * 32;
        var target = output.GetSpan(padded)[..padded];
        target.Clear();
        bytes.CopyTo(target);
        output.Advance(padded);
    }

    internal static byte[] Utf8(string text)
    {
        try
        {
            return StrictUtf8.GetBytes(text);
        }
        catch (EncoderFallbackException error)
        {
            throw new AbiException("ABI: the string has an unpaired surrogate.", error);
        }
    }

    private static AbiType[] Repeat(AbiType type, int count)
    {
        var types = new AbiType[count];
        Array.Fill(types, type);
        return types;
    }

    // ---- decoding ----

    private static object[] ReadSequence(IReadOnlyList<AbiType> types, ReadOnlySpan<byte> data, out int used)
    {
        var values = new object[types.Count];
        var tail = types.Sum(t => t.HeadSize);
        if (tail > data.Length)
            throw new AbiException($"ABI: expected at least {tail} bytes, actual {data.Length}.");
        var head = 0;
        for (var i = 0; i < types.Count; i++)
        {
            var type = types[i];
            if (!type.IsDynamic)
            {
                values[i] = Read(type, data.Slice(head, type.HeadSize), out _);
                head += type.HeadSize;
                continue;
            }
            var offset = ReadLength(data.Slice(head, 32), "offset");
            if (offset != tail)
                throw new AbiException($"ABI: {type.Name} at offset {offset}, expected {tail}.");
            values[i] = Read(type, data[tail..], out var size);
            tail += size;
            head += 32;
        }
        used = tail;
        return values;
    }

    private static object Read(AbiType type, ReadOnlySpan<byte> data, out int used)
    {
        switch (type.Kind)
        {
            case AbiKind.Bytes:
                return ReadBytes(data, out used).ToArray();
            case AbiKind.String:
                return ReadString(ReadBytes(data, out used));
            case AbiKind.Tuple:
                return new AbiValues(type.Components, ReadSequence([.. type.Components.Select(c => c.Type)], data, out used));
            case AbiKind.Array:
                return ReadArray(type, data, out used);
            default:
                used = 32;
                return ReadWord(type, Prefix(data, 32));
        }
    }

    private static object[] ReadArray(AbiType type, ReadOnlySpan<byte> data, out int used)
    {
        if (type.Length is { } fixedLength)
            return ReadSequence(Repeat(type.Element!, fixedLength), data, out used);
        var length = ReadLength(Prefix(data, 32), "array length");
        var room = type.Element!.HeadSize == 0 ? MaxEmptyElements : (data.Length - 32) / type.Element.HeadSize;
        if (length > room)
            throw new AbiException($"ABI: {type.Name} claims {length} elements, the data holds at most {room}.");
        var items = ReadSequence(Repeat(type.Element, length), data[32..], out used);
        used += 32;
        return items;
    }

    private static ReadOnlySpan<byte> ReadBytes(ReadOnlySpan<byte> data, out int used)
    {
        var length = ReadLength(Prefix(data, 32), "byte length");
        if (length > data.Length - 32)
            throw new AbiException($"ABI: {length} bytes claimed, {data.Length - 32} present.");
        var padded = (length + 31) / 32 * 32;
        used = 32 + padded;
        var padding = Prefix(data, used)[(32 + length)..];
        if (padding.ContainsAnyExcept((byte)0))
            throw new AbiException("ABI: the padding after bytes or string is not zero.");
        return data.Slice(32, length);
    }

    private static string ReadString(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException error)
        {
            throw new AbiException("ABI: the string is not valid UTF-8.", error);
        }
    }

    private static int ReadLength(ReadOnlySpan<byte> word, string what)
    {
        var length = BinaryPrimitives.ReadUInt32BigEndian(word[28..]);
        if (word[..28].ContainsAnyExcept((byte)0) || length > int.MaxValue / 2)
            throw new AbiException($"ABI: the {what} {Hex.Encode(word)} is beyond any input.");
        return (int)length;
    }

    /// <summary>Reads an elementary value from its word; any bit that its type does not use must be clean.</summary>
    internal static object ReadWord(AbiType type, ReadOnlySpan<byte> word)
    {
        switch (type.Kind)
        {
            case AbiKind.UInt:
                Clean(type, word, word[..(32 - type.Size / 8)], 0);
                return type.Size <= 64
                    ? BinaryPrimitives.ReadUInt64BigEndian(word[24..])
                    : new BigInteger(word, isUnsigned: true, isBigEndian: true);
            case AbiKind.Int:
                var first = 32 - type.Size / 8;
                Clean(type, word, word[..first], (word[first] & 0x80) != 0 ? (byte)0xff : (byte)0);
                return type.Size <= 64
                    ? BinaryPrimitives.ReadInt64BigEndian(word[24..])
                    : new BigInteger(word, isUnsigned: false, isBigEndian: true);
            case AbiKind.Address:
                Clean(type, word, word[..12], 0);
                return new Address(word[12..]);
            case AbiKind.Bool:
                Clean(type, word, word[..31], 0);
                return word[31] <= 1 ? word[31] == 1 : throw Dirty(type, word);
            default:
                Clean(type, word, word[type.Size..], 0);
                return type.Size == 32 ? new Bytes32(word) : word[..type.Size].ToArray();
        }
    }

    private static void Clean(AbiType type, ReadOnlySpan<byte> word, ReadOnlySpan<byte> unused, byte fill)
    {
        if (unused.ContainsAnyExcept(fill))
            throw Dirty(type, word);
    }

    private static AbiException Dirty(AbiType type, ReadOnlySpan<byte> word) => new($"ABI: the word {Hex.Encode(word)} is no clean {type.Name}.");

    private static ReadOnlySpan<byte> Prefix(ReadOnlySpan<byte> data, int length) =>
        length <= data.Length ? data[..length] : throw new AbiException($"ABI: expected at least {length} bytes, actual {data.Length}.");
}
