using System.Security.Cryptography;
using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.Crypto;

/// <summary>The curve operations Ethereum needs, done by libsecp256k1.</summary>
public static unsafe class Secp256k1
{
    public const int KeySize = 32;

    private const uint Uncompressed = 0x2;
    private const uint Compressed = 0x102;

    /// <summary>Signs with the deterministic nonce of RFC 6979; s is always in the lower half.</summary>
    /// <exception cref="CryptographicException">The key is not 32 bytes of a number from 1 to n - 1.</exception>
    public static Signature Sign(Bytes32 digest, ReadOnlySpan<byte> key)
    {
        CheckKey(key);
        Span<byte> message = stackalloc byte[32];
        digest.CopyTo(message);
        byte* signature = stackalloc byte[65];
        Span<byte> compact = stackalloc byte[64];
        int recoveryId;
        fixed (byte* messagePointer = message, keyPointer = key, compactPointer = compact)
        {
            if (Native.secp256k1_ecdsa_sign_recoverable(Native.Context, signature, messagePointer, keyPointer, 0, 0) != 1)
                throw new CryptographicException("libsecp256k1 could not sign.");
            Native.secp256k1_ecdsa_recoverable_signature_serialize_compact(Native.Context, compactPointer, &recoveryId, signature);
        }
        return recoveryId is 0 or 1
            ? new Signature(new Bytes32(compact[..32]), new Bytes32(compact[32..]), recoveryId)
            : throw new CryptographicException("The signature's r exceeds the group order; Ethereum has no v for it.");
    }

    /// <summary>The signer's address.</summary>
    /// <exception cref="CryptographicException">The signature is not canonical (range, high s) or belongs to no key.</exception>
    public static Address Recover(Bytes32 digest, Signature signature) =>
        TryRecover(digest, signature, out var address)
            ? address
            : throw new CryptographicException("The signature is not canonical or recovers to no public key.");

    public static bool TryRecover(Bytes32 digest, Signature signature, out Address address)
    {
        address = default;
        if (!signature.IsCanonical)
            return false;
        Span<byte> message = stackalloc byte[32];
        digest.CopyTo(message);
        Span<byte> compact = stackalloc byte[64];
        signature.R.CopyTo(compact);
        signature.S.CopyTo(compact[32..]);
        byte* parsed = stackalloc byte[65];
        byte* publicKey = stackalloc byte[64];
        fixed (byte* messagePointer = message, compactPointer = compact)
        {
            if (Native.secp256k1_ecdsa_recoverable_signature_parse_compact(Native.Context, parsed, compactPointer, signature.YParity) != 1
                || Native.secp256k1_ecdsa_recover(Native.Context, publicKey, parsed, messagePointer) != 1)
                return false;
        }
        Span<byte> serialized = stackalloc byte[65];
        Serialize(publicKey, serialized, Uncompressed);
        address = ToAddress(serialized);
        return true;
    }

    /// <summary>The signer of 65 bytes r || s || v; false for any malformed or non-canonical signature.</summary>
    public static bool TryRecover(Bytes32 digest, ReadOnlySpan<byte> signature, out Address address)
    {
        address = default;
        return Signature.TryParse(signature, out var parsed) && TryRecover(digest, parsed, out address);
    }

    /// <summary>Public key of a private key: 33 bytes compressed, else 65 bytes starting with 4.</summary>
    public static byte[] PublicKey(ReadOnlySpan<byte> key, bool compressed = false)
    {
        CheckKey(key);
        byte* publicKey = stackalloc byte[64];
        fixed (byte* keyPointer = key)
            if (Native.secp256k1_ec_pubkey_create(Native.Context, publicKey, keyPointer) != 1)
                throw new CryptographicException("libsecp256k1 could not make the public key.");
        var output = new byte[compressed ? 33 : 65];
        Serialize(publicKey, output, compressed ? Compressed : Uncompressed);
        return output;
    }

    /// <summary>Address of a public key of 33 or 65 bytes.</summary>
    /// <exception cref="CryptographicException">Not a point on the curve.</exception>
    public static Address AddressOfPublicKey(ReadOnlySpan<byte> publicKey)
    {
        if (publicKey.Length is not (33 or 65))
            throw new CryptographicException($"Public key: expected 33 or 65 bytes, actual {publicKey.Length}.");
        byte* parsed = stackalloc byte[64];
        fixed (byte* input = publicKey)
            if (Native.secp256k1_ec_pubkey_parse(Native.Context, parsed, input, (nuint)publicKey.Length) != 1)
                throw new CryptographicException("Public key: not a point of secp256k1.");
        Span<byte> serialized = stackalloc byte[65];
        Serialize(parsed, serialized, Uncompressed);
        return ToAddress(serialized);
    }

    public static Address AddressOfKey(ReadOnlySpan<byte> key) => ToAddress(PublicKey(key));

    public static bool IsValidKey(ReadOnlySpan<byte> key)
    {
        if (key.Length != KeySize)
            return false;
        fixed (byte* keyPointer = key)
            return Native.secp256k1_ec_seckey_verify(Native.Context, keyPointer) == 1;
    }

    /// <summary>key := key + tweak mod n, in place; false when the tweak is out of range or the sum is zero.</summary>
    internal static bool TryAddTweak(Span<byte> key, ReadOnlySpan<byte> tweak)
    {
        fixed (byte* keyPointer = key, tweakPointer = tweak)
            return Native.secp256k1_ec_seckey_tweak_add(Native.Context, keyPointer, tweakPointer) == 1;
    }

    private static void CheckKey(ReadOnlySpan<byte> key)
    {
        if (!IsValidKey(key))
            throw new CryptographicException("Private key: expected 32 bytes of a number from 1 to n - 1.");
    }

    private static void Serialize(byte* publicKey, Span<byte> output, uint flags)
    {
        var length = (nuint)output.Length;
        fixed (byte* outputPointer = output)
            Native.secp256k1_ec_pubkey_serialize(Native.Context, outputPointer, &length, publicKey, flags);
    }

    private static Address ToAddress(ReadOnlySpan<byte> uncompressed)
    {
        Span<byte> hash = stackalloc byte[32];
        Keccak256.Hash(uncompressed[1..], hash);
        return new Address(hash[12..]);
    }
}
