using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Assay.Ethereum.Wallets;

/// <summary>The scrypt key derivation of RFC 7914.</summary>
public static class Scrypt
{
    /// <summary>Most memory a derivation may take, in bytes; a keystore file could otherwise ask for all of it.</summary>
    public const long MaxMemory = 1L << 30;

    /// <summary>Most bytes that are mixed over all lanes: the bound on time, some half a minute.</summary>
    public const long MaxWork = 1L << 32;

    /// <param name="password">Any length.</param>
    /// <param name="salt">Any length.</param>
    /// <param name="n">Cost: a power of two, at least 2.</param>
    /// <param name="r">Block size in units of 128 bytes.</param>
    /// <param name="p">Parallelisation; the lanes are worked one after the other.</param>
    /// <param name="length">Bytes to derive.</param>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is out of range, or beyond <see cref="MaxMemory"/> or <see cref="MaxWork"/>.</exception>
    public static byte[] Derive(ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, int n, int r, int p, int length)
    {
        if (n < 2 || !BitOperations.IsPow2(n))
            throw new ArgumentOutOfRangeException(nameof(n), $"scrypt: expected n to be a power of two, actual {n}.");
        if (r < 1 || p < 1 || (long)r * p > 1 << 16)
            throw new ArgumentOutOfRangeException(nameof(r), $"scrypt: expected r and p of at least 1 and r * p up to 65536, actual {r} and {p}.");
        if (128L * r * (n + (long)p) > MaxMemory)
            throw new ArgumentOutOfRangeException(nameof(n), $"scrypt: {128L * r * n} bytes of memory asked for, at most {MaxMemory} allowed.");

        if (128L * r * p * n > MaxWork)
            throw new ArgumentOutOfRangeException(nameof(p), $"scrypt: n * r * p of {(long)n * r * p} is more than {MaxWork / 128}.");

        var lane = 32 * r;
        var blocks = new uint[lane * p];
        var table = new uint[(long)lane * n];
        try
        {
            Rfc2898DeriveBytes.Pbkdf2(password, salt, MemoryMarshal.AsBytes(blocks.AsSpan()), 1, HashAlgorithmName.SHA256);
            ToHostOrder(blocks);
            for (var i = 0; i < p; i++)
                Mix(blocks.AsSpan(i * lane, lane), table, n, r);
            ToHostOrder(blocks);
            return Rfc2898DeriveBytes.Pbkdf2(password, MemoryMarshal.AsBytes(blocks.AsSpan()), 1, HashAlgorithmName.SHA256, length);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(blocks.AsSpan()));
            CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(table.AsSpan()));
        }
    }

    private static void ToHostOrder(Span<uint> words)
    {
        if (BitConverter.IsLittleEndian)
            return;
        BinaryPrimitives.ReverseEndianness(words, words);
    }

    private static void Mix(Span<uint> x, uint[] table, int n, int r)
    {
        Span<uint> y = new uint[x.Length];
        for (var i = 0; i < n; i++)
        {
            x.CopyTo(table.AsSpan(i * x.Length, x.Length));
            MixBlock(x, y, r);
        }
        for (var i = 0; i < n; i++)
        {
            var j = (int)(x[16 * (2 * r - 1)] & (uint)(n - 1));
            var row = table.AsSpan(j * x.Length, x.Length);
            for (var k = 0; k < x.Length; k++)
                x[k] ^= row[k];
            MixBlock(x, y, r);
        }
        MemoryMarshal.AsBytes(y).Clear();
    }

    // Salsa20/8 over the 2r blocks of 64 bytes, each xored with the one before; even results first, odd ones after.
    private static void MixBlock(Span<uint> b, Span<uint> y, int r)
    {
        Span<uint> x = stackalloc uint[16];
        b.Slice(16 * (2 * r - 1), 16).CopyTo(x);
        for (var i = 0; i < 2 * r; i++)
        {
            for (var k = 0; k < 16; k++)
                x[k] ^= b[16 * i + k];
            Salsa8(x);
            x.CopyTo(y.Slice(16 * (i / 2 + (i % 2 == 0 ? 0 : r)), 16));
        }
        y.CopyTo(b);
    }

    private static void Salsa8(Span<uint> block)
    {
        Span<uint> x = stackalloc uint[16];
        block.CopyTo(x);
        for (var round = 0; round < 4; round++)
        {
            for (var i = 0; i < 4; i++)
                Quarter(ref x[5 * i], ref x[(5 * i + 4) % 16], ref x[(5 * i + 8) % 16], ref x[(5 * i + 12) % 16]);
            for (var i = 0; i < 4; i++)
                Quarter(ref x[5 * i], ref x[4 * i + (i + 1) % 4], ref x[4 * i + (i + 2) % 4], ref x[4 * i + (i + 3) % 4]);
        }
        for (var k = 0; k < 16; k++)
            block[k] += x[k];
    }

    private static void Quarter(ref uint a, ref uint b, ref uint c, ref uint d)
    {
        b ^= BitOperations.RotateLeft(a + d, 7);
        c ^= BitOperations.RotateLeft(b + a, 9);
        d ^= BitOperations.RotateLeft(c + b, 13);
        a ^= BitOperations.RotateLeft(d + c, 18);
    }
}
