using Assay.Ethereum.Primitives;

namespace Assay.Protocol.Work;

/// <summary>Blobs as files in a directory, spread over 256 folders by their first byte. A file appears whole or not at all.</summary>
public sealed class DirectoryBlobStore : IBlobStore
{
    private readonly string _root;

    public DirectoryBlobStore(string root)
    {
        _root = Path.GetFullPath(root);
        Directory.CreateDirectory(Path.Combine(_root, "incoming"));
    }

    /// <summary>Where the content lies once it is stored.</summary>
    public string PathOf(Bytes32 digest)
    {
        var name = BlobAddress.Format(digest);
        return Path.Combine(_root, name[..2], name);
    }

    public Task<bool> ExistsAsync(Bytes32 digest, CancellationToken cancellation = default) => Task.FromResult(File.Exists(PathOf(digest)));

    public async Task CopyToAsync(Bytes32 digest, Stream destination, long maxSize, CancellationToken cancellation = default)
    {
        await using var file = Open(digest);
        if (file.Length > maxSize) throw CheckedCopy.TooLarge(digest, maxSize);
        await CheckedCopy.RunAsync(file, destination, digest, maxSize, cancellation);
    }

    public async Task PutAsync(Bytes32 digest, Stream content, long maxSize, CancellationToken cancellation = default)
    {
        var incoming = Path.Combine(_root, "incoming", Path.GetRandomFileName());
        try
        {
            await using (var file = new FileStream(incoming, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                await CheckedCopy.RunAsync(content, file, digest, maxSize, cancellation);
                file.Flush(flushToDisk: true);
            }
            var path = PathOf(digest);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Move(incoming, path, overwrite: true);
        }
        finally
        {
            File.Delete(incoming);
        }
    }

    private FileStream Open(Bytes32 digest)
    {
        try
        {
            return new FileStream(PathOf(digest), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw CheckedCopy.NotFound(digest);
        }
    }
}
