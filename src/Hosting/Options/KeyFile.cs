using System.Security.Cryptography;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Wallets;

namespace Assay.Hosting.Options;

/// <summary>A service's key, from a V3 keystore.</summary>
public static class KeyFile
{
    /// <param name="passwordFile">File with the password; one trailing line break is left out.</param>
    /// <param name="setting">Named where the key cannot be read.</param>
    /// <exception cref="StartRefusedException">A file is missing or unreadable, or the password is wrong.</exception>
    public static ISigner Read(string keystore, string passwordFile, string setting)
    {
        try
        {
            return Keystore.Read(keystore, File.ReadAllText(passwordFile).TrimEnd('\r', '\n'));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or KeystoreException or CryptographicException)
        {
            throw new StartRefusedException($"{setting}: {e.Message}");
        }
    }
}
