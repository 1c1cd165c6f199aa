namespace Assay.Hosting.Messaging;

/// <summary>The pause before the next try of what keeps failing: a quarter of a second, doubled with each failure, five seconds at most.</summary>
public static class Backoff
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(250), Longest = TimeSpan.FromSeconds(5);

    /// <param name="failures">In a row, from 1.</param>
    public static TimeSpan After(int failures) => TimeSpan.FromTicks(Math.Min(Longest.Ticks, First.Ticks << Math.Min(failures - 1, 10)));
}
