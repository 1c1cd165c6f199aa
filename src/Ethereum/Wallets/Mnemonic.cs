using System.Security.Cryptography;
using System.Text;

namespace Assay.Ethereum.Wallets;

/// <summary>BIP-39 with the English word list.</summary>
public static class Mnemonic
{
    private static readonly string[] Words = LoadWords();
    private static readonly Dictionary<string, int> Indexes = Words.Select((w, i) => (w, i)).ToDictionary(x => x.w, x => x.i);

    /// <summary>New random words: 12, 15, 18, 21 or 24.</summary>
    public static string Generate(int words = 12)
    {
        if (words is not (12 or 15 or 18 or 21 or 24))
            throw new ArgumentOutOfRangeException(nameof(words), $"Mnemonic: expected 12, 15, 18, 21 or 24 words, actual {words}.");
        var entropy = RandomNumberGenerator.GetBytes(words * 4 / 3);
        try
        {
            return FromEntropy(entropy);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(entropy);
        }
    }

    /// <summary>Words of 16, 20, 24, 28 or 32 bytes of entropy.</summary>
    public static string FromEntropy(ReadOnlySpan<byte> entropy)
    {
        if (entropy.Length is < 16 or > 32 || entropy.Length % 4 != 0)
            throw new ArgumentException($"Mnemonic: expected 16, 20, 24, 28 or 32 bytes of entropy, actual {entropy.Length}.", nameof(entropy));
        byte[] bits = [.. entropy, SHA256.HashData(entropy)[0]];
        var words = Enumerable.Range(0, entropy.Length * 3 / 4).Select(i => Words[ReadIndex(bits, 11 * i)]);
        return string.Join(' ', words);
    }

    /// <summary>Whether the words are of the list and their checksum fits.</summary>
    public static bool IsValid(string mnemonic) => Refusal(mnemonic) is null;

    /// <summary>The 64-byte seed: PBKDF2-HMAC-SHA512 of the NFKD forms, 2048 rounds.</summary>
    /// <exception cref="FormatException">A word, their number or the checksum is wrong; the message holds none of the words.</exception>
    public static byte[] ToSeed(string mnemonic, string passphrase = "")
    {
        if (Refusal(mnemonic) is { } reason)
            throw new FormatException(reason);
        var password = System.Text.Encoding.UTF8.GetBytes(Normalise(mnemonic));
        var salt = System.Text.Encoding.UTF8.GetBytes("mnemonic" + passphrase.Normalize(NormalizationForm.FormKD));
        try
        {
            return Rfc2898DeriveBytes.Pbkdf2(password, salt, 2048, HashAlgorithmName.SHA512, 64);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(password);
            CryptographicOperations.ZeroMemory(salt);
        }
    }

    private static string Normalise(string mnemonic) =>
        string.Join(' ', mnemonic.Normalize(NormalizationForm.FormKD).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private static string? Refusal(string mnemonic)
    {
        var words = Normalise(mnemonic).Split(' ');
        if (words.Length is < 12 or > 24 || words.Length % 3 != 0)
            return $"Mnemonic: expected 12, 15, 18, 21 or 24 words, actual {words.Length}.";
        var bits = new byte[(words.Length * 11 + 7) / 8];
        for (var i = 0; i < words.Length; i++)
        {
            if (!Indexes.TryGetValue(words[i], out var index))
                return $"Mnemonic: word {i + 1} is not in the English list.";
            WriteIndex(bits, 11 * i, index);
        }
        var checksumBits = words.Length / 3;
        var entropy = bits.AsSpan(0, words.Length * 4 / 3);
        var expected = SHA256.HashData(entropy)[0] >> (8 - checksumBits);
        var actual = bits[entropy.Length] >> (8 - checksumBits);
        CryptographicOperations.ZeroMemory(bits);
        return expected == actual ? null : "Mnemonic: the checksum does not fit; a word is wrong or misplaced.";
    }

    private static int ReadIndex(byte[] bits, int start)
    {
        var index = 0;
        for (var bit = start; bit < start + 11; bit++)
            index = (index << 1) | ((bits[bit / 8] >> (7 - bit % 8)) & 1);
        return index;
    }

    private static void WriteIndex(byte[] bits, int start, int index)
    {
        for (var i = 0; i < 11; i++)
            if ((index >> (10 - i) & 1) != 0)
                bits[(start + i) / 8] |= (byte)(0x80 >> ((start + i) % 8));
    }

    private static string[] LoadWords()
    {
        using var reader = new StreamReader(typeof(Mnemonic).Assembly.GetManifestResourceStream("bip39-english.txt")!);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
