using System.Diagnostics;
using System.Text.Json;
using Assay.Ethereum.Primitives;
using Assay.NodeAgent.State;
using Assay.NodeAgent.Work;
using Assay.Protocol.Work;

namespace Assay.NodeAgent.Runs;

/// <summary>Runs a job manifest in a fresh folder that holds only the job's blobs, one after another or as many at once as allowed.</summary>
internal sealed class JobRunner : IDisposable
{
    private const long LeastFileLimit = 64 << 20;

    private readonly OperatorOptions _options;
    private readonly BlobCache _blobs;
    private readonly SemaphoreSlim _own;
    private readonly SemaphoreSlim? _shared;
    private readonly string _runs;
    private readonly string _kept;
    private int _queued;

    /// <param name="shared">Bounds the runs of all operators of the process; null: no such bound.</param>
    public JobRunner(OperatorOptions options, BlobCache blobs, SemaphoreSlim? shared)
    {
        (_options, _blobs, _shared) = (options, blobs, shared);
        _own = new SemaphoreSlim(options.MaxConcurrency);
        _runs = Path.Combine(Path.GetFullPath(options.StateDirectory), "runs");
        _kept = Path.Combine(Path.GetFullPath(options.StateDirectory), "kept");
        // What a killed agent left behind.
        if (Directory.Exists(_runs)) Directory.Delete(_runs, recursive: true);
        PrivateFolder.Create(_runs);
    }

    /// <summary>Runs that wait or are under way.</summary>
    public int Queued => Volatile.Read(ref _queued);

    /// <param name="runWindow">Seconds after which nobody wants the result any more.</param>
    /// <exception cref="RunException">No result within the limits.</exception>
    /// <exception cref="BlobException">A blob cannot be had.</exception>
    public async Task<RunOutputs> RunAsync(Bytes32 job, JobManifest manifest, RuntimeCommand command, uint runWindow, CancellationToken cancellation)
    {
        Interlocked.Increment(ref _queued);
        try
        {
            await _own.WaitAsync(cancellation);
            try
            {
                if (_shared is not null) await _shared.WaitAsync(cancellation);
                try
                {
                    return await RunNowAsync(job, manifest, command, runWindow, cancellation);
                }
                finally
                {
                    _shared?.Release();
                }
            }
            finally
            {
                _own.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _queued);
        }
    }

    private async Task<RunOutputs> RunNowAsync(
        Bytes32 job, JobManifest manifest, RuntimeCommand command, uint runWindow, CancellationToken cancellation)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_runs, Guid.NewGuid().ToString("N"))).FullName;
        try
        {
            await PrepareAsync(folder, manifest, cancellation);
            var limits = new ProcessLimits(
                TimeSpan.FromSeconds(Math.Min(manifest.Limits.Seconds, runWindow)),
                (long)manifest.Limits.MemoryMiB << 20,
                Math.Max(LeastFileLimit, 2L * _options.MaxOutputBytes));
            var begun = Stopwatch.GetTimestamp();
            await RuntimeProcess.RunAsync(command.For(folder, _options.Provider), command.Environment, folder, limits, cancellation);
            var elapsed = (long)Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
            var outputs = RunOutputs.Read(folder, manifest.Runtime, _options.MaxOutputBytes, elapsed);
            Keep(folder, job);
            return outputs;
        }
        finally
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        }
    }

    private async Task PrepareAsync(string folder, JobManifest manifest, CancellationToken cancellation)
    {
        await _blobs.CopyToAsync(manifest.Model.ToDigest(), manifest.Model.Size, Path.Combine(folder, "model.onnx"), cancellation);
        foreach (var input in manifest.Inputs)
            await _blobs.CopyToAsync(input.ToDigest(), input.Size, Path.Combine(folder, FileOf(input)), cancellation);
        var job = new { model = "model.onnx", inputs = manifest.Inputs.Select(input => new { name = input.Name, file = FileOf(input) }) };
        await File.WriteAllTextAsync(Path.Combine(folder, "job.json"), JsonSerializer.Serialize(job), cancellation);
    }

    private static string FileOf(InputReference input) => $"input-{input.Name}.safetensors";

    private void Keep(string folder, Bytes32 job)
    {
        if (_options.KeepRuns == 0) return;
        Directory.CreateDirectory(_kept);
        var place = Path.Combine(_kept, BlobAddress.Format(job));
        if (Directory.Exists(place)) Directory.Delete(place, recursive: true);
        Directory.Move(folder, place);
        foreach (var old in new DirectoryInfo(_kept).GetDirectories().OrderByDescending(kept => kept.LastWriteTimeUtc).Skip(_options.KeepRuns))
            old.Delete(recursive: true);
    }

    public void Dispose() => _own.Dispose();
}
