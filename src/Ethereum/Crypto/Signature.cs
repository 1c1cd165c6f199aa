using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.Crypto;

/// <summary>A recoverable ECDSA signature over secp256k1 in its low-s form (EIP-2).</summary>
/// <param name="R">1 to n - 1.</param>
/// <param name="S">1 to n / 2; a larger one is refused wherever a signature enters.</param>
/// <param name="YParity">0 or 1: the parity of the nonce point's y.</param>
public readonly record struct Signature(Bytes32 R, Bytes32 S, int YParity)
{
    public const int Size = 65;

    private static readonly Bytes32 Order = Bytes32.Parse("0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
    private static readonly Bytes32 HalfOrder = Bytes32.Parse("0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0");

    /// <summary>27 or 28, as contracts and wallets write it.</summary>
    public byte V => (byte)(27 + YParity);

    /// <summary>r and s in range, s in the lower half, parity 0 or 1.</summary>
    public bool IsCanonical => !R.IsZero && R < Order && !S.IsZero && S <= HalfOrder && YParity is 0 or 1;

    /// <summary>65 bytes r || s || v with v 27 or 28.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[Size];
        R.CopyTo(bytes);
        S.CopyTo(bytes.AsSpan(32));
        bytes[64] = V;
        return bytes;
    }

    /// <summary>Reads 65 bytes r || s || v, v 27 or 28.</summary>
    /// <exception cref="FormatException">Wrong length, v, range, or s in the upper half.</exception>
    public static Signature Parse(ReadOnlySpan<byte> bytes) =>
        Refusal(bytes) is { } reason ? throw new FormatException(reason) : Read(bytes);

    public static bool TryParse(ReadOnlySpan<byte> bytes, out Signature signature)
    {
        var ok = Refusal(bytes) is null;
        signature = ok ? Read(bytes) : default;
        return ok;
    }

    private static Signature Read(ReadOnlySpan<byte> bytes) => new(new Bytes32(bytes[..32]), new Bytes32(bytes[32..64]), bytes[64] - 27);

    private static string? Refusal(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
            return $"Signature: expected {Size} bytes, actual {bytes.Length}.";
        if (bytes[64] is not (27 or 28))
            return $"Signature: expected v 27 or 28, actual {bytes[64]}.";
        return Read(bytes).IsCanonical ? null : "Signature: r or s is out of range, or s is in the upper half.";
    }

    public override string ToString() => Hex.Encode(ToArray());
}
