using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Assay.Circle.Stack;

/// <summary>
/// A child process in a session of its own, whose output goes to a file. Signals of the terminal do not reach it, it ends when this process
/// does (even by SIGKILL), and its descendants end with it.
/// </summary>
public sealed class ManagedProcess : IAsyncDisposable
{
    private readonly RunFolder folder;
    private Process process;

    private ManagedProcess(ProcessSpec spec, RunFolder folder)
    {
        Spec = spec;
        this.folder = folder;
        process = Spawn();
        Living.Add(this);
    }

    public ProcessSpec Spec { get; }

    /// <summary>Also the id of its process group and session.</summary>
    public int Id => process.Id;

    public bool HasExited => process.HasExited;

    /// <summary>128 + signal when a signal ended it; null while it runs.</summary>
    public int? ExitCode => process.HasExited ? process.ExitCode : null;

    public string LogFile => Path.Combine(folder.Logs, $"{Spec.Name}.log");

    public static ManagedProcess Start(ProcessSpec spec, RunFolder folder) => new(spec, folder);

    /// <summary>Starts it and waits until <paramref name="probe"/> says yes; when that fails nothing of it is left.</summary>
    public static async Task<ManagedProcess> StartReadyAsync(
        ProcessSpec spec, RunFolder folder, Func<CancellationToken, Task<bool>> probe, TimeSpan timeout, string what, CancellationToken cancellation = default)
    {
        var process = Start(spec, folder);
        try
        {
            await process.ReadyAsync(probe, timeout, what, cancellation);
            return process;
        }
        catch
        {
            process.Kill();
            throw;
        }
    }

    public string LogTail(int lines = 30) =>
        File.Exists(LogFile) ? string.Join('\n', File.ReadLines(LogFile).TakeLast(lines)) : "";

    /// <summary>Waits until <paramref name="probe"/> says yes; fails at once when the process ends before that.</summary>
    /// <exception cref="ProcessFailedException">It ended or was too slow; the message holds the end of its log.</exception>
    public async Task ReadyAsync(Func<CancellationToken, Task<bool>> probe, TimeSpan timeout, string what, CancellationToken cancellation = default)
    {
        try
        {
            await Waiting.Until(
                async token => HasExited ? throw Failed($"ended with exit code {ExitCode} while waiting for {what}") : await probe(token),
                timeout, what, cancellation);
        }
        catch (TimeoutException timedOut)
        {
            throw Failed(timedOut.Message);
        }
    }

    /// <summary>Waits until <c>GET</c> on <paramref name="address"/> answers with success.</summary>
    public async Task ReadyAsync(Uri address, TimeSpan timeout, CancellationToken cancellation = default)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        await ReadyAsync(async token =>
        {
            try
            {
                using var answer = await http.GetAsync(address, token);
                return answer.IsSuccessStatusCode;
            }
            catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException && !token.IsCancellationRequested)
            {
                return false;
            }
        }, timeout, address.ToString(), cancellation);
    }

    /// <summary>Asks it to end, and kills it and its descendants when it has not within <paramref name="grace"/> (10 s).</summary>
    /// <returns>Whether it ended by itself.</returns>
    public async Task<bool> StopAsync(TimeSpan? grace = null)
    {
        var current = process;
        SignalGroup(current.Id, Spec.StopSignal, onlyLeader: true);
        using var patience = new CancellationTokenSource(grace ?? TimeSpan.FromSeconds(10));
        var orderly = true;
        try
        {
            await current.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            orderly = false;
        }
        Kill();
        return orderly;
    }

    /// <summary>SIGKILL to the process and all its descendants; returns when it is gone.</summary>
    public void Kill()
    {
        // The leader by itself too: it may not have come as far as to have a group of its own.
        if (!process.HasExited)
            SignalGroup(process.Id, Signal.Kill, onlyLeader: true);
        SignalGroup(process.Id, Signal.Kill, onlyLeader: false);
        process.WaitForExit();
        Living.Remove(this);
    }

    /// <summary>Starts it again with the same arguments and the same log file, after it was stopped or killed.</summary>
    public void Restart()
    {
        if (!process.HasExited)
            throw new InvalidOperationException($"{Spec.Name} still runs as process {Id}.");
        process.Dispose();
        process = Spawn();
        Living.Add(this);
    }

    /// <summary>Sends a signal to the process alone, for example <see cref="Signal.Stop"/> to freeze it.</summary>
    public void Send(Signal signal) => SignalGroup(process.Id, signal, onlyLeader: true);

    /// <summary>Processor time and memory of the process and its descendants; null once it has ended.</summary>
    public ProcessUsage? Usage() => ProcessUsage.OfTree(Id);

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        process.Dispose();
    }

    internal ProcessFailedException Failed(string why) => new($"{Spec.Name}: {why}\n--- end of {LogFile} ---\n{LogTail()}");

    private Process Spawn()
    {
        var start = new ProcessStartInfo("/bin/sh") { UseShellExecute = false, WorkingDirectory = Spec.WorkingDirectory ?? folder.Path };
        foreach (var argument in CommandLine())
            start.ArgumentList.Add(argument);
        start.Environment.Clear();
        foreach (var (name, value) in Spec.FullEnvironment())
            start.Environment[name] = value;
        return Spawner.Start(start);
    }

    /// <summary>Every step replaces the one before (exec), so the process id stays the one that was started.</summary>
    private IEnumerable<string> CommandLine()
    {
        yield return "-c";
        yield return "log=$1; shift; exec \"$@\" </dev/null >>\"$log\" 2>&1";
        yield return "sh";
        yield return LogFile;
        yield return "setsid";
        yield return "setpriv";
        if (Spec.User is { } user)
        {
            yield return $"--reuid={user.UserId.ToString(CultureInfo.InvariantCulture)}";
            yield return $"--regid={user.GroupId.ToString(CultureInfo.InvariantCulture)}";
            yield return "--clear-groups";
        }
        yield return $"--pdeathsig={Spec.DeathSignal ?? "clear"}";
        yield return "--";
        yield return Spec.FileName;
        foreach (var argument in Spec.Arguments)
            yield return argument;
    }

    internal static void SignalGroup(int id, Signal signal, bool onlyLeader)
    {
        // An error means that nobody is left to be told, which is what the caller wants.
        _ = SendSignal(onlyLeader ? id : -id, (int)signal);
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int SendSignal(int process, int signal);

    /// <summary>What still runs when this process ends without having stopped it, for instance after an unhandled exception.</summary>
    private static class Living
    {
        private static readonly HashSet<ManagedProcess> processes = [];

        static Living() => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            lock (processes)
                foreach (var left in processes.Where(left => left.Spec.DeathSignal is not null))
                    SignalGroup(left.Id, Signal.Kill, onlyLeader: false);
        };

        public static void Add(ManagedProcess process)
        {
            lock (processes)
                processes.Add(process);
        }

        public static void Remove(ManagedProcess process)
        {
            lock (processes)
                processes.Remove(process);
        }
    }
}

/// <summary>A part of the stack did not start or did not last; the message holds the end of its log.</summary>
public sealed class ProcessFailedException(string message) : Exception(message);
