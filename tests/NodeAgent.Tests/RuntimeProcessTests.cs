using Assay.NodeAgent.Runs;

namespace Assay.NodeAgent.Tests;

public sealed class RuntimeProcessTests : IDisposable
{
    private static readonly ProcessLimits Limits = new(TimeSpan.FromSeconds(60), 512 << 20, 64 << 20);

    private readonly Folder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_runtime_gets_no_environment_but_the_given()
    {
        Environment.SetEnvironmentVariable("ASSAY_TEST_SECRET", "hunter2");
        await RunAsync("env > \"$1/environment\"; cat /proc/$PPID/environ >> \"$1/environment\" 2>/dev/null; true",
            environment: new Dictionary<string, string> { ["GIVEN"] = "value" });
        var environment = File.ReadAllText(_folder.File("environment"));
        Assert.DoesNotContain("hunter2", environment);
        Assert.Contains("GIVEN=value", environment);
        Assert.Equal(
            ["ASSAY_RUN", "GIVEN", "HOME", "PATH", "TMPDIR"],
            environment.Split('\n', '\0').Select(line => line.Split('=')[0]).Where(name => name is not ("" or "PWD" or "OLDPWD" or "_" or "SHLVL"))
                .Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_runtime_has_no_input_and_no_open_files_of_the_agent()
    {
        await using var secret = File.Open(_folder.File("secret"), FileMode.Create);
        await RunAsync("cat > \"$1/input\"; ls -l /proc/self/fd > \"$1/files\"");
        Assert.Empty(File.ReadAllBytes(_folder.File("input")));
        Assert.DoesNotContain(_folder.File("secret"), File.ReadAllText(_folder.File("files")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_runtime_that_takes_too_long_is_killed_with_its_children(bool pidNamespace)
    {
        var mark = Guid.NewGuid().ToString("N");
        var fault = await FaultAsync(
            $"trap '' TERM HUP; setsid sh -c 'trap \"\" TERM; sleep 300; : {mark}' & sh -c 'sleep 300; : {mark}'",
            Limits with { Time = TimeSpan.FromSeconds(1), PidNamespace = pidNamespace });
        Assert.Equal(RunFault.TimeLimit, fault.Fault);
        Assert.Empty(Folder.Processes(mark));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_a_runtime_leaves_running_is_killed_when_it_ends(bool pidNamespace)
    {
        var mark = Guid.NewGuid().ToString("N");
        await RunAsync($"setsid sh -c 'sleep 300; : {mark}' >/dev/null 2>&1 < /dev/null & exit 0", Limits with { PidNamespace = pidNamespace });
        Assert.Empty(Folder.Processes(mark));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_runtime_that_forks_without_end_is_killed(bool pidNamespace)
    {
        var mark = Guid.NewGuid().ToString("N");
        var fault = await FaultAsync($"while :; do sh -c 'sleep 300; : {mark}' & sleep 0.01; done", Limits with { Processes = 40, PidNamespace = pidNamespace });
        Assert.Equal(RunFault.ProcessLimit, fault.Fault);
        Assert.Empty(Folder.Processes(mark));
    }

    [Fact]
    public async Task A_runtime_that_takes_too_much_memory_is_killed()
    {
        var script = _folder.File("greedy.mjs");
        File.WriteAllText(script, "const kept = []; setInterval(() => kept.push(Buffer.alloc(16 << 20, 1)), 5);");
        var fault = await Assert.ThrowsAsync<RunException>(() => RuntimeProcess.RunAsync(
            [Repository.Node, script], null, _folder.Path, Limits with { MemoryBytes = 256 << 20 }, default));
        Assert.Equal(RunFault.MemoryLimit, fault.Fault);
        Assert.Empty(Folder.Processes(script));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Memory_is_counted_over_all_processes_of_a_run(bool pidNamespace)
    {
        var script = _folder.File("share.mjs");
        File.WriteAllText(script, "globalThis.kept = Buffer.alloc(120 << 20, 1); setInterval(() => {}, 1000);");
        var fault = await FaultAsync($"'{Repository.Node}' '{script}' & '{Repository.Node}' '{script}' & '{Repository.Node}' '{script}' & wait",
            Limits with { MemoryBytes = 300 << 20, PidNamespace = pidNamespace });
        Assert.Equal(RunFault.MemoryLimit, fault.Fault);
        Assert.Empty(Folder.Processes(script));
    }

    [Fact]
    public async Task A_file_beyond_the_limit_cannot_be_written()
    {
        var fault = await FaultAsync("head -c 300000 /dev/zero > \"$1/large\"", Limits with { FileBytes = 100_000 });
        Assert.Equal(RunFault.Failed, fault.Fault);
        Assert.InRange(new FileInfo(_folder.File("large")).Length, 0, 100_000);
    }

    [Fact]
    public async Task Noise_is_drained_and_the_last_line_reported()
    {
        var fault = await FaultAsync("head -c 5000000 /dev/zero; head -c 5000000 /dev/zero >&2; printf '\\nno \\033[31mmodel\\n' >&2; exit 1");
        Assert.Equal(RunFault.Failed, fault.Fault);
        Assert.Contains("exit code 1: no", fault.Message);
        Assert.DoesNotContain('\u001b', fault.Message);
        Assert.InRange(fault.Message.Length, 1, 300);
    }

    [Fact]
    public async Task Exit_code_two_means_that_the_job_is_at_fault() =>
        Assert.Equal(RunFault.BadJob, (await FaultAsync("exit 2")).Fault);

    [Fact]
    public async Task A_program_that_is_not_there_is_a_failure_of_the_runtime()
    {
        var fault = await Assert.ThrowsAsync<RunException>(() => RuntimeProcess.RunAsync(["/no/such/program"], null, _folder.Path, Limits, default));
        Assert.Equal(RunFault.Failed, fault.Fault);
    }

    [Fact]
    public async Task Cancelling_kills_the_run()
    {
        var mark = Guid.NewGuid().ToString("N");
        using var cancel = new CancellationTokenSource();
        var run = RuntimeProcess.RunAsync(
            _folder.Shell($"touch \"$1/started\"; sh -c 'sleep 300; : {mark}'").For(_folder.Path, "cpu"), null, _folder.Path, Limits, cancel.Token);
        while (!File.Exists(_folder.File("started"))) await Task.Delay(20);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        Assert.Empty(Folder.Processes(mark));
    }

    private Task RunAsync(string script, ProcessLimits? limits = null, IReadOnlyDictionary<string, string>? environment = null) =>
        RuntimeProcess.RunAsync(_folder.Shell(script).For(_folder.Path, "cpu"), environment, _folder.Path, limits ?? Limits, default);

    private Task<RunException> FaultAsync(string script, ProcessLimits? limits = null) =>
        Assert.ThrowsAsync<RunException>(() => RunAsync(script, limits));
}
