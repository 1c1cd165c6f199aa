using System.Security.Cryptography;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Wallets;
using Assay.Hosting;

namespace Assay.Settlement.Submission;

public static class RelayerKey
{
    /// <exception cref="StartRefusedException">A file is missing or unreadable, or the password is wrong.</exception>
    public static ISigner Read(RelayerOptions options)
    {
        try
        {
            return Keystore.Read(options.Keystore, File.ReadAllText(options.PasswordFile).TrimEnd('\r', '\n'));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or KeystoreException or CryptographicException)
        {
            throw new StartRefusedException($"Relayer:Keystore: {e.Message}");
        }
    }
}
