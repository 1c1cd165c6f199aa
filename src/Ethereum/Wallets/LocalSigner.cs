using System.Security.Cryptography;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.Wallets;

/// <summary>A private key in this process: pinned, wiped on <see cref="Dispose"/>, never printed.</summary>
public sealed class LocalSigner : ISigner, IDisposable
{
    // Pinned so that the collector leaves no copies behind when it compacts.
    private readonly byte[] _key = GC.AllocateUninitializedArray<byte>(Secp256k1.KeySize, pinned: true);
    private readonly Lock _gate = new();
    private bool _disposed;

    /// <param name="key">32 bytes; copied, so that the caller can wipe its own.</param>
    /// <exception cref="CryptographicException">Not a valid private key; the message does not contain it.</exception>
    public LocalSigner(ReadOnlySpan<byte> key)
    {
        Address = Secp256k1.AddressOfKey(key);
        key.CopyTo(_key);
    }

    public Address Address { get; }

    public static LocalSigner Generate()
    {
        Span<byte> key = stackalloc byte[Secp256k1.KeySize];
        try
        {
            do RandomNumberGenerator.Fill(key);
            while (!Secp256k1.IsValidKey(key));
            return new LocalSigner(key);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>Reads a key from 0x-prefixed hex, for tests and development chains.</summary>
    public static LocalSigner FromHex(string key)
    {
        Span<byte> bytes = stackalloc byte[Secp256k1.KeySize];
        try
        {
            return Hex.TryDecode(key, bytes)
                ? new LocalSigner(bytes)
                : throw new CryptographicException("Private key: expected 0x and 64 hexadecimal digits.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    /// <exception cref="ObjectDisposedException">The key has been wiped.</exception>
    public ValueTask<Signature> SignDigestAsync(Bytes32 digest, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        return ValueTask.FromResult(UseKey(key => Secp256k1.Sign(digest, key)));
    }

    // The lock keeps a concurrent Dispose from wiping the key under a signature.
    internal T UseKey<T>(Func<ReadOnlySpan<byte>, T> use)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return use(_key);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            CryptographicOperations.ZeroMemory(_key);
            _disposed = true;
        }
    }

    public override string ToString() => $"LocalSigner {Address}";
}
