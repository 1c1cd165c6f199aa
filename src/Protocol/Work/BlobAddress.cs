using System.Security.Cryptography;
using Assay.Ethereum.Primitives;

namespace Assay.Protocol.Work;

/// <summary>How a digest is written in documents, URLs and folders: 64 lower-case hexadecimal digits without a prefix.</summary>
public static class BlobAddress
{
    public static Bytes32 Of(ReadOnlySpan<byte> content) => new(SHA256.HashData(content));

    public static string Format(Bytes32 digest) => digest.ToString()[2..];

    /// <exception cref="FormatException">Not 64 lower-case hexadecimal digits.</exception>
    public static Bytes32 Parse(string text) =>
        TryParse(text, out var digest)
            ? digest
            : throw new FormatException("Digest: expected 64 lower-case hexadecimal digits.");

    public static bool TryParse(string? text, out Bytes32 digest)
    {
        digest = default;
        return text is { Length: 64 } && text.All(char.IsAsciiHexDigitLower) && Bytes32.TryParse("0x" + text, out digest);
    }
}
