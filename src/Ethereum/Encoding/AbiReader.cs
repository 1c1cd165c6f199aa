using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.Encoding;

/// <summary>
/// Reads the canonical encoding and refuses any other: offsets follow one another without gap or overlap, padding is clean, strings are valid UTF-8, no
/// bytes are left over. So every byte is read once, and time and memory stay linear in the input. The mirror of <see cref="AbiWriter"/>; allocates nothing
/// but strings and errors. All throw <see cref="AbiException"/>.
/// </summary>
[StructLayout(LayoutKind.Auto)]
public ref struct AbiReader(ReadOnlySpan<byte> data)
{
    // An element without bytes (an empty tuple, T[0]) would let a short input claim any length.
    private const int MaxEmptyElements = 1024;

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private readonly ReadOnlySpan<byte> _data = data;
    private int _end;

    /// <summary>Enters a sequence whose heads take so many bytes.</summary>
    /// <returns>Its frame: where the first head begins.</returns>
    public int Begin(int headSize)
    {
        var frame = _end;
        Take(headSize);
        return frame;
    }

    /// <summary>The value whose head lies at <paramref name="at"/> is read next; its offset has to point at just what was not read yet.</summary>
    public readonly void Follow(int frame, int at)
    {
        var offset = Number(Word(at), "offset");
        if (offset != _end - frame)
            throw new AbiException($"ABI: a value at offset {offset}, expected {_end - frame}.");
    }

    /// <summary>The 32 bytes of a head.</summary>
    public readonly ReadOnlySpan<byte> Word(int at) => _data.Slice(at, AbiWord.Size);

    /// <summary>The length of a dynamic array, which the rest of the data can hold.</summary>
    public int Length(int elementSize)
    {
        var length = Number(Take(AbiWord.Size), "array length");
        var room = elementSize == 0 ? MaxEmptyElements : (_data.Length - _end) / elementSize;
        return length <= room ? length : throw new AbiException($"ABI: an array claims {length} elements, the data holds at most {room}.");
    }

    /// <summary>Length, bytes and padding; the bytes are those of the input.</summary>
    public ReadOnlySpan<byte> Bytes()
    {
        var length = Number(Take(AbiWord.Size), "byte length");
        if (length > _data.Length - _end)
            throw new AbiException($"ABI: {length} bytes claimed, {_data.Length - _end} present.");
        var padded = Take((length + 31) / 32 * 32);
        if (padded[length..].ContainsAnyExcept((byte)0))
            throw new AbiException("ABI: the padding after bytes or string is not zero.");
        return padded[..length];
    }

    /// <summary>A string's UTF-8.</summary>
    public ReadOnlySpan<byte> Utf8()
    {
        var bytes = Bytes();
        return System.Text.Unicode.Utf8.IsValid(bytes) ? bytes : throw new AbiException("ABI: the string is not valid UTF-8.");
    }

    public string String()
    {
        try
        {
            return StrictUtf8.GetString(Bytes());
        }
        catch (DecoderFallbackException error)
        {
            throw new AbiException("ABI: the string is not valid UTF-8.", error);
        }
    }

    /// <summary>All has been read.</summary>
    public readonly void Finish()
    {
        if (_end != _data.Length)
            throw new AbiException($"ABI: expected {_end} bytes, actual {_data.Length}.");
    }

    private ReadOnlySpan<byte> Take(int size)
    {
        if (size > _data.Length - _end)
            throw new AbiException($"ABI: expected at least {_end + size} bytes, actual {_data.Length}.");
        _end += size;
        return _data.Slice(_end - size, size);
    }

    private static int Number(ReadOnlySpan<byte> word, string what)
    {
        var number = BinaryPrimitives.ReadUInt32BigEndian(word[28..]);
        if (word[..28].ContainsAnyExcept((byte)0) || number > int.MaxValue / 2)
            throw new AbiException($"ABI: the {what} {Hex.Encode(word)} is beyond any input.");
        return (int)number;
    }
}
