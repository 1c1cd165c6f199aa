using System.Buffers;
using System.Security.Cryptography;
using Assay.Ethereum.Primitives;

namespace Assay.Protocol.Work;

internal static class CheckedCopy
{
    private const int BufferSize = 1 << 16;

    /// <summary>Copies while hashing and counting; throws as soon as the content is too large, and at its end when the digest is another.</summary>
    public static async Task RunAsync(Stream source, Stream destination, Bytes32 digest, long maxSize, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            var total = 0L;
            int read;
            while ((read = await source.ReadAsync(buffer, cancellation)) > 0)
            {
                total += read;
                if (total > maxSize) throw TooLarge(digest, maxSize);
                hash.AppendData(buffer, 0, read);
                await destination.WriteAsync(buffer.AsMemory(0, read), cancellation);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        var actual = new Bytes32(hash.GetHashAndReset());
        if (actual != digest)
            throw new BlobException(BlobFault.WrongDigest, $"Blob {digest}: the content has the digest {actual}.");
    }

    public static BlobException TooLarge(Bytes32 digest, long maxSize) =>
        new(BlobFault.TooLarge, $"Blob {digest}: larger than {maxSize} bytes.");

    public static BlobException NotFound(Bytes32 digest) => new(BlobFault.NotFound, $"Blob {digest}: not in the store.");
}
