using System.Globalization;

namespace Assay.NodeAgent.Runs;

/// <param name="Started">Clock ticks since boot; with the id it names one process for good.</param>
/// <param name="ResidentBytes">Pages in memory, shared ones included.</param>
internal sealed record ProcessEntry(int Id, int Parent, int Session, ulong Started, long ResidentBytes, bool Alive);

/// <summary>All processes of the machine as /proc shows them.</summary>
internal static class ProcessTable
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromMilliseconds(80);
    private static readonly Lock Gate = new();
    private static (long At, IReadOnlyDictionary<int, ProcessEntry> Entries)? s_recent;

    /// <summary>A reading that may be 80 ms old: several runs that are watched share it.</summary>
    public static IReadOnlyDictionary<int, ProcessEntry> ReadRecent()
    {
        lock (Gate)
        {
            if (s_recent is not { } recent || System.Diagnostics.Stopwatch.GetElapsedTime(recent.At) > MaxAge)
                s_recent = recent = (System.Diagnostics.Stopwatch.GetTimestamp(), Read());
            return recent.Entries;
        }
    }

    public static IReadOnlyDictionary<int, ProcessEntry> Read()
    {
        var entries = new Dictionary<int, ProcessEntry>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id) && ReadOne(id) is { } entry)
                entries[id] = entry;
        return entries;
    }

    public static bool HasInEnvironment(int id, string entry)
    {
        try
        {
            return File.ReadAllBytes($"/proc/{id}/environ").AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(entry)) >= 0;
        }
        catch (Exception e) when (IsGone(e))
        {
            return false;
        }
    }

    private static ProcessEntry? ReadOne(int id)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{id}/stat");
            // The program's name stands in parentheses and may hold anything, parentheses included.
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return new ProcessEntry(
                id, Number<int>(fields[1]), Number<int>(fields[3]), Number<ulong>(fields[19]),
                Number<long>(fields[21]) * Environment.SystemPageSize, fields[0] is not ("Z" or "X"));
        }
        catch (Exception e) when (IsGone(e))
        {
            return null;
        }
    }

    private static T Number<T>(string text) where T : System.Numerics.INumber<T> => T.Parse(text, CultureInfo.InvariantCulture);

    // A process that ends while it is read: no file, or ESRCH. Another user's environment: no access.
    private static bool IsGone(Exception e) => e is IOException or UnauthorizedAccessException;
}
