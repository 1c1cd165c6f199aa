using Assay.Ethereum.Primitives;

namespace Assay.Protocol.Work;

/// <summary>Content under its own SHA-256. Every read is checked against the digest; a store need not be trusted.</summary>
public interface IBlobStore
{
    /// <exception cref="BlobException">The store cannot be asked.</exception>
    Task<bool> ExistsAsync(Bytes32 digest, CancellationToken cancellation = default);

    /// <summary>Writes the content to <paramref name="destination"/>, which is worthless when this throws.</summary>
    /// <param name="maxSize">Bytes; a larger blob is refused before it is taken.</param>
    /// <exception cref="BlobException">Absent, too large, other content than the digest's, or the store cannot be reached.</exception>
    Task CopyToAsync(Bytes32 digest, Stream destination, long maxSize, CancellationToken cancellation = default);

    /// <summary>Stores content; storing it again changes nothing.</summary>
    /// <exception cref="BlobException">Too large, other content than the digest's, refused, or the store cannot be reached.</exception>
    Task PutAsync(Bytes32 digest, Stream content, long maxSize, CancellationToken cancellation = default);
}

public enum BlobFault { NotFound, TooLarge, WrongDigest, Refused, Unreachable }

/// <summary>A blob could not be read or stored; only <see cref="BlobFault.Unreachable"/> is worth another try.</summary>
public sealed class BlobException(BlobFault fault, string message, Exception? inner = null) : IOException(message, inner)
{
    public BlobFault Fault => fault;
}

public static class BlobStoreExtensions
{
    /// <summary>The whole content, at most <paramref name="maxSize"/> bytes.</summary>
    public static async Task<byte[]> GetAsync(this IBlobStore store, Bytes32 digest, long maxSize, CancellationToken cancellation = default)
    {
        using var content = new MemoryStream();
        await store.CopyToAsync(digest, content, maxSize, cancellation);
        return content.ToArray();
    }

    /// <summary>Stores content and returns its digest.</summary>
    public static async Task<Bytes32> PutAsync(this IBlobStore store, ReadOnlyMemory<byte> content, CancellationToken cancellation = default)
    {
        var digest = BlobAddress.Of(content.Span);
        using var stream = new MemoryStream(content.ToArray(), writable: false);
        await store.PutAsync(digest, stream, content.Length, cancellation);
        return digest;
    }
}
