using System.Buffers.Binary;
using System.Numerics;
using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.Encoding;

/// <summary>
/// Elementary values in their 32-byte words, as heads and topics carry them. Reading refuses a word with any bit set that its type does not use; writing
/// fills the whole word. All throw <see cref="AbiException"/>.
/// </summary>
public static class AbiWord
{
    public const int Size = 32;

    public static void Write(Span<byte> word, Address value)
    {
        word[..12].Clear();
        value.CopyTo(word[12..]);
    }

    public static void Write(Span<byte> word, Bytes32 value) => value.CopyTo(word);

    public static void Write(Span<byte> word, bool value)
    {
        word[..31].Clear();
        word[31] = value ? (byte)1 : (byte)0;
    }

    /// <param name="word">32 bytes.</param>
    /// <param name="value">Of the type uint<paramref name="bits"/>, at most 64.</param>
    /// <param name="bits">Width of the type.</param>
    public static void WriteUInt(Span<byte> word, ulong value, int bits)
    {
        if (bits < 64 && value >> bits != 0)
            throw Overflow(value, "uint", bits);
        word[..24].Clear();
        BinaryPrimitives.WriteUInt64BigEndian(word[24..], value);
    }

    public static void WriteInt(Span<byte> word, long value, int bits)
    {
        if (bits < 64 && value >> (bits - 1) is not (0 or -1))
            throw Overflow(value, "int", bits);
        word[..24].Fill(value < 0 ? (byte)0xff : (byte)0);
        BinaryPrimitives.WriteInt64BigEndian(word[24..], value);
    }

    public static void WriteUInt(Span<byte> word, BigInteger value, int bits)
    {
        if (value.Sign < 0 || value.GetBitLength() > bits)
            throw Overflow(value, "uint", bits);
        word.Clear();
        value.TryWriteBytes(word[(Size - value.GetByteCount(isUnsigned: true))..], out _, isUnsigned: true, isBigEndian: true);
    }

    public static void WriteInt(Span<byte> word, BigInteger value, int bits)
    {
        if (value.GetBitLength() > bits - 1)
            throw Overflow(value, "int", bits);
        word.Fill(value.Sign < 0 ? (byte)0xff : (byte)0);
        value.TryWriteBytes(word[(Size - value.GetByteCount())..], out _, isBigEndian: true);
    }

    /// <summary>A bytesN, N being <paramref name="size"/>.</summary>
    public static void WriteBytes(Span<byte> word, ReadOnlySpan<byte> value, int size)
    {
        if (value.Length != size)
            throw new AbiException($"ABI: bytes{size} takes {size} bytes, actual {value.Length}.");
        value.CopyTo(word);
        word[size..].Clear();
    }

    public static Address ReadAddress(ReadOnlySpan<byte> word) => new(Clean(word, word[..12], 0, "address")[12..]);

    public static Bytes32 ReadBytes32(ReadOnlySpan<byte> word) => new(word);

    public static bool ReadBool(ReadOnlySpan<byte> word) =>
        Clean(word, word[..31], 0, "bool")[31] switch { 0 => false, 1 => true, _ => throw Dirty(word, "bool") };

    /// <summary>A uintN of at most 64 bits.</summary>
    public static ulong ReadUInt(ReadOnlySpan<byte> word, int bits) => BinaryPrimitives.ReadUInt64BigEndian(CleanUInt(word, bits)[24..]);

    public static long ReadInt(ReadOnlySpan<byte> word, int bits) => BinaryPrimitives.ReadInt64BigEndian(CleanInt(word, bits)[24..]);

    public static BigInteger ReadWideUInt(ReadOnlySpan<byte> word, int bits) => new(CleanUInt(word, bits), isUnsigned: true, isBigEndian: true);

    public static BigInteger ReadWideInt(ReadOnlySpan<byte> word, int bits) => new(CleanInt(word, bits), isUnsigned: false, isBigEndian: true);

    /// <summary>The word of a clean uintN, whose number is not made.</summary>
    public static Bytes32 ReadUIntWord(ReadOnlySpan<byte> word, int bits) => new(CleanUInt(word, bits));

    /// <summary>The word of a clean intN: its two's complement.</summary>
    public static Bytes32 ReadIntWord(ReadOnlySpan<byte> word, int bits) => new(CleanInt(word, bits));

    public static ReadOnlySpan<byte> ReadBytes(ReadOnlySpan<byte> word, int size) => Clean(word, word[size..], 0, "bytesN")[..size];

    /// <summary>A number that is a member of the enumeration.</summary>
    public static T ReadEnum<T>(ReadOnlySpan<byte> word, int bits) where T : struct, Enum
    {
        var value = (T)Enum.ToObject(typeof(T), ReadUInt(word, bits));
        return Enum.IsDefined(value) ? value : throw new AbiException($"ABI: {value} is no {typeof(T).Name}.");
    }

    /// <summary>A caller's own integer type.</summary>
    public static T ReadOwn<T>(BigInteger number) where T : IAbiInteger<T>
    {
        try
        {
            return T.From(number);
        }
        catch (OverflowException error)
        {
            throw new AbiException($"ABI: {number} does not fit {typeof(T).Name}.", error);
        }
    }

    private static ReadOnlySpan<byte> CleanUInt(ReadOnlySpan<byte> word, int bits) => Clean(word, word[..(Size - bits / 8)], 0, "uint");

    private static ReadOnlySpan<byte> CleanInt(ReadOnlySpan<byte> word, int bits)
    {
        var first = Size - bits / 8;
        return Clean(word, word[..first], (word[first] & 0x80) != 0 ? (byte)0xff : (byte)0, "int");
    }

    private static ReadOnlySpan<byte> Clean(ReadOnlySpan<byte> word, ReadOnlySpan<byte> unused, byte fill, string type) =>
        unused.ContainsAnyExcept(fill) ? throw Dirty(word, type) : word;

    private static AbiException Dirty(ReadOnlySpan<byte> word, string type) => new($"ABI: the word {Hex.Encode(word)} is no clean {type}.");

    private static AbiException Overflow(BigInteger value, string type, int bits) => new($"ABI: {value} does not fit {type}{bits}.");
}
