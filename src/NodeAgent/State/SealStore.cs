using System.Security.Cryptography;
using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Assay.Protocol.Work;

namespace Assay.NodeAgent.State;

/// <summary>The state directory cannot be relied on. Nothing may be computed anew in its stead: a second value could be signed.</summary>
public sealed class NodeStateException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>For what a value was sealed.</summary>
/// <param name="Own">The operator's own job; else a check of another's, by round and seat.</param>
internal sealed record SealFor(Bytes32 Job, bool Own, byte Round = 0, byte Seat = 0)
{
    public string FileName => BlobAddress.Format(Job) + (Own ? "-own.json" : $"-{Round}-{Seat}.json");
}

/// <summary>A value and the salt that hides it, written before anything about it is sent.</summary>
/// <param name="Commitment">Of an own result; for a check only kept so that a damaged file is noticed, as it follows from the rest.</param>
/// <param name="Manifest">Canonical run manifest.</param>
internal sealed record SealedValue(Bytes32 Job, Bytes32 Salt, Bytes32 OutputsRoot, ulong Units, Bytes32 Commitment, string Manifest)
{
    public Bytes32 Value => Values.Value(OutputsRoot, Units);

    public Opening Opening => new(OutputsRoot, Units, Salt);

    public static SealedValue Create(Bytes32 job, Bytes32 outputsRoot, ulong units, string manifest)
    {
        var salt = new Bytes32(RandomNumberGenerator.GetBytes(Bytes32.Size));
        return new(job, salt, outputsRoot, units, Values.Commitment(salt, Values.Value(outputsRoot, units)), manifest);
    }
}

/// <summary>
/// Sealed values and their outputs on disk. One agent at a time; files appear whole; the first value for a job is the only one there will be.
/// </summary>
internal sealed class SealStore : IDisposable
{
    private const int MaxFile = 256 << 10;

    private readonly string _seals;
    private readonly DirectoryBlobStore _outputs;
    private readonly FileStream _lock;

    /// <exception cref="NodeStateException">Another agent uses the directory, or a file in it is damaged.</exception>
    public SealStore(string directory)
    {
        var root = Path.GetFullPath(directory);
        try
        {
            PrivateFolder.Create(root);
            _seals = PrivateFolder.Create(Path.Combine(root, "seals"));
            _outputs = new DirectoryBlobStore(Path.Combine(root, "outputs"));
            _lock = new FileStream(Path.Combine(root, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NodeStateException($"State directory {root}: cannot be used, or another agent uses it: {e.Message}", e);
        }
        try
        {
            foreach (var file in Directory.EnumerateFiles(_seals, "*.json")) _ = Read(file);
        }
        catch
        {
            _lock.Dispose();
            throw;
        }
    }

    /// <exception cref="NodeStateException">The file is damaged.</exception>
    public SealedValue? Find(SealFor what)
    {
        var path = PathOf(what);
        if (!File.Exists(path)) return null;
        var found = Read(path);
        return found.Job == what.Job ? found : throw Damaged(path, "it belongs to another job");
    }

    /// <summary>Any value sealed for the job, so that another seat of the same operator states the same.</summary>
    public SealedValue? FindAny(Bytes32 job)
    {
        var path = Directory.EnumerateFiles(_seals, BlobAddress.Format(job) + "-*.json").Order(StringComparer.Ordinal).FirstOrDefault();
        return path is null ? null : Read(path);
    }

    /// <summary>Writes a value once and returns the one that stands, which survives the end of the process.</summary>
    public async Task<SealedValue> AddAsync(SealFor what, SealedValue value, CancellationToken cancellation)
    {
        var path = PathOf(what);
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            await using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                await file.WriteAsync(CanonicalJson.Serialize(value), cancellation);
                file.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: false);
            return value;
        }
        catch (IOException) when (File.Exists(path))
        {
            return Read(path);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    public Task AddOutputsAsync(ReadOnlyMemory<byte> content, CancellationToken cancellation) => _outputs.PutAsync(content, cancellation);

    /// <exception cref="NodeStateException">The outputs are gone or damaged.</exception>
    public async Task<byte[]> OutputsAsync(SealedValue value, int maxSize, CancellationToken cancellation)
    {
        try
        {
            return await _outputs.GetAsync(value.OutputsRoot, maxSize, cancellation);
        }
        catch (BlobException e)
        {
            throw new NodeStateException($"Outputs of job {value.Job}: {e.Message}", e);
        }
    }

    private string PathOf(SealFor what) => Path.Combine(_seals, what.FileName);

    private static SealedValue Read(string path)
    {
        try
        {
            if (new FileInfo(path).Length > MaxFile) throw Damaged(path, "it is too large");
            var value = CanonicalJson.Parse<SealedValue>(File.ReadAllBytes(path));
            return value.Commitment == Values.Commitment(value.Opening) ? value : throw Damaged(path, "its commitment does not fit");
        }
        catch (FormatException e)
        {
            throw Damaged(path, e.Message, e);
        }
    }

    private static NodeStateException Damaged(string path, string why, Exception? inner = null) =>
        new($"State file {path} is damaged: {why}. Restore it from a backup; without it the committed value cannot be opened.", inner);

    public void Dispose() => _lock.Dispose();
}
