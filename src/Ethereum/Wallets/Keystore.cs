using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.Wallets;

/// <summary>Not a keystore, one that asks for too much, or a wrong password.</summary>
public sealed class KeystoreException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Web3 Secret Storage, version 3: a private key under a password, by scrypt or PBKDF2 and AES-128-CTR.</summary>
public static class Keystore
{
    /// <summary>Cost of new files: about 256 MiB of memory, as geth writes them.</summary>
    public const int DefaultScryptN = 1 << 18;

    private const int MaxFileBytes = 64 * 1024;
    private const int MaxPbkdf2Rounds = 10_000_000;

    /// <exception cref="KeystoreException">The file is no keystore, or the password is wrong.</exception>
    public static LocalSigner Read(string path, string password)
    {
        if (new FileInfo(path).Length > MaxFileBytes)
            throw new KeystoreException($"Keystore: expected a file of at most {MaxFileBytes} bytes.");
        return Decrypt(File.ReadAllText(path), password);
    }

    /// <summary>Writes a new file, readable by its owner alone; it appears whole or not at all. An existing file is kept and the write refused.</summary>
    /// <exception cref="IOException">The file exists, or cannot be written.</exception>
    public static void Write(string path, LocalSigner signer, string password, int scryptN = DefaultScryptN)
    {
        var json = Encrypt(signer, password, scryptN);
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            using (var file = new FileStream(temporary, Owned()))
            {
                file.Write(System.Text.Encoding.UTF8.GetBytes(json));
                file.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: false);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>The keystore's JSON, with scrypt (r 8, p 1).</summary>
    public static string Encrypt(LocalSigner signer, string password, int scryptN = DefaultScryptN)
    {
        var salt = RandomNumberGenerator.GetBytes(32);
        var iv = RandomNumberGenerator.GetBytes(16);
        var derived = DeriveScrypt(password, salt, scryptN, 8, 1);
        try
        {
            var cipherText = signer.UseKey(key => Ctr(derived.AsSpan(0, 16), iv, key));
            return new JsonObject
            {
                ["version"] = 3,
                ["id"] = Guid.NewGuid().ToString(),
                ["address"] = signer.Address.ToLowerString()[2..],
                ["crypto"] = new JsonObject
                {
                    ["cipher"] = "aes-128-ctr",
                    ["cipherparams"] = new JsonObject { ["iv"] = Convert.ToHexStringLower(iv) },
                    ["ciphertext"] = Convert.ToHexStringLower(cipherText),
                    ["kdf"] = "scrypt",
                    ["kdfparams"] = new JsonObject { ["dklen"] = 32, ["n"] = scryptN, ["r"] = 8, ["p"] = 1, ["salt"] = Convert.ToHexStringLower(salt) },
                    ["mac"] = Convert.ToHexStringLower(Mac(derived, cipherText)),
                },
            }.ToJsonString();
        }
        finally
        {
            CryptographicOperations.ZeroMemory(derived);
        }
    }

    /// <exception cref="KeystoreException">Not a keystore, or the password is wrong.</exception>
    public static LocalSigner Decrypt(string json, string password)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return Decrypt(document.RootElement, password);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or ArgumentException or CryptographicException)
        {
            throw new KeystoreException($"Keystore: {error.Message}", error);
        }
    }

    private static LocalSigner Decrypt(JsonElement root, string password)
    {
        if (root.GetProperty("version").GetInt32() != 3)
            throw new FormatException("expected version 3.");
        // Some writers spell it "Crypto".
        var crypto = root.TryGetProperty("crypto", out var found) ? found : root.GetProperty("Crypto");
        var cipher = crypto.GetProperty("cipher").GetString();
        if (cipher != "aes-128-ctr")
            throw new FormatException($"expected the cipher aes-128-ctr, actual {cipher}.");
        var iv = Bytes(crypto.GetProperty("cipherparams"), "iv", 16);
        var cipherText = Bytes(crypto, "ciphertext", 32);
        var derived = Derive(crypto, password);
        byte[]? key = null;
        try
        {
            if (!CryptographicOperations.FixedTimeEquals(Mac(derived, cipherText), Bytes(crypto, "mac", 32)))
                throw new FormatException("the password is wrong, or the file is damaged.");
            key = Ctr(derived.AsSpan(0, 16), iv, cipherText);
            var signer = new LocalSigner(key);
            return !root.TryGetProperty("address", out var address) || Matches(address.GetString() ?? "", signer.Address)
                ? signer
                : throw new FormatException($"the file names address {address}, its key has {signer.Address}.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(derived);
            CryptographicOperations.ZeroMemory(key);
        }
    }

    private static bool Matches(string text, Address address) =>
        string.Equals(text.StartsWith("0x", StringComparison.Ordinal) ? text[2..] : text, address.ToLowerString()[2..], StringComparison.OrdinalIgnoreCase);

    private static byte[] Derive(JsonElement crypto, string password)
    {
        var parameters = crypto.GetProperty("kdfparams");
        var salt = Convert.FromHexString(parameters.GetProperty("salt").GetString()!);
        if (parameters.GetProperty("dklen").GetInt32() != 32)
            throw new FormatException("expected dklen 32.");
        switch (crypto.GetProperty("kdf").GetString())
        {
            case "scrypt":
                return DeriveScrypt(
                    password, salt, parameters.GetProperty("n").GetInt32(), parameters.GetProperty("r").GetInt32(), parameters.GetProperty("p").GetInt32());
            case "pbkdf2":
                var (prf, rounds) = (parameters.GetProperty("prf").GetString(), parameters.GetProperty("c").GetInt32());
                if (prf != "hmac-sha256" || rounds is < 1 or > MaxPbkdf2Rounds)
                    throw new FormatException($"expected hmac-sha256 and at most {MaxPbkdf2Rounds} rounds, actual {prf} and {rounds}.");
                return WithPassword(password, bytes => Rfc2898DeriveBytes.Pbkdf2(bytes, salt, rounds, HashAlgorithmName.SHA256, 32));
            case var other:
                throw new FormatException($"expected the key derivation scrypt or pbkdf2, actual {other}.");
        }
    }

    private static byte[] DeriveScrypt(string password, byte[] salt, int n, int r, int p) =>
        WithPassword(password, bytes => Scrypt.Derive(bytes, salt, n, r, p, 32));

    private static byte[] WithPassword(string password, Func<byte[], byte[]> derive)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(password);
        try
        {
            return derive(bytes);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    private static byte[] Mac(byte[] derived, byte[] cipherText) => Keccak256.Hash([.. derived[16..32], .. cipherText]).ToArray();

    // .NET has no CTR mode: the counter blocks go through ECB one by one. A key fills two of them.
    private static byte[] Ctr(ReadOnlySpan<byte> key, byte[] iv, ReadOnlySpan<byte> input)
    {
        using var aes = Aes.Create();
        aes.SetKey(key);
        var counter = (byte[])iv.Clone();
        var output = input.ToArray();
        Span<byte> stream = stackalloc byte[16];
        for (var i = 0; i < output.Length; i++)
        {
            if (i % 16 == 0)
            {
                aes.EncryptEcb(counter, stream, PaddingMode.None);
                for (var digit = 15; digit >= 0 && ++counter[digit] == 0; digit--) { }
            }
            output[i] ^= stream[i % 16];
        }
        CryptographicOperations.ZeroMemory(stream);
        return output;
    }

    private static byte[] Bytes(JsonElement json, string name, int length)
    {
        var bytes = Convert.FromHexString(json.GetProperty(name).GetString()!);
        return bytes.Length == length ? bytes : throw new FormatException($"{name}: expected {length} bytes, actual {bytes.Length}.");
    }

    private static FileStreamOptions Owned()
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }
}
