using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using Assay.Ethereum.Bench;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;

if (args is ["table"])
{
    // In this process: a build of its own would take what it needs from outside the repository.
    BenchmarkRunner.Run<Cases>(ManualConfig.Create(DefaultConfig.Instance).AddJob(Job.ShortRun.WithToolchain(InProcessNoEmitToolchain.Instance)).WithArtifactsPath(args[0]));
    return;
}

// One round: every case for as much processor time as it takes to be sure of, as JSON. Time on a processor, not on the wall: others use this machine too.
using var cases = new Cases();
var results = new Dictionary<string, double>();
foreach (var method in typeof(Cases).GetMethods().Where(m => m.GetCustomAttribute<BenchmarkAttribute>() is not null))
{
    var operations = method.GetCustomAttribute<BenchmarkAttribute>()!.OperationsPerInvoke;
    Action run = method.ReturnType == typeof(int) ? Of<int>(method) : method.ReturnType == typeof(byte) ? Of<byte>(method)
        : method.ReturnType == typeof(byte[]) ? Of<byte[]>(method) : Of<Assay.Ethereum.Primitives.Address>(method);
    Spend(run, TimeSpan.FromSeconds(0.7));
    var (count, time) = Spend(run, TimeSpan.FromSeconds(0.7));
    results[method.Name] = count * operations / time.TotalSeconds;
}
Console.WriteLine(JsonSerializer.Serialize(results));

Action Of<T>(MethodInfo method)
{
    var measured = method.CreateDelegate<Func<T>>(cases);
    return () => measured();
}

static (long Count, TimeSpan Time) Spend(Action run, TimeSpan wanted)
{
    var process = Process.GetCurrentProcess();
    var start = process.TotalProcessorTime;
    for (long count = 0, block = 1; ; block *= 2)
    {
        for (var i = 0; i < block; i++)
            run();
        count += block;
        process.Refresh();
        var spent = process.TotalProcessorTime - start;
        if (spent >= wanted)
            return (count, spent);
    }
}
