using System.Security.Cryptography;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Wallets;
using Assay.Hosting;

namespace Assay.Indexer.Proofs;

/// <summary>The key that puts this indexer's name to its digests; it holds no money and may do nothing on the chain. Null where none is configured.</summary>
public sealed record IndexerKey(ISigner? Signer)
{
    /// <exception cref="StartRefusedException">A file is missing or unreadable, or the password is wrong.</exception>
    public static IndexerKey Read(SigningOptions options)
    {
        if (options.Keystore == "")
            return new((ISigner?)null);
        try
        {
            return new(Keystore.Read(options.Keystore, File.ReadAllText(options.PasswordFile).TrimEnd('\r', '\n')));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or KeystoreException or CryptographicException)
        {
            throw new StartRefusedException($"Signing:Keystore: {e.Message}");
        }
    }
}
