using System.Diagnostics;
using Assay.Circle.Network;
using Assay.Protocol.Chain;
using Spectre.Console;

namespace Assay.Circle.Demo;

public interface IDemoProgress
{
    void Say(string line);
    void Placed(int count, int total);
    void Jobs(IEnumerable<IndexedJob> jobs, int placed);
}

/// <summary>Lines with the seconds since the start; on a terminal the last one is rewritten in place, elsewhere it comes every few seconds.</summary>
public sealed class ConsoleProgress : IDemoProgress
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly Stopwatch clock = Stopwatch.StartNew();
    private readonly bool live = AnsiConsole.Profile.Capabilities.Interactive && !Console.IsOutputRedirected;
    private TimeSpan last = -Interval;
    private string status = "";

    public void Say(string line)
    {
        Clear();
        Console.WriteLine($"{Stamp()} {line}");
    }

    public void Placed(int count, int total)
    {
        if (count == total || live) Show($"{count} of {total} orders signed and placed");
    }

    public void Jobs(IEnumerable<IndexedJob> jobs, int placed)
    {
        var all = jobs.ToArray();
        int Count(JobState state) => all.Count(j => j.State == state);
        Show($"{placed} ordered: {Count(JobState.Open)} open, {Count(JobState.Submitted)} submitted, {Count(JobState.Accused)} accused, "
            + $"{Count(JobState.Convicted)} convicted, {Count(JobState.Appealed)} appealed | {Count(JobState.Released)} released, {Count(JobState.Refunded)} refunded, {Count(JobState.Slashed)} slashed");
    }

    private void Show(string text)
    {
        if (live)
        {
            Clear();
            status = $"{Stamp()} {text}";
            Console.Write(status);
        }
        else if (text != status && clock.Elapsed - last >= Interval)
        {
            (status, last) = (text, clock.Elapsed);
            Console.WriteLine($"{Stamp()} {text}");
        }
    }

    private void Clear()
    {
        if (live && status.Length > 0) Console.Write($"\r{new string(' ', status.Length)}\r");
    }

    private string Stamp() => $"[{clock.Elapsed.TotalSeconds,6:0.0}s]";
}
