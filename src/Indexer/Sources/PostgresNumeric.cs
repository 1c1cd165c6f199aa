using System.Buffers.Binary;

namespace Assay.Indexer.Sources;

/// <summary>A 256-bit integer as PostgreSQL sends a numeric: count of digits, weight of the first, sign, scale, then digits to the base 10,000.</summary>
internal static class PostgresNumeric
{
    // 2^256 has 78 decimal digits, 20 to the base 10,000.
    public const int MaxBytes = 8 + 2 * 20;

    private const int Limbs = 8;

    // The greatest power of ten below 2^32: what is left of a limb before the next one fits a machine word.
    private const uint Chunk = 100_000_000;

    /// <param name="word">32 bytes, big-endian.</param>
    /// <param name="signed">Two's complement.</param>
    /// <param name="destination">At least <see cref="MaxBytes"/>.</param>
    /// <returns>Bytes written.</returns>
    public static int Write(ReadOnlySpan<byte> word, bool signed, Span<byte> destination)
    {
        Span<uint> limbs = stackalloc uint[Limbs];
        for (var i = 0; i < Limbs; i++)
            limbs[i] = BinaryPrimitives.ReadUInt32BigEndian(word[(4 * i)..]);
        var isNegative = signed && (word[0] & 0x80) != 0;
        if (isNegative)
            Negate(limbs);

        // Digits come out lowest first; each chunk gives two.
        Span<ushort> digits = stackalloc ushort[20];
        var count = 0;
        for (var top = 0; (top = FirstUsed(limbs, top)) < Limbs;)
        {
            var rest = Divide(limbs[top..]);
            digits[count++] = (ushort)(rest % 10_000);
            digits[count++] = (ushort)(rest / 10_000);
        }
        while (count > 0 && digits[count - 1] == 0)
            count--;

        BinaryPrimitives.WriteInt16BigEndian(destination, (short)count);
        BinaryPrimitives.WriteInt16BigEndian(destination[2..], (short)Math.Max(count - 1, 0));
        BinaryPrimitives.WriteUInt16BigEndian(destination[4..], isNegative ? (ushort)0x4000 : (ushort)0);
        BinaryPrimitives.WriteInt16BigEndian(destination[6..], 0);
        for (var i = 0; i < count; i++)
            BinaryPrimitives.WriteUInt16BigEndian(destination[(8 + 2 * i)..], digits[count - 1 - i]);
        return 8 + 2 * count;
    }

    private static int FirstUsed(ReadOnlySpan<uint> limbs, int from)
    {
        while (from < Limbs && limbs[from] == 0)
            from++;
        return from;
    }

    private static uint Divide(Span<uint> limbs)
    {
        ulong rest = 0;
        for (var i = 0; i < limbs.Length; i++)
        {
            var value = (rest << 32) | limbs[i];
            var quotient = value / Chunk;
            limbs[i] = (uint)quotient;
            rest = value - quotient * Chunk;
        }
        return (uint)rest;
    }

    private static void Negate(Span<uint> limbs)
    {
        var carry = 1UL;
        for (var i = Limbs - 1; i >= 0; i--)
        {
            carry += ~limbs[i];
            limbs[i] = (uint)carry;
            carry >>= 32;
        }
    }
}
