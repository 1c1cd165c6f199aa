using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Text.Json.Serialization;

namespace Assay.Ethereum.Primitives;

/// <summary>32 bytes: a hash, a job id, a word. Ordered as a big-endian number; written as 0x and 64 lower-case digits.</summary>
[JsonConverter(typeof(Bytes32JsonConverter))]
public readonly struct Bytes32 : IEquatable<Bytes32>, IComparable<Bytes32>, ISpanParsable<Bytes32>
{
    public const int Size = 32;

    public static readonly Bytes32 Zero;

    private readonly ulong _a, _b, _c, _d;

    /// <exception cref="ArgumentException">Not 32 bytes.</exception>
    public Bytes32(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
            throw new ArgumentException($"Bytes32: expected 32 bytes, actual {bytes.Length}.", nameof(bytes));
        _a = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _b = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        _c = BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]);
        _d = BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]);
    }

    public bool IsZero => (_a | _b | _c | _d) == 0;

    /// <summary>The big-endian word of an unsigned number below 2^256.</summary>
    public static Bytes32 FromBigInteger(BigInteger value)
    {
        if (value.Sign < 0 || value.GetByteCount(isUnsigned: true) > Size)
            throw new ArgumentOutOfRangeException(nameof(value), "Bytes32: expected a number from 0 to 2^256 - 1.");
        Span<byte> word = stackalloc byte[Size];
        word.Clear();
        value.TryWriteBytes(word[(Size - value.GetByteCount(isUnsigned: true))..], out _, isUnsigned: true, isBigEndian: true);
        return new Bytes32(word);
    }

    public BigInteger ToBigInteger()
    {
        Span<byte> word = stackalloc byte[Size];
        CopyTo(word);
        return new BigInteger(word, isUnsigned: true, isBigEndian: true);
    }

    public byte[] ToArray()
    {
        var bytes = new byte[Size];
        CopyTo(bytes);
        return bytes;
    }

    public void CopyTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, _a);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], _b);
        BinaryPrimitives.WriteUInt64BigEndian(destination[16..], _c);
        BinaryPrimitives.WriteUInt64BigEndian(destination[24..], _d);
    }

    /// <exception cref="FormatException">Not 0x and 64 hexadecimal digits.</exception>
    public static Bytes32 Parse(ReadOnlySpan<char> text) =>
        TryParse(text, out var value)
            ? value
            : throw new FormatException($"Bytes32: expected 0x and 64 hexadecimal digits, actual '{Hex.Excerpt(text)}'.");

    public static bool TryParse(ReadOnlySpan<char> text, out Bytes32 value)
    {
        Span<byte> bytes = stackalloc byte[Size];
        var ok = Hex.TryDecode(text, bytes);
        value = ok ? new Bytes32(bytes) : default;
        return ok;
    }

    public static Bytes32 Parse(string text) => Parse(text.AsSpan());
    public static Bytes32 Parse(string text, IFormatProvider? provider) => Parse(text.AsSpan());
    public static Bytes32 Parse(ReadOnlySpan<char> text, IFormatProvider? provider) => Parse(text);
    public static bool TryParse([NotNullWhen(true)] string? text, out Bytes32 value) => TryParse(text.AsSpan(), out value);
    public static bool TryParse([NotNullWhen(true)] string? text, IFormatProvider? provider, out Bytes32 value) => TryParse(text.AsSpan(), out value);
    public static bool TryParse(ReadOnlySpan<char> text, IFormatProvider? provider, out Bytes32 value) => TryParse(text, out value);

    public bool Equals(Bytes32 other) => _a == other._a && _b == other._b && _c == other._c && _d == other._d;
    public override bool Equals(object? obj) => obj is Bytes32 other && Equals(other);
    public override int GetHashCode() => HashCode.Combine(_a, _b, _c, _d);

    public int CompareTo(Bytes32 other)
    {
        var order = _a.CompareTo(other._a);
        if (order == 0) order = _b.CompareTo(other._b);
        if (order == 0) order = _c.CompareTo(other._c);
        return order != 0 ? order : _d.CompareTo(other._d);
    }

    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Size];
        CopyTo(bytes);
        return Hex.Encode(bytes);
    }

    public static bool operator ==(Bytes32 left, Bytes32 right) => left.Equals(right);
    public static bool operator !=(Bytes32 left, Bytes32 right) => !left.Equals(right);
    public static bool operator <(Bytes32 left, Bytes32 right) => left.CompareTo(right) < 0;
    public static bool operator >(Bytes32 left, Bytes32 right) => left.CompareTo(right) > 0;
    public static bool operator <=(Bytes32 left, Bytes32 right) => left.CompareTo(right) <= 0;
    public static bool operator >=(Bytes32 left, Bytes32 right) => left.CompareTo(right) >= 0;
}
