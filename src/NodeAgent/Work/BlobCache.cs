using Assay.Ethereum.Primitives;
using Assay.Protocol.Work;

namespace Assay.NodeAgent.Work;

/// <summary>Blobs fetched from the Verifier, kept by digest; the least recently used go first when the size is exceeded.</summary>
internal sealed class BlobCache(DirectoryBlobStore local, IBlobStore remote, string root, long maxBytes) : IDisposable
{
    // One download of a blob at a time, however many operators want it.
    private readonly SemaphoreSlim[] _gates = [.. Enumerable.Range(0, 16).Select(_ => new SemaphoreSlim(1))];
    private readonly Lock _trimming = new();

    /// <summary>A small document.</summary>
    /// <exception cref="BlobException">It cannot be had.</exception>
    public async Task<byte[]> GetAsync(Bytes32 digest, int maxSize, CancellationToken cancellation)
    {
        await EnsureAsync(digest, maxSize, cancellation);
        return await local.GetAsync(digest, maxSize, cancellation);
    }

    /// <summary>Fetches a blob of a known size into the cache.</summary>
    /// <exception cref="BlobException">It cannot be had, or has another size.</exception>
    public async Task FetchAsync(Bytes32 digest, long size, CancellationToken cancellation)
    {
        await EnsureAsync(digest, size, cancellation);
        if (new FileInfo(local.PathOf(digest)) is { Exists: true } file && file.Length != size)
            throw new BlobException(BlobFault.WrongDigest, $"Blob {digest}: expected {size} bytes, actual {file.Length}.");
    }

    /// <summary>Copies a blob to a new file; the copy is checked, whatever the cache holds.</summary>
    /// <exception cref="BlobException">It cannot be had, or has another size.</exception>
    public async Task CopyToAsync(Bytes32 digest, long size, string path, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            await FetchAsync(digest, size, cancellation);
            try
            {
                await using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None);
                await local.CopyToAsync(digest, file, size, cancellation);
                return;
            }
            // Trimmed away or damaged on the disk since it was fetched.
            catch (BlobException e) when (e.Fault is BlobFault.NotFound or BlobFault.WrongDigest or BlobFault.TooLarge && attempt < 3)
            {
                File.Delete(local.PathOf(digest));
            }
        }
    }

    private async Task EnsureAsync(Bytes32 digest, long maxSize, CancellationToken cancellation)
    {
        var gate = _gates[digest.GetHashCode() & 15];
        await gate.WaitAsync(cancellation);
        try
        {
            var file = new FileInfo(local.PathOf(digest));
            if (file.Exists) file.LastWriteTimeUtc = DateTime.UtcNow;
            else await DownloadAsync(digest, maxSize, cancellation);
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task DownloadAsync(Bytes32 digest, long maxSize, CancellationToken cancellation)
    {
        var temporary = Path.Combine(root, $"download-{Guid.NewGuid():N}");
        try
        {
            await using var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
            await remote.CopyToAsync(digest, file, maxSize, cancellation);
            file.Position = 0;
            await local.PutAsync(digest, file, maxSize, cancellation);
        }
        finally
        {
            File.Delete(temporary);
        }
        Trim(digest);
    }

    private void Trim(Bytes32 newest)
    {
        lock (_trimming)
        {
            var files = new DirectoryInfo(root).EnumerateFiles("*", SearchOption.AllDirectories)
                .Where(file => BlobAddress.TryParse(file.Name, out _)).OrderBy(file => file.LastWriteTimeUtc).ToList();
            var total = files.Sum(file => file.Length);
            foreach (var file in files.TakeWhile(_ => total > maxBytes).Where(file => file.Name != BlobAddress.Format(newest)))
            {
                total -= file.Length;
                file.Delete();
            }
        }
    }

    public void Dispose()
    {
        foreach (var gate in _gates) gate.Dispose();
    }
}
