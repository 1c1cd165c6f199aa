using Assay.Circle.Stack;

namespace Assay.Circle.Bench;

/// <param name="CpuSeconds">User and system time during the measurement, ended children included.</param>
/// <param name="PeakMemoryMib">Greatest of the samples.</param>
public sealed record ProcessFigures(double CpuSeconds, double PeakMemoryMib);

/// <summary>Samples what each process with its descendants uses, and this process alone, until it is stopped.</summary>
internal sealed class ProcessMeter : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private readonly string[] names;
    private readonly int[] roots;
    private readonly CancellationTokenSource stopping = new();
    private readonly Dictionary<string, ProcessUsage> first;
    private readonly Dictionary<string, long> peaks = [];
    private readonly Task loop;
    private Dictionary<string, ProcessUsage> last;

    /// <param name="processes">Ids by the name to report; a process must live as long as the measurement.</param>
    /// <param name="self">The name of this process.</param>
    public ProcessMeter(IReadOnlyDictionary<string, int> processes, string self)
    {
        names = [.. processes.Keys, self];
        roots = [.. processes.Values];
        first = last = Sample();
        loop = Task.Run(WatchAsync);
    }

    public async Task<IReadOnlyDictionary<string, ProcessFigures>> StopAsync()
    {
        await stopping.CancelAsync();
        await loop;
        last = Sample();
        return names.ToDictionary(name => name, name => new ProcessFigures(
            Statistics.Rounded((last[name].Processor - first[name].Processor).TotalSeconds), Statistics.Rounded(peaks[name] / (double)(1 << 20))));
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await loop.ContinueWith(_ => { }, TaskScheduler.Default);
        stopping.Dispose();
    }

    private async Task WatchAsync()
    {
        try
        {
            while (true)
            {
                await Task.Delay(Interval, stopping.Token);
                last = Sample();
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Stopped.
        }
    }

    private Dictionary<string, ProcessUsage> Sample()
    {
        var usages = ProcessUsage.OfTrees(roots).Append(ProcessUsage.OfSelf())
            .Zip(names, (usage, name) => (Name: name, Usage: usage ?? throw new InvalidOperationException($"{name} ended during the measurement.")))
            .ToDictionary(pair => pair.Name, pair => pair.Usage);
        foreach (var (name, usage) in usages) peaks[name] = Math.Max(peaks.GetValueOrDefault(name), usage.MemoryBytes);
        return usages;
    }
}
