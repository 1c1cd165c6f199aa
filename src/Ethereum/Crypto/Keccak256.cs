using System.Buffers.Binary;
using System.Numerics;
using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.Crypto;

/// <summary>Keccak-256 with Keccak's original padding (0x01), as Ethereum uses it; not the SHA3-256 of FIPS 202.</summary>
public static class Keccak256
{
    private const int Rate = 136;

    private static readonly ulong[] RoundConstants = MakeRoundConstants();

    // Rotation and target lane of the combined rho and pi steps, following lane (1,0) round its cycle.
    private static ReadOnlySpan<byte> Rotations => [1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44];
    private static ReadOnlySpan<byte> Lanes => [10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1];

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

    private static void Permute(Span<ulong> a)
    {
        Span<ulong> c = stackalloc ulong[5];
        foreach (var constant in RoundConstants)
        {
            for (var x = 0; x < 5; x++)
                c[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
            for (var x = 0; x < 5; x++)
            {
                var d = c[(x + 4) % 5] ^ BitOperations.RotateLeft(c[(x + 1) % 5], 1);
                for (var y = 0; y < 25; y += 5)
                    a[x + y] ^= d;
            }

            var moved = a[1];
            for (var i = 0; i < 24; i++)
            {
                var lane = Lanes[i];
                (moved, a[lane]) = (a[lane], BitOperations.RotateLeft(moved, Rotations[i]));
            }

            for (var y = 0; y < 25; y += 5)
            {
                a.Slice(y, 5).CopyTo(c);
                for (var x = 0; x < 5; x++)
                    a[y + x] = c[x] ^ (~c[(x + 1) % 5] & c[(x + 2) % 5]);
            }
            a[0] ^= constant;
        }
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
