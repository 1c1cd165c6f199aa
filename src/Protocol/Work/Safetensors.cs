using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Assay.Protocol.Work;

public enum TensorType { F32, I32, I64, U8, I8 }

/// <summary>One named array, row major, little-endian.</summary>
/// <param name="Shape">Dimensions; none for a scalar.</param>
/// <param name="Data">Product of the shape times the type's size, in bytes.</param>
public sealed record Tensor(string Name, TensorType Type, IReadOnlyList<long> Shape, ReadOnlyMemory<byte> Data)
{
    public int ElementSize => Safetensors.SizeOf(Type);

    public int Count => Data.Length / ElementSize;

    /// <summary>Copies the numbers of an I32 tensor.</summary>
    /// <exception cref="InvalidOperationException">Another type.</exception>
    public int[] ToInt32() => Read(TensorType.I32, BinaryPrimitives.ReadInt32LittleEndian);

    /// <summary>Copies the numbers of an F32 tensor.</summary>
    /// <exception cref="InvalidOperationException">Another type.</exception>
    public float[] ToSingle() => Read(TensorType.F32, BinaryPrimitives.ReadSingleLittleEndian);

    private delegate T Reader<T>(ReadOnlySpan<byte> bytes);

    private T[] Read<T>(TensorType type, Reader<T> read)
    {
        if (Type != type) throw new InvalidOperationException($"Tensor {Name}: expected {type}, actual {Type}.");
        var numbers = new T[Count];
        for (var i = 0; i < numbers.Length; i++) numbers[i] = read(Data.Span[(i * ElementSize)..]);
        return numbers;
    }
}

/// <summary>
/// The safetensors container in one canonical form: names ascending, keys dtype, shape, data_offsets, no white space, header padded with spaces
/// to a multiple of 8, data in name order without gaps. Only this form is read, so that equal tensors have one digest.
/// </summary>
public static class Safetensors
{
    public const int MaxHeader = 1 << 20;
    public const int MaxTensors = 64;
    public const int MaxRank = 8;

    /// <summary>Reads a file from a stranger; the tensors' data are views into it.</summary>
    /// <exception cref="FormatException">Not the canonical form of 1 to 64 tensors of the known types.</exception>
    public static IReadOnlyList<Tensor> Parse(ReadOnlyMemory<byte> file)
    {
        var header = HeaderOf(file.Span);
        var data = file[(8 + header.Length)..];
        var tensors = ReadHeader(header, data);
        if (!HeaderFor(tensors).AsSpan().SequenceEqual(header.Span))
            throw new FormatException("Safetensors: the header is not in canonical form.");
        return tensors;
    }

    /// <summary>Writes tensors in any order as the canonical file.</summary>
    /// <exception cref="FormatException">A name, shape or length that cannot be written.</exception>
    public static byte[] Write(IEnumerable<Tensor> tensors)
    {
        var sorted = tensors.OrderBy(tensor => tensor.Name, StringComparer.Ordinal).ToArray();
        Require.Range(sorted.Length, 1, MaxTensors, "Safetensors: tensors");
        foreach (var tensor in sorted) Check(tensor);
        if (sorted.Select(tensor => tensor.Name).Distinct(StringComparer.Ordinal).Count() != sorted.Length)
            throw new FormatException("Safetensors: expected different names.");

        var header = HeaderFor(sorted);
        var file = new byte[checked(8 + header.Length + (int)sorted.Sum(tensor => (long)tensor.Data.Length))];
        BinaryPrimitives.WriteUInt64LittleEndian(file, (ulong)header.Length);
        header.CopyTo(file, 8);
        var offset = 8 + header.Length;
        foreach (var tensor in sorted)
        {
            tensor.Data.CopyTo(file.AsMemory(offset));
            offset += tensor.Data.Length;
        }
        return file;
    }

    public static int SizeOf(TensorType type) => type switch
    {
        TensorType.F32 or TensorType.I32 => 4,
        TensorType.I64 => 8,
        TensorType.U8 or TensorType.I8 => 1,
        _ => throw new FormatException($"Safetensors: unknown dtype {(int)type}."),
    };

    internal static bool IsTensorName(string name) =>
        name.Length is >= 1 and <= 128 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-' or '/' or ':');

    private static ReadOnlyMemory<byte> HeaderOf(ReadOnlySpan<byte> file)
    {
        if (file.Length < 8) throw new FormatException($"Safetensors: expected a header length of 8 bytes, actual {file.Length}.");
        var length = BinaryPrimitives.ReadUInt64LittleEndian(file);
        if (length > MaxHeader || length > (ulong)(file.Length - 8))
            throw new FormatException($"Safetensors: a header of {length} bytes exceeds {MaxHeader} or the file of {file.Length}.");
        return file.Slice(8, (int)length).ToArray();
    }

    private static List<Tensor> ReadHeader(ReadOnlyMemory<byte> header, ReadOnlyMemory<byte> data)
    {
        try
        {
            using var document = JsonDocument.Parse(header, new JsonDocumentOptions { MaxDepth = 4 });
            return ReadEntries(document.RootElement, data);
        }
        // InvalidOperationException: an unpaired surrogate in a key or text, found only when it is looked at.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new FormatException($"Safetensors: the header is not valid JSON: {e.Message}", e);
        }
    }

    private static List<Tensor> ReadEntries(JsonElement root, ReadOnlyMemory<byte> data)
    {
        if (root.ValueKind != JsonValueKind.Object) throw new FormatException("Safetensors: the header is no object.");
        var tensors = new List<Tensor>();
        var offset = 0L;
        foreach (var member in root.EnumerateObject())
        {
            if (tensors.Count == MaxTensors) throw new FormatException($"Safetensors: more than {MaxTensors} tensors.");
            var tensor = ReadEntry(member, data, offset);
            if (tensors.Count > 0 && string.CompareOrdinal(tensors[^1].Name, tensor.Name) >= 0)
                throw new FormatException("Safetensors: names are not ascending.");
            tensors.Add(tensor);
            offset += tensor.Data.Length;
        }
        if (tensors.Count == 0) throw new FormatException("Safetensors: expected at least one tensor.");
        if (offset != data.Length) throw new FormatException($"Safetensors: expected {offset} bytes of data, actual {data.Length}.");
        return tensors;
    }

    // Where the data of a tensor lies follows from its place, so the offsets are checked when the header is compared with its canonical form.
    private static Tensor ReadEntry(JsonProperty member, ReadOnlyMemory<byte> data, long offset)
    {
        var entry = member.Value;
        if (!IsTensorName(member.Name)) throw new FormatException("Safetensors: not a tensor's name.");
        if (entry.ValueKind != JsonValueKind.Object
            || !entry.TryGetProperty("dtype", out var dtype) || dtype.ValueKind != JsonValueKind.String
            || !entry.TryGetProperty("shape", out var dimensions) || dimensions.ValueKind != JsonValueKind.Array)
            throw new FormatException("Safetensors: an entry lacks dtype or shape.");
        var type = ReadType(dtype);
        var shape = ReadShape(dimensions);
        var length = ByteLength(type, shape);
        if (length > data.Length - offset)
            throw new FormatException($"Safetensors: a tensor of {length} bytes does not fit into the file.");
        return new Tensor(member.Name, type, shape, data.Slice((int)offset, (int)length));
    }

    private static TensorType ReadType(JsonElement dtype)
    {
        foreach (var type in Enum.GetValues<TensorType>())
            if (dtype.ValueEquals(type.ToString())) return type;
        throw new FormatException("Safetensors: expected dtype F32, I32, I64, U8 or I8.");
    }

    private static long[] ReadShape(JsonElement dimensions)
    {
        if (dimensions.GetArrayLength() > MaxRank) throw new FormatException($"Safetensors: expected rank at most {MaxRank}.");
        return [.. dimensions.EnumerateArray().Select(dimension =>
            dimension.ValueKind == JsonValueKind.Number && dimension.TryGetInt64(out var size)
                ? size
                : throw new FormatException("Safetensors: a dimension is no integer."))];
    }

    private static long ByteLength(TensorType type, IReadOnlyList<long> shape)
    {
        var count = 1L;
        foreach (var dimension in shape)
        {
            Require.Range(dimension, 0, int.MaxValue, "Safetensors: dimension");
            count *= dimension;
            Require.Range(count, 0, int.MaxValue, "Safetensors: elements");
        }
        return count * SizeOf(type);
    }

    private static void Check(Tensor tensor)
    {
        if (!IsTensorName(tensor.Name)) throw new FormatException("Safetensors: not a tensor's name.");
        Require.Range(tensor.Shape.Count, 0, MaxRank, "Safetensors: rank");
        var expected = ByteLength(tensor.Type, tensor.Shape);
        if (tensor.Data.Length != expected)
            throw new FormatException($"Safetensors: {tensor.Name} expected {expected} bytes, actual {tensor.Data.Length}.");
    }

    private static byte[] HeaderFor(IReadOnlyList<Tensor> tensors)
    {
        var text = new StringBuilder("{");
        var offset = 0L;
        foreach (var tensor in tensors)
        {
            if (text.Length > 1) text.Append(',');
            var end = offset + tensor.Data.Length;
            text.Append(CultureInfo.InvariantCulture,
                $"\"{tensor.Name}\":{{\"dtype\":\"{tensor.Type}\",\"shape\":[{string.Join(',', tensor.Shape)}],\"data_offsets\":[{offset},{end}]}}");
            offset = end;
        }
        text.Append('}');
        return Encoding.ASCII.GetBytes(text.ToString().PadRight((text.Length + 7) / 8 * 8));
    }
}
