using Assay.Circle.Stack;

namespace Assay.Circle.Tests;

public sealed class ManagedProcessTests : IDisposable
{
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(20);

    private readonly RunFolder folder = RunFolder.Create(Checkout.Find());

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_process_writes_both_its_streams_into_its_log()
    {
        await using var process = Shell("echo out; echo err >&2; exit 3");
        await Waiting.Until(() => process.HasExited, patience, "the script to end");

        Assert.Equal(3, process.ExitCode);
        Assert.Equal("out\nerr", process.LogTail());
    }

    [Fact]
    public async Task A_process_sees_no_variable_that_it_was_not_given()
    {
        Environment.SetEnvironmentVariable("ASSAY_TEST_SECRET", "visible");
        await using var process = Shell("echo \"[$ASSAY_TEST_SECRET] [$GIVEN]\"", ("GIVEN", "yes"));
        await Waiting.Until(() => process.HasExited, patience, "the script to end");

        Assert.Equal("[] [yes]", process.LogTail());
    }

    [Fact]
    public async Task Waiting_for_a_process_that_ended_says_so_with_the_end_of_its_log()
    {
        await using var process = Shell("echo no such database; exit 7");

        var failure = await Assert.ThrowsAsync<ProcessFailedException>(
            () => process.ReadyAsync(_ => Task.FromResult(false), patience, "the impossible"));

        Assert.Contains("exit code 7", failure.Message, StringComparison.Ordinal);
        Assert.Contains("no such database", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Killing_a_process_kills_its_children_too()
    {
        await using var process = Shell("sleep 1000 & echo $!; wait");
        var child = await FirstLineAsync(process);

        process.Kill();

        Assert.Equal(137, process.ExitCode);
        await Waiting.Until(() => !IsRunning(child), patience, "the child to be gone");
    }

    [Fact]
    public async Task Stopping_lets_a_process_end_in_order()
    {
        await using var process = Shell("trap 'echo goodbye; exit 0' TERM; echo ready; while :; do sleep 0.05; done");
        await FirstLineAsync(process);

        Assert.True(await process.StopAsync());
        Assert.Equal(0, process.ExitCode);
        Assert.EndsWith("goodbye", process.LogTail(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stopping_kills_a_process_that_does_not_listen()
    {
        await using var process = Shell("trap '' TERM; echo ready; while :; do sleep 0.05; done");
        await FirstLineAsync(process);

        Assert.False(await process.StopAsync(TimeSpan.FromMilliseconds(200)));
        Assert.Equal(137, process.ExitCode);
    }

    [Fact]
    public async Task A_killed_process_starts_again_with_the_same_arguments()
    {
        await using var process = Shell("echo started; sleep 1000");
        await FirstLineAsync(process);
        process.Kill();

        process.Restart();

        await Waiting.Until(() => process.LogTail() == "started\nstarted", patience, "the second start");
        Assert.False(process.HasExited);
    }

    [Fact]
    public async Task A_process_outlives_the_thread_that_asked_for_it()
    {
        ManagedProcess? process = null;
        var thread = new Thread(() => process = Shell("echo ready; sleep 1000"));
        thread.Start();
        thread.Join();

        await using var started = process!;
        await FirstLineAsync(started);

        Assert.False(started.HasExited);
    }

    [Theory]
    [InlineData("while :; do :; done")]
    [InlineData("setsid timeout 10 sh -c 'while :; do :; done'")]
    [InlineData("while :; do sh -c 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done'; done")]
    public async Task The_usage_of_a_process_counts_its_descendants_the_ended_ones_too(string work)
    {
        await using var process = Shell($"echo ready; ({work}) & wait");
        await FirstLineAsync(process);

        await Waiting.Until(() => process.Usage()?.Processor > TimeSpan.FromSeconds(0.3), patience, "processor time");
        Assert.True(process.Usage()!.MemoryBytes > 0);
        process.Kill();
        await Waiting.Until(() => process.Usage() is null, patience, "the process to be gone");
    }

    private ManagedProcess Shell(string script, params (string Name, string Value)[] variables) =>
        ManagedProcess.Start(
            new ProcessSpec("script", "sh", "-c", script) { Environment = variables.ToDictionary(pair => pair.Name, pair => pair.Value) }, folder);

    private static async Task<string> FirstLineAsync(ManagedProcess process)
    {
        await process.ReadyAsync(_ => Task.FromResult(process.LogTail().Length > 0), patience, "the first line of output");
        return process.LogTail().Split('\n')[0];
    }

    /// <summary>A process that ended but was not yet collected by its parent counts as gone.</summary>
    private static bool IsRunning(string id)
    {
        try
        {
            var status = File.ReadAllText($"/proc/{id}/stat");
            return status[status.LastIndexOf(')') + 2] != 'Z';
        }
        catch (IOException)
        {
            return false;
        }
    }
}
