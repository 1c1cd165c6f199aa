using System.Globalization;
using System.Numerics;

namespace Assay.Ethereum.Primitives;

/// <summary>Lower-case, 0x-prefixed hexadecimal as JSON-RPC uses it: data (even digits) and quantities (no leading zero).</summary>
public static class Hex
{
    public static string Encode(ReadOnlySpan<byte> bytes) => "0x" + Convert.ToHexStringLower(bytes);

    /// <summary>Bytes of "0x…" (the prefix is required, the case of digits is free).</summary>
    /// <exception cref="FormatException">No prefix, an odd number of digits or a sign that is no hexadecimal digit.</exception>
    public static byte[] Decode(ReadOnlySpan<char> text) =>
        TryDecode(text, out var bytes)
            ? bytes
            : throw new FormatException($"Hex: expected 0x and an even number of hexadecimal digits, actual '{Excerpt(text)}'.");

    public static bool TryDecode(ReadOnlySpan<char> text, out byte[] bytes)
    {
        bytes = [];
        if (!text.StartsWith("0x") || text.Length % 2 != 0)
            return false;
        var result = new byte[(text.Length - 2) / 2];
        if (!TryDecode(text, result))
            return false;
        bytes = result;
        return true;
    }

    /// <summary>Fills <paramref name="destination"/> exactly; false when the text is not hex of just that length.</summary>
    public static bool TryDecode(ReadOnlySpan<char> text, Span<byte> destination) =>
        text.StartsWith("0x")
        && text.Length == 2 + 2 * destination.Length
        && Convert.FromHexString(text[2..], destination, out _, out _) == System.Buffers.OperationStatus.Done;

    /// <summary>Bytes of UTF-8 "0x…" with that many digits; nothing else is taken.</summary>
    /// <exception cref="FormatException">No prefix, another number of digits, or a sign that is no hexadecimal digit.</exception>
    public static void Decode(ReadOnlySpan<byte> utf8, Span<byte> destination)
    {
        if (DecodedLength(utf8) != destination.Length || Convert.FromHexString(utf8[2..], destination, out _, out _) != System.Buffers.OperationStatus.Done)
            throw new FormatException($"Hex: expected 0x and {2 * destination.Length} hexadecimal digits, actual '{Excerpt(System.Text.Encoding.Latin1.GetString(utf8))}'.");
    }

    /// <summary>Bytes that UTF-8 "0x…" stands for; its digits are not looked at.</summary>
    public static int DecodedLength(ReadOnlySpan<byte> utf8) =>
        utf8.StartsWith("0x"u8) && utf8.Length % 2 == 0 ? utf8.Length / 2 - 1 : throw new FormatException("Hex: expected 0x and an even number of digits.");

    /// <summary>A JSON-RPC quantity: 0x0, 0x1a; never negative.</summary>
    public static string Quantity(BigInteger value)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, BigInteger.Zero);
        var digits = value.ToString("x", CultureInfo.InvariantCulture).TrimStart('0');
        return digits.Length == 0 ? "0x0" : "0x" + digits;
    }

    public static string Quantity(ulong value) => "0x" + value.ToString("x", CultureInfo.InvariantCulture);

    /// <summary>A quantity of at most 256 bits. Leading zeros are accepted: some nodes send them.</summary>
    /// <exception cref="FormatException">Not a quantity, or more than 256 bits.</exception>
    public static BigInteger ParseQuantity(ReadOnlySpan<char> text)
    {
        if (text.Length is < 3 or > 66 || !text.StartsWith("0x"))
            throw new FormatException($"Hex: expected a quantity of 1 to 64 hexadecimal digits after 0x, actual '{Excerpt(text)}'.");
        // The leading zero keeps the first digit from being read as a sign.
        return BigInteger.TryParse(string.Concat("0", text[2..]), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new FormatException($"Hex: expected a quantity, actual '{Excerpt(text)}'.");
    }

    /// <exception cref="FormatException">Not a quantity, or more than 64 bits.</exception>
    public static ulong ParseUInt64(ReadOnlySpan<char> text)
    {
        var value = ParseQuantity(text);
        return value <= ulong.MaxValue
            ? (ulong)value
            : throw new FormatException($"Hex: expected a quantity of at most 64 bits, actual '{Excerpt(text)}'.");
    }

    internal static string Excerpt(ReadOnlySpan<char> text) =>
        text.Length <= 80 ? text.ToString() : $"{text[..80]}… ({text.Length} characters)";
}
