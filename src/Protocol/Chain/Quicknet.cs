using System.Numerics;

namespace Assay.Protocol.Chain;

/// <summary>drand's network quicknet as contracts/Quicknet.sol takes it: a round every three seconds, whose proof is its signature.</summary>
public static class Quicknet
{
    public const int SignatureBytes = 48;

    private const ulong Genesis = 1_692_803_367, Period = 3;
    private const int CompressedFlag = 0x80, InfinityFlag = 0x40, GreaterFlag = 0x20;

    private static readonly BigInteger Modulus = BigInteger.Parse(
        "01a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab", System.Globalization.NumberStyles.HexNumber);

    /// <summary>The first round that is published later than this.</summary>
    /// <param name="time">Unix seconds.</param>
    public static ulong RoundAfter(ulong time) => time < Genesis ? 1 : (time - Genesis) / Period + 2;

    /// <summary>The proof that the contract asks for: the signature's point of G1 uncompressed, x and y in 48 bytes each, big-endian.</summary>
    /// <returns>Null for what is no compressed point of the curve. Whether it is the round's signature is for the contract to say.</returns>
    public static byte[]? ProofOf(ReadOnlySpan<byte> signature)
    {
        if (signature.Length != SignatureBytes || (signature[0] & (CompressedFlag | InfinityFlag)) != CompressedFlag) return null;
        var x = new BigInteger([(byte)(signature[0] & 0x1f), .. signature[1..]], isUnsigned: true, isBigEndian: true);
        if (x >= Modulus) return null;
        var square = (BigInteger.ModPow(x, 3, Modulus) + 4) % Modulus;
        // The modulus is 3 modulo 4, so this power is a root if there is one.
        var y = BigInteger.ModPow(square, (Modulus + 1) / 4, Modulus);
        if (BigInteger.ModPow(y, 2, Modulus) != square) return null;
        var wanted = (signature[0] & GreaterFlag) != 0;
        if (y > Modulus - y != wanted) y = Modulus - y;
        var proof = new byte[2 * SignatureBytes];
        Write(x, proof.AsSpan(0, SignatureBytes));
        Write(y, proof.AsSpan(SignatureBytes));
        return proof;
    }

    private static void Write(BigInteger number, Span<byte> place)
    {
        number.TryWriteBytes(place, out var written, isUnsigned: true, isBigEndian: true);
        place[..written].CopyTo(place[^written..]);
        place[..^written].Clear();
    }
}
