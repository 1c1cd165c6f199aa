using Assay.Ethereum.Crypto;

namespace Assay.Indexer.Sync;

/// <summary>The three bits that an address or a topic sets in a header's logs bloom (Yellow Paper, 4.3.1).</summary>
public readonly struct Bloom
{
    private readonly ushort _a, _b, _c;

    public Bloom(ReadOnlySpan<byte> value)
    {
        Span<byte> hash = stackalloc byte[32];
        Keccak256.Hash(value, hash);
        (_a, _b, _c) = (Bit(hash), Bit(hash[2..]), Bit(hash[4..]));
    }

    /// <param name="bloom">256 bytes. True may be chance, false is certain.</param>
    public bool IsIn(ReadOnlySpan<byte> bloom) => Has(bloom, _a) && Has(bloom, _b) && Has(bloom, _c);

    private static ushort Bit(ReadOnlySpan<byte> pair) => (ushort)((pair[0] << 8 | pair[1]) & 2047);

    private static bool Has(ReadOnlySpan<byte> bloom, int bit) => (bloom[255 - bit / 8] & (1 << (bit % 8))) != 0;
}
