using System.Runtime.InteropServices;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.Bench;

/// <summary>libsecp256k1 alone: what of the time is not ours.</summary>
internal static unsafe partial class Bare
{
    private const string Library = "libsecp256k1.so.1";

    private static readonly nint Context = secp256k1_context_create(0x301);
    private static readonly byte[] Key = Hex.Decode("0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d");

    internal static byte Sign(Bytes32 digest)
    {
        Span<byte> message = stackalloc byte[32], signature = stackalloc byte[65];
        digest.CopyTo(message);
        fixed (byte* key = Key, m = message, s = signature)
            return secp256k1_ecdsa_sign_recoverable(Context, s, m, key, 0, 0) == 1 ? s[0] : throw new InvalidOperationException("No signature.");
    }

    internal static byte Recover(Bytes32 digest, Signature from)
    {
        Span<byte> message = stackalloc byte[32], compact = stackalloc byte[64], signature = stackalloc byte[65], key = stackalloc byte[64];
        digest.CopyTo(message);
        from.R.CopyTo(compact);
        from.S.CopyTo(compact[32..]);
        fixed (byte* m = message, c = compact, s = signature, k = key)
            return secp256k1_ecdsa_recoverable_signature_parse_compact(Context, s, c, from.YParity) == 1 && secp256k1_ecdsa_recover(Context, k, s, m) == 1
                ? k[0]
                : throw new InvalidOperationException("No key.");
    }

    [LibraryImport(Library)]
    private static partial nint secp256k1_context_create(uint flags);

    [LibraryImport(Library)]
    private static partial int secp256k1_ecdsa_sign_recoverable(nint context, byte* signature, byte* message, byte* key, nint nonceFunction, nint nonceData);

    [LibraryImport(Library)]
    private static partial int secp256k1_ecdsa_recoverable_signature_parse_compact(nint context, byte* signature, byte* compact, int recoveryId);

    [LibraryImport(Library)]
    private static partial int secp256k1_ecdsa_recover(nint context, byte* publicKey, byte* signature, byte* message);
}
