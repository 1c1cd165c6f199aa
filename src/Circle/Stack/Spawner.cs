using System.Collections.Concurrent;
using System.Diagnostics;

namespace Assay.Circle.Stack;

/// <summary>
/// Starts every child from one thread that lives as long as this process: the kernel sends the parent-death signal when the
/// <em>thread</em> that started a child ends, and threads of the pool end at any time.
/// </summary>
internal static class Spawner
{
    private static readonly BlockingCollection<Action> requests = [];

    static Spawner() =>
        new Thread(() =>
        {
            foreach (var request in requests.GetConsumingEnumerable())
                request();
        }) { IsBackground = true, Name = "spawner" }.Start();

    public static Process Start(ProcessStartInfo start)
    {
        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        requests.Add(() =>
        {
            try
            {
                started.SetResult(Process.Start(start) ?? throw new InvalidOperationException($"{start.FileName} did not start."));
            }
            catch (Exception failure)
            {
                started.SetException(failure);
            }
        });
        return started.Task.GetAwaiter().GetResult();
    }
}
