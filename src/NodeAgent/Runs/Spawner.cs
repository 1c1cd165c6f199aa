using System.Collections.Concurrent;
using System.Diagnostics;

namespace Assay.NodeAgent.Runs;

/// <summary>
/// Starts processes from one thread that lives as long as the agent: the kernel sends a child its parent-death signal when the thread that
/// started it ends, and a pool thread may end at any time.
/// </summary>
internal static class Spawner
{
    private static readonly BlockingCollection<Action> Queue = [];

    static Spawner() => new Thread(Work) { IsBackground = true, Name = "runtime spawner" }.Start();

    public static Task<Process> StartAsync(ProcessStartInfo start)
    {
        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        Queue.Add(() =>
        {
            try
            {
                started.SetResult(Process.Start(start)!);
            }
            catch (Exception e) when (e is System.ComponentModel.Win32Exception or InvalidOperationException)
            {
                started.SetException(e);
            }
        });
        return started.Task;
    }

    private static void Work()
    {
        foreach (var start in Queue.GetConsumingEnumerable()) start();
    }
}
