using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using Assay.Ethereum.Crypto;

namespace Assay.Ethereum.Wallets;

/// <summary>BIP-32 keys of a BIP-39 mnemonic on BIP-44's Ethereum path. Holds the master key until disposed.</summary>
public sealed class HdWallet : IDisposable
{
    /// <summary>Path of Ethereum accounts, to be followed by the account's index.</summary>
    public const string EthereumPath = "m/44'/60'/0'/0";

    private const uint Hardened = 0x80000000;
    private const int MaxPathSteps = 32;

    // Key, then chain code.
    private readonly byte[] _master = GC.AllocateUninitializedArray<byte>(64, pinned: true);
    private bool _disposed;

    /// <param name="seed">16 to 64 bytes.</param>
    public HdWallet(ReadOnlySpan<byte> seed)
    {
        if (seed.Length is < 16 or > 64)
            throw new ArgumentException($"Seed: expected 16 to 64 bytes, actual {seed.Length}.", nameof(seed));
        HMACSHA512.HashData("Bitcoin seed"u8, seed, _master);
        if (!Secp256k1.IsValidKey(_master.AsSpan(0, 32)))
            throw new CryptographicException("This seed gives no valid master key.");
    }

    /// <exception cref="FormatException">The mnemonic does not check; the message holds none of its words.</exception>
    public static HdWallet FromMnemonic(string mnemonic, string passphrase = "")
    {
        var seed = Mnemonic.ToSeed(mnemonic, passphrase);
        try
        {
            return new HdWallet(seed);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(seed);
        }
    }

    /// <summary>Account <paramref name="index"/> of <see cref="EthereumPath"/>.</summary>
    public LocalSigner GetAccount(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        return Derive(string.Create(CultureInfo.InvariantCulture, $"{EthereumPath}/{index}"));
    }

    /// <summary>The key at a path like m/44'/60'/0'/0/7; an apostrophe or h marks a hardened step.</summary>
    /// <exception cref="FormatException">Not a path.</exception>
    public LocalSigner Derive(string path)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Span<byte> node = stackalloc byte[64];
        try
        {
            _master.CopyTo(node);
            foreach (var step in ParsePath(path))
                Step(node, step);
            return new LocalSigner(node[..32]);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(node);
        }
    }

    private static void Step(Span<byte> node, uint index)
    {
        Span<byte> data = stackalloc byte[37];
        Span<byte> derived = stackalloc byte[64];
        try
        {
            if (index >= Hardened)
                node[..32].CopyTo(data[1..]);
            else
                Secp256k1.PublicKey(node[..32], compressed: true).CopyTo(data);
            if (index >= Hardened)
                data[0] = 0;
            BinaryPrimitives.WriteUInt32BigEndian(data[33..], index);
            HMACSHA512.HashData(node[32..], data, derived);
            if (!Secp256k1.TryAddTweak(node[..32], derived[..32]))
                throw new CryptographicException($"The path has no key at index {index}; take the next one.");
            derived[32..].CopyTo(node[32..]);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(data);
            CryptographicOperations.ZeroMemory(derived);
        }
    }

    private static uint[] ParsePath(string path)
    {
        var parts = path.Split('/');
        return parts[0] == "m" && parts.Length <= MaxPathSteps + 1 ? [.. parts[1..].Select(p => ParseStep(p, path))] : throw NoPath(path);
    }

    private static uint ParseStep(string part, string path)
    {
        var hardened = part.EndsWith('\'') || part.EndsWith('h');
        return uint.TryParse(hardened ? part[..^1] : part, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < Hardened
            ? hardened ? index | Hardened : index
            : throw NoPath(path);
    }

    private static FormatException NoPath(string path) => new($"Derivation path: expected m/44'/60'/0'/0/0 or alike, actual '{Primitives.Hex.Excerpt(path)}'.");

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_master);
        _disposed = true;
    }

    public override string ToString() => "HdWallet";
}
