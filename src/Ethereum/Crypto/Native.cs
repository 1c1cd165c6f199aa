using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Assay.Ethereum.Crypto;

/// <summary>The functions of libsecp256k1 (with the recovery module) that this library calls.</summary>
internal static unsafe partial class Native
{
    private const string Library = "secp256k1";
    private const string SoName = "libsecp256k1.so.1";
    private const uint ContextSignVerify = 0x301;

    // A Lazy keeps the load error as it is; a static constructor would hide it in a TypeInitializationException.
    private static readonly Lazy<nint> SharedContext = new(CreateContext);

    /// <summary>Read-only after creation, so that all threads share it.</summary>
    /// <exception cref="DllNotFoundException">The library is missing; the message names the Debian package.</exception>
    internal static nint Context => SharedContext.Value;

    private static nint CreateContext()
    {
        NativeLibrary.SetDllImportResolver(typeof(Native).Assembly, (name, _, _) => name == Library ? Load(Environment.GetEnvironmentVariable("ASSAY_NATIVE_DIR"), SoName) : 0);
        var context = secp256k1_context_create(ContextSignVerify);
        Span<byte> seed = stackalloc byte[32];
        RandomNumberGenerator.Fill(seed);
        fixed (byte* seedPointer = seed)
            if (secp256k1_context_randomize(context, seedPointer) != 1)
                throw new CryptographicException("libsecp256k1 refused to blind its context.");
        CryptographicOperations.ZeroMemory(seed);
        return context;
    }

    internal static nint Load(string? directory, string file)
    {
        if (!string.IsNullOrEmpty(directory) && NativeLibrary.TryLoad(Path.Combine(directory, file), out var handle))
            return handle;
        if (NativeLibrary.TryLoad(file, out handle))
            return handle;
        throw new DllNotFoundException(
            $"{file} was not found in ASSAY_NATIVE_DIR ('{directory}') nor in the system's library path. "
            + "Install the Debian package libsecp256k1-1, or point ASSAY_NATIVE_DIR at the folder that holds the file.");
    }

    [LibraryImport(Library)]
    private static partial nint secp256k1_context_create(uint flags);

    [LibraryImport(Library)]
    private static partial int secp256k1_context_randomize(nint context, byte* seed32);

    [LibraryImport(Library)]
    internal static partial int secp256k1_ec_seckey_verify(nint context, byte* key);

    [LibraryImport(Library)]
    internal static partial int secp256k1_ec_seckey_tweak_add(nint context, byte* key, byte* tweak32);

    [LibraryImport(Library)]
    internal static partial int secp256k1_ec_pubkey_create(nint context, byte* publicKey64, byte* key);

    [LibraryImport(Library)]
    internal static partial int secp256k1_ec_pubkey_parse(nint context, byte* publicKey64, byte* input, nuint inputLength);

    [LibraryImport(Library)]
    internal static partial int secp256k1_ec_pubkey_serialize(nint context, byte* output, nuint* outputLength, byte* publicKey64, uint flags);

    [LibraryImport(Library)]
    internal static partial int secp256k1_ecdsa_sign_recoverable(nint context, byte* signature65, byte* digest32, byte* key, nint nonceFunction, nint nonceData);

    [LibraryImport(Library)]
    internal static partial int secp256k1_ecdsa_recoverable_signature_serialize_compact(nint context, byte* output64, int* recoveryId, byte* signature65);

    [LibraryImport(Library)]
    internal static partial int secp256k1_ecdsa_recoverable_signature_parse_compact(nint context, byte* signature65, byte* input64, int recoveryId);

    [LibraryImport(Library)]
    internal static partial int secp256k1_ecdsa_recover(nint context, byte* publicKey64, byte* signature65, byte* digest32);
}
