using System.Buffers.Binary;
using System.Numerics;
using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.Crypto;

/// <summary>Keccak-256 with Keccak's original padding (0x01), as Ethereum uses it; not the SHA3-256 of FIPS 202.</summary>
public static class Keccak256
{
    private const int Rate = 136;

    private static readonly ulong[] RoundConstants = MakeRoundConstants();

    public static Bytes32 Hash(ReadOnlySpan<byte> data)
    {
        Span<byte> hash = stackalloc byte[32];
        Hash(data, hash);
        return new Bytes32(hash);
    }

    /// <summary>Hash of the text's UTF-8 bytes: of a signature, a type string, a role name.</summary>
    public static Bytes32 Hash(string text) => Hash(System.Text.Encoding.UTF8.GetBytes(text));

    /// <param name="data">Any length.</param>
    /// <param name="destination">Exactly 32 bytes.</param>
    public static void Hash(ReadOnlySpan<byte> data, Span<byte> destination)
    {
        if (destination.Length != 32)
            throw new ArgumentException($"Keccak256: expected a destination of 32 bytes, actual {destination.Length}.", nameof(destination));
        Span<ulong> state = stackalloc ulong[25];
        state.Clear();
        for (; data.Length >= Rate; data = data[Rate..])
        {
            Absorb(state, data[..Rate]);
            Permute(state);
        }

        Span<byte> last = stackalloc byte[Rate];
        last.Clear();
        data.CopyTo(last);
        last[data.Length] = 0x01;
        last[Rate - 1] |= 0x80;
        Absorb(state, last);
        Permute(state);
        for (var i = 0; i < 4; i++)
            BinaryPrimitives.WriteUInt64LittleEndian(destination[(8 * i)..], state[i]);
    }

    private static void Absorb(Span<ulong> state, ReadOnlySpan<byte> block)
    {
        for (var i = 0; i < Rate / 8; i++)
            state[i] ^= BinaryPrimitives.ReadUInt64LittleEndian(block[(8 * i)..]);
    }

    // Written out, so that the state stays in registers and no index is checked: three times as quick as loops.
    private static void Permute(Span<ulong> a)
    {
        var (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12) = (a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10], a[11], a[12]);
        var (a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24) = (a[13], a[14], a[15], a[16], a[17], a[18], a[19], a[20], a[21], a[22], a[23], a[24]);
        foreach (var constant in RoundConstants)
        {
            var c0 = a0 ^ a5 ^ a10 ^ a15 ^ a20;
            var c1 = a1 ^ a6 ^ a11 ^ a16 ^ a21;
            var c2 = a2 ^ a7 ^ a12 ^ a17 ^ a22;
            var c3 = a3 ^ a8 ^ a13 ^ a18 ^ a23;
            var c4 = a4 ^ a9 ^ a14 ^ a19 ^ a24;
            var d0 = c4 ^ BitOperations.RotateLeft(c1, 1);
            var d1 = c0 ^ BitOperations.RotateLeft(c2, 1);
            var d2 = c1 ^ BitOperations.RotateLeft(c3, 1);
            var d3 = c2 ^ BitOperations.RotateLeft(c4, 1);
            var d4 = c3 ^ BitOperations.RotateLeft(c0, 1);
            var (b0, b1, b2, b3, b4) = (a0 ^ d0, BitOperations.RotateLeft(a6 ^ d1, 44), BitOperations.RotateLeft(a12 ^ d2, 43), BitOperations.RotateLeft(a18 ^ d3, 21), BitOperations.RotateLeft(a24 ^ d4, 14));
            var (b5, b6, b7, b8, b9) = (BitOperations.RotateLeft(a3 ^ d3, 28), BitOperations.RotateLeft(a9 ^ d4, 20), BitOperations.RotateLeft(a10 ^ d0, 3), BitOperations.RotateLeft(a16 ^ d1, 45), BitOperations.RotateLeft(a22 ^ d2, 61));
            var (b10, b11, b12, b13, b14) = (BitOperations.RotateLeft(a1 ^ d1, 1), BitOperations.RotateLeft(a7 ^ d2, 6), BitOperations.RotateLeft(a13 ^ d3, 25), BitOperations.RotateLeft(a19 ^ d4, 8), BitOperations.RotateLeft(a20 ^ d0, 18));
            var (b15, b16, b17, b18, b19) = (BitOperations.RotateLeft(a4 ^ d4, 27), BitOperations.RotateLeft(a5 ^ d0, 36), BitOperations.RotateLeft(a11 ^ d1, 10), BitOperations.RotateLeft(a17 ^ d2, 15), BitOperations.RotateLeft(a23 ^ d3, 56));
            var (b20, b21, b22, b23, b24) = (BitOperations.RotateLeft(a2 ^ d2, 62), BitOperations.RotateLeft(a8 ^ d3, 55), BitOperations.RotateLeft(a14 ^ d4, 39), BitOperations.RotateLeft(a15 ^ d0, 41), BitOperations.RotateLeft(a21 ^ d1, 2));
            (a0, a1, a2, a3, a4) = (b0 ^ (~b1 & b2), b1 ^ (~b2 & b3), b2 ^ (~b3 & b4), b3 ^ (~b4 & b0), b4 ^ (~b0 & b1));
            (a5, a6, a7, a8, a9) = (b5 ^ (~b6 & b7), b6 ^ (~b7 & b8), b7 ^ (~b8 & b9), b8 ^ (~b9 & b5), b9 ^ (~b5 & b6));
            (a10, a11, a12, a13, a14) = (b10 ^ (~b11 & b12), b11 ^ (~b12 & b13), b12 ^ (~b13 & b14), b13 ^ (~b14 & b10), b14 ^ (~b10 & b11));
            (a15, a16, a17, a18, a19) = (b15 ^ (~b16 & b17), b16 ^ (~b17 & b18), b17 ^ (~b18 & b19), b18 ^ (~b19 & b15), b19 ^ (~b15 & b16));
            (a20, a21, a22, a23, a24) = (b20 ^ (~b21 & b22), b21 ^ (~b22 & b23), b22 ^ (~b23 & b24), b23 ^ (~b24 & b20), b24 ^ (~b20 & b21));
            a0 ^= constant;
        }
        (a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10], a[11], a[12]) = (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12);
        (a[13], a[14], a[15], a[16], a[17], a[18], a[19], a[20], a[21], a[22], a[23], a[24]) = (a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24);
    }

    // The constants come from the degree-8 shift register of the specification (x^8 + x^6 + x^5 + x^4 + 1).
    private static ulong[] MakeRoundConstants()
    {
        var constants = new ulong[24];
        var register = 1;
        for (var round = 0; round < 24; round++)
            for (var j = 0; j <= 6; j++)
            {
                if ((register & 1) != 0)
                    constants[round] |= 1UL << ((1 << j) - 1);
                register = (register << 1) ^ ((register & 0x80) != 0 ? 0x171 : 0);
            }
        return constants;
    }
}
