using Assay.Circle.Stack;

namespace Assay.Circle.Tests;

/// <summary>The demo as a process that somebody ends.</summary>
public sealed class InterruptionTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    [Theory]
    [InlineData(Signal.Terminate, 143, "PostgreSQL is up")]
    [InlineData(Signal.Interrupt, 130, "nodes are up")]
    public async Task A_demo_that_is_interrupted_says_so_in_a_line_and_leaves_nothing(Signal signal, int exitCode, string moment)
    {
        var checkout = Checkout.Find();
        using var folder = RunFolder.Create(checkout);
        var runs = folder.Folder("runs");
        var failedLogs = new DirectoryInfo(Path.Combine(checkout.Runs, "failed-logs"));
        var before = failedLogs.LastWriteTimeUtc;
        await using var demo = ManagedProcess.Start(
            new ProcessSpec("demo", "dotnet", checkout.Assembly("Circle"), "demo", "--embedded", "--jobs", "4", "--operators", "10")
            {
                Environment = new Dictionary<string, string>
                {
                    ["ASSAY_RUN_DIR"] = runs,
                    ["ASSAY_NATIVE_DIR"] = Environment.GetEnvironmentVariable("ASSAY_NATIVE_DIR") ?? "",
                },
            }, folder);
        await demo.ReadyAsync(_ => Task.FromResult(demo.LogTail().Contains(moment, StringComparison.Ordinal)), Patience, moment);

        demo.Send(signal);
        await Waiting.Until(() => demo.HasExited, Patience, "the demo to end");

        Assert.Equal(exitCode, demo.ExitCode);
        Assert.Equal(["interrupted"], File.ReadLines(demo.LogFile).Where(line => !line.StartsWith('[')));
        Assert.Empty(Directory.EnumerateFileSystemEntries(runs));
        Assert.DoesNotContain(OutputsOfProcesses(), output => output.StartsWith(runs, StringComparison.Ordinal));
        failedLogs.Refresh();
        Assert.Equal(before, failedLogs.LastWriteTimeUtc);
    }

    /// <summary>Where every process that we may look at writes to.</summary>
    private static IEnumerable<string> OutputsOfProcesses()
    {
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(path => char.IsAsciiDigit(Path.GetFileName(path)[0])))
        {
            string? target = null;
            try
            {
                target = new FileInfo(Path.Combine(process, "fd/1")).LinkTarget;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It has ended meanwhile, or is none of ours.
            }
            if (target is not null) yield return target;
        }
    }
}
