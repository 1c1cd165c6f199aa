using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Assay.NodeAgent.Runs;

public enum RunFault
{
    /// <summary>The runtime said that the job is at fault (exit code 2).</summary>
    BadJob,
    /// <summary>The runtime failed or could not be started.</summary>
    Failed,
    TimeLimit,
    MemoryLimit,
    ProcessLimit,
    /// <summary>The outputs are missing, too large or not what outputs must be.</summary>
    BadOutputs,
}

/// <summary>A run gave no result; the message is fit for a refusal.</summary>
public sealed class RunException(RunFault fault, string message, Exception? inner = null) : Exception(message, inner)
{
    public RunFault Fault => fault;
}

/// <param name="Time">Wall clock.</param>
/// <param name="MemoryBytes">Resident memory of all processes of the run together.</param>
/// <param name="FileBytes">Largest file the run may write.</param>
/// <param name="PidNamespace">Whether the run gets process ids of its own where the machine allows it.</param>
internal sealed record ProcessLimits(TimeSpan Time, long MemoryBytes, long FileBytes, int Processes = 64, bool PidNamespace = true);

/// <summary>
/// A runtime in a process of its own: own session, no environment but the given, no input, bounded time, memory, files and processes. When it
/// ends, or the agent does, everything it started ends with it.
/// </summary>
internal static class RuntimeProcess
{
    private const int Tail = 4096;
    private const string MarkName = "ASSAY_RUN";
    private static readonly TimeSpan WatchInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(5);
    private static readonly Lazy<Task<bool>> PidNamespaces = new(CanUnsharePidsAsync);

    /// <summary>Runs to the end. Cancelling kills the run.</summary>
    /// <exception cref="RunException">Anything but exit code 0 within the limits.</exception>
    public static async Task RunAsync(
        IReadOnlyList<string> command, IReadOnlyDictionary<string, string>? environment, string workDirectory, ProcessLimits limits,
        CancellationToken cancellation)
    {
        var mark = Guid.NewGuid().ToString("N");
        using var process = await StartAsync(await StartInfoAsync(command, environment, workDirectory, limits, mark));
        var tree = new ProcessTree(process.Id, $"{MarkName}={mark}");
        var errors = new StringBuilder();
        var drained = Task.WhenAll(DrainAsync(process.StandardOutput, null), DrainAsync(process.StandardError, errors));
        RunException? broken;
        try
        {
            process.StandardInput.Close();
            broken = await WatchAsync(process, tree, limits, cancellation);
        }
        finally
        {
            await tree.KillAsync();
        }
        await process.WaitForExitAsync(CancellationToken.None);
        await AwaitEndAsync(drained);
        if (broken is not null) throw broken;
        if (process.ExitCode != 0)
            throw new RunException(
                process.ExitCode == 2 ? RunFault.BadJob : RunFault.Failed,
                $"the runtime ended with exit code {process.ExitCode}: {LastLine(errors)}");
    }

    private static async Task<RunException?> WatchAsync(Process process, ProcessTree tree, ProcessLimits limits, CancellationToken cancellation)
    {
        var begun = Stopwatch.GetTimestamp();
        var exit = process.WaitForExitAsync(CancellationToken.None);
        while (true)
        {
            await Task.WhenAny(exit, Task.Delay(WatchInterval, cancellation));
            cancellation.ThrowIfCancellationRequested();
            if (exit.IsCompleted) return null;
            var (count, resident) = tree.Measure();
            if (resident > limits.MemoryBytes)
                return new(RunFault.MemoryLimit, $"the runtime took {resident >> 20} MiB, the limit is {limits.MemoryBytes >> 20} MiB");
            if (count > limits.Processes)
                return new(RunFault.ProcessLimit, $"the runtime started {count} processes, the limit is {limits.Processes}");
            if (Stopwatch.GetElapsedTime(begun) > limits.Time)
                return new(RunFault.TimeLimit, $"the runtime took more than {limits.Time.TotalSeconds:0} s");
        }
    }

    private static async Task<Process> StartAsync(ProcessStartInfo start)
    {
        try
        {
            return await Spawner.StartAsync(start);
        }
        catch (Win32Exception e)
        {
            throw new RunException(RunFault.Failed, $"the runtime could not be started: {e.Message}", e);
        }
    }

    private static async Task<ProcessStartInfo> StartInfoAsync(
        IReadOnlyList<string> command, IReadOnlyDictionary<string, string>? environment, string workDirectory, ProcessLimits limits, string mark)
    {
        var file = limits.FileBytes.ToString(CultureInfo.InvariantCulture);
        string[] wrapped =
        [
            "setsid", "setpriv", "--pdeathsig", "KILL", "--no-new-privs",
            // Its first process takes all others with it when it ends.
            .. limits.PidNamespace && await PidNamespaces.Value ? new[] { "unshare", "--pid", "--fork", "--kill-child=KILL" } : [],
            "prlimit", "--core=0:0", $"--fsize={file}:{file}", "--nofile=4096:4096", "--", .. command,
        ];
        var start = new ProcessStartInfo(wrapped[0], wrapped[1..])
        {
            WorkingDirectory = workDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/local/bin:/usr/bin:/bin";
        start.Environment["HOME"] = workDirectory;
        start.Environment["TMPDIR"] = workDirectory;
        foreach (var (name, value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        start.Environment[MarkName] = mark;
        return start;
    }

    // Reads to the end, so that the runtime never waits for us, and keeps the last part only.
    private static async Task DrainAsync(StreamReader reader, StringBuilder? kept)
    {
        var buffer = new char[Tail];
        int read;
        while ((read = await reader.ReadAsync(buffer)) > 0)
        {
            if (kept is null) continue;
            kept.Append(buffer, 0, read);
            if (kept.Length > Tail) kept.Remove(0, kept.Length - Tail);
        }
    }

    private static async Task AwaitEndAsync(Task drained)
    {
        try
        {
            await drained.WaitAsync(DrainTime);
        }
        catch (TimeoutException e)
        {
            throw new RunException(RunFault.ProcessLimit, "a process of the runtime escaped and holds its output open", e);
        }
    }

    private static string LastLine(StringBuilder text) =>
        NodeLog.Clean(text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() ?? "no message", 200);

    private static async Task<bool> CanUnsharePidsAsync()
    {
        try
        {
            using var probe = await Spawner.StartAsync(
                new ProcessStartInfo("unshare", ["--pid", "--fork", "--kill-child=KILL", "true"]) { RedirectStandardError = true });
            await probe.WaitForExitAsync();
            return probe.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
