using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json.Serialization;
using Assay.Ethereum.Crypto;

namespace Assay.Ethereum.Primitives;

/// <summary>A 20-byte account address, written with the EIP-55 checksum.</summary>
[JsonConverter(typeof(AddressJsonConverter))]
public readonly struct Address : IEquatable<Address>, IComparable<Address>, ISpanParsable<Address>
{
    public const int Size = 20;

    public static readonly Address Zero;

    private readonly ulong _a, _b;
    private readonly uint _c;

    /// <exception cref="ArgumentException">Not 20 bytes.</exception>
    public Address(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
            throw new ArgumentException($"Address: expected 20 bytes, actual {bytes.Length}.", nameof(bytes));
        _a = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _b = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        _c = BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]);
    }

    public bool IsZero => (_a | _b | _c) == 0;

    /// <summary>Lower-case form without checksum, as database keys and canonical JSON want it.</summary>
    public string ToLowerString()
    {
        Span<byte> bytes = stackalloc byte[Size];
        CopyTo(bytes);
        return Hex.Encode(bytes);
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
        BinaryPrimitives.WriteUInt32BigEndian(destination[16..], _c);
    }

    /// <summary>Reads an address. Digits of one case carry no checksum; mixed case must match EIP-55.</summary>
    /// <exception cref="FormatException">Wrong length, digits or checksum; the message says what was expected.</exception>
    public static Address Parse(ReadOnlySpan<char> text)
    {
        Span<byte> bytes = stackalloc byte[Size];
        if (!Hex.TryDecode(text, bytes))
            throw new FormatException($"Address: expected 0x and 40 hexadecimal digits, actual '{Hex.Excerpt(text)}'.");
        var address = new Address(bytes);
        return address.ChecksumFits(text)
            ? address
            : throw new FormatException($"Address checksum: expected '{address}', actual '{text}'.");
    }

    public static bool TryParse(ReadOnlySpan<char> text, out Address value)
    {
        Span<byte> bytes = stackalloc byte[Size];
        value = default;
        if (!Hex.TryDecode(text, bytes))
            return false;
        var address = new Address(bytes);
        if (!address.ChecksumFits(text))
            return false;
        value = address;
        return true;
    }

    public static Address Parse(string text) => Parse(text.AsSpan());
    public static Address Parse(string text, IFormatProvider? provider) => Parse(text.AsSpan());
    public static Address Parse(ReadOnlySpan<char> text, IFormatProvider? provider) => Parse(text);
    public static bool TryParse([NotNullWhen(true)] string? text, out Address value) => TryParse(text.AsSpan(), out value);
    public static bool TryParse([NotNullWhen(true)] string? text, IFormatProvider? provider, out Address value) => TryParse(text.AsSpan(), out value);
    public static bool TryParse(ReadOnlySpan<char> text, IFormatProvider? provider, out Address value) => TryParse(text, out value);

    private bool ChecksumFits(ReadOnlySpan<char> text)
    {
        var digits = text[2..];
        var mixed = digits.ContainsAnyInRange('a', 'f') && digits.ContainsAnyInRange('A', 'F');
        return !mixed || text.SequenceEqual(ToString());
    }

    /// <summary>The EIP-55 form.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Size];
        CopyTo(bytes);
        Span<char> text = stackalloc char[42];
        "0x".CopyTo(text);
        var digits = text[2..];
        Convert.TryToHexStringLower(bytes, digits, out _);

        Span<byte> ascii = stackalloc byte[40];
        Ascii.FromUtf16(digits, ascii, out _);
        Span<byte> hash = stackalloc byte[32];
        Keccak256.Hash(ascii, hash);
        for (var i = 0; i < 40; i++)
        {
            var nibble = i % 2 == 0 ? hash[i / 2] >> 4 : hash[i / 2] & 15;
            if (nibble >= 8)
                digits[i] = char.ToUpperInvariant(digits[i]);
        }
        return text.ToString();
    }

    public bool Equals(Address other) => _a == other._a && _b == other._b && _c == other._c;
    public override bool Equals(object? obj) => obj is Address other && Equals(other);
    public override int GetHashCode() => HashCode.Combine(_a, _b, _c);

    public int CompareTo(Address other)
    {
        var order = _a.CompareTo(other._a);
        if (order == 0) order = _b.CompareTo(other._b);
        return order != 0 ? order : _c.CompareTo(other._c);
    }

    public static bool operator ==(Address left, Address right) => left.Equals(right);
    public static bool operator !=(Address left, Address right) => !left.Equals(right);
    public static bool operator <(Address left, Address right) => left.CompareTo(right) < 0;
    public static bool operator >(Address left, Address right) => left.CompareTo(right) > 0;
    public static bool operator <=(Address left, Address right) => left.CompareTo(right) <= 0;
    public static bool operator >=(Address left, Address right) => left.CompareTo(right) >= 0;
}
