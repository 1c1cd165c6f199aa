using System.Numerics;
using System.Text;
using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.Encoding;

/// <summary>Contract ABI encoding of types that are known only at run time; the rules of the encoding are <see cref="AbiWriter"/>'s and <see cref="AbiReader"/>'s.</summary>
public static class AbiCodec
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>Encodes values of C# types that fit (see <see cref="AbiType"/>; integers of any width, enums, lists, records are converted).</summary>
    public static byte[] Encode(IReadOnlyList<AbiParameter> parameters, params object?[] values) =>
        EncodeAbi(parameters, AbiBinder.ToAbi(parameters, values, "ABI"));

    public static byte[] Encode(AbiType type, object? value) => Encode([new AbiParameter("", type)], value);

    internal static byte[] EncodeAbi(IReadOnlyList<AbiParameter> parameters, object[] values)
    {
        var size = HeadSize(parameters);
        var writer = new AbiWriter(size);
        WriteHeads(ref writer, parameters, values, writer.Begin(size));
        return writer.Finish();
    }

    internal static byte[] EncodeAbi(uint selector, IReadOnlyList<AbiParameter> parameters, object[] values)
    {
        var size = HeadSize(parameters);
        var writer = AbiWriter.WithSelector(selector, size);
        WriteHeads(ref writer, parameters, values, writer.Begin(size));
        return writer.Finish();
    }

    /// <exception cref="AbiException">Not the canonical encoding of these types.</exception>
    public static AbiValues Decode(IReadOnlyList<AbiParameter> parameters, ReadOnlySpan<byte> data)
    {
        var reader = new AbiReader(data);
        var values = ReadHeads(ref reader, parameters, reader.Begin(HeadSize(parameters)));
        reader.Finish();
        return new AbiValues(parameters, values);
    }

    public static object Decode(AbiType type, ReadOnlySpan<byte> data) => Decode([new AbiParameter("", type)], data)[0];

    private static int HeadSize(IReadOnlyList<AbiParameter> parameters)
    {
        var size = 0;
        for (var i = 0; i < parameters.Count; i++)
            size += parameters[i].Type.HeadSize;
        return size;
    }

    // ---- encoding: values are in the ABI's own form ----

    private static void WriteHeads(ref AbiWriter writer, IReadOnlyList<AbiParameter> parameters, IReadOnlyList<object> values, int frame)
    {
        var at = frame;
        for (var i = 0; i < parameters.Count; i++)
        {
            Write(ref writer, parameters[i].Type, values[i], frame, at);
            at += parameters[i].Type.HeadSize;
        }
    }

    private static void WriteElements(ref AbiWriter writer, AbiType element, object[] items, int frame)
    {
        for (var i = 0; i < items.Length; i++)
            Write(ref writer, element, items[i], frame, frame + i * element.HeadSize);
    }

    /// <summary>A static value into its head, a dynamic one behind what is written.</summary>
    private static void Write(ref AbiWriter writer, AbiType type, object value, int frame, int at)
    {
        if (type.IsDynamic)
            writer.Follow(frame, at);
        switch (type.Kind)
        {
            case AbiKind.Bytes:
                writer.AppendBytes((byte[])value);
                break;
            case AbiKind.String:
                writer.AppendString((string)value);
                break;
            case AbiKind.Array:
                var items = (object[])value;
                if (type.Length is null)
                    writer.AppendLength(items.Length);
                WriteElements(ref writer, type.Element!, items, type.IsDynamic ? writer.Begin(items.Length * type.Element!.HeadSize) : at);
                break;
            case AbiKind.Tuple:
                WriteHeads(ref writer, type.Components, (AbiValues)value, type.IsDynamic ? writer.Begin(HeadSize(type.Components)) : at);
                break;
            default:
                WriteWord(writer.Word(at), type, value);
                break;
        }
    }

    /// <summary>Writes an elementary value into 32 bytes.</summary>
    internal static void WriteWord(Span<byte> word, AbiType type, object value)
    {
        switch (value)
        {
            case ulong n: AbiWord.WriteUInt(word, n, 64); break;
            case long n: AbiWord.WriteInt(word, n, 64); break;
            case BigInteger n when type.Kind == AbiKind.UInt: AbiWord.WriteUInt(word, n, 256); break;
            case BigInteger n: AbiWord.WriteInt(word, n, 256); break;
            case bool flag: AbiWord.Write(word, flag); break;
            case Address address: AbiWord.Write(word, address); break;
            case Bytes32 bytes: AbiWord.Write(word, bytes); break;
            case byte[] bytes: AbiWord.WriteBytes(word, bytes, bytes.Length); break;
            default: throw new AbiException($"ABI: a {value.GetType().Name} is no value of {type.Name}.");
        }
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

    // ---- decoding ----

    private static object[] ReadHeads(ref AbiReader reader, IReadOnlyList<AbiParameter> parameters, int frame)
    {
        var values = new object[parameters.Count];
        var at = frame;
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = Read(ref reader, parameters[i].Type, frame, at);
            at += parameters[i].Type.HeadSize;
        }
        return values;
    }

    private static object[] ReadElements(ref AbiReader reader, AbiType element, int count, int frame)
    {
        var items = new object[count];
        for (var i = 0; i < count; i++)
            items[i] = Read(ref reader, element, frame, frame + i * element.HeadSize);
        return items;
    }

    private static object Read(ref AbiReader reader, AbiType type, int frame, int at)
    {
        if (type.IsDynamic)
            reader.Follow(frame, at);
        switch (type.Kind)
        {
            case AbiKind.Bytes:
                return reader.Bytes().ToArray();
            case AbiKind.String:
                return reader.String();
            case AbiKind.Tuple:
                return new AbiValues(type.Components, ReadHeads(ref reader, type.Components, type.IsDynamic ? reader.Begin(HeadSize(type.Components)) : at));
            case AbiKind.Array:
                var element = type.Element!;
                var count = type.Length ?? reader.Length(element.HeadSize);
                return ReadElements(ref reader, element, count, type.IsDynamic ? reader.Begin(checked(count * element.HeadSize)) : at);
            default:
                return ReadWord(type, reader.Word(at));
        }
    }

    /// <summary>Reads an elementary value from its word; any bit that its type does not use must be clean.</summary>
    internal static object ReadWord(AbiType type, ReadOnlySpan<byte> word) => type.Kind switch
    {
        AbiKind.UInt => type.Size <= 64 ? AbiWord.ReadUInt(word, type.Size) : AbiWord.ReadWideUInt(word, type.Size),
        AbiKind.Int => type.Size <= 64 ? AbiWord.ReadInt(word, type.Size) : AbiWord.ReadWideInt(word, type.Size),
        AbiKind.Address => AbiWord.ReadAddress(word),
        AbiKind.Bool => AbiWord.ReadBool(word),
        _ => type.Size == 32 ? AbiWord.ReadBytes32(word) : AbiWord.ReadBytes(word, type.Size).ToArray(),
    };
}
