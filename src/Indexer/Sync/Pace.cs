namespace Assay.Indexer.Sync;

/// <summary>How long the way to the head takes at the pace so far.</summary>
internal sealed class Pace(TimeProvider time)
{
    private (long Time, ulong Number)? _first;

    public void Note(ulong number) => _first ??= (time.GetTimestamp(), number);

    /// <summary>Null at the head, and while nothing is known yet.</summary>
    public long? SecondsLeft(ulong at, ulong head) => _first is { } first && at > first.Number && head > at
        ? (long)(time.GetElapsedTime(first.Time).TotalSeconds / (at - first.Number) * (head - at))
        : null;
}
