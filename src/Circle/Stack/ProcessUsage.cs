using System.Globalization;

namespace Assay.Circle.Stack;

/// <summary>What a process and its descendants have used so far.</summary>
/// <param name="Processor">User and system time of those that live and of those of their children that have ended.</param>
/// <param name="MemoryBytes">
/// Memory now, a page that several processes share counted once in all (proportional set size); resident memory of a process whose pages
/// this account may not see.
/// </param>
public sealed record ProcessUsage(TimeSpan Processor, long MemoryBytes)
{
    // USER_HZ of every Linux that .NET runs on.
    private const double TicksPerSecond = 100;

    /// <summary>Null when there is no such process any more.</summary>
    public static ProcessUsage? OfTree(int root) => OfTrees([root])[0];

    /// <summary>Descendants count in a session or a process group of their own too: PostgreSQL gives each of its processes one.</summary>
    /// <returns>In the order asked for; null for a process that has ended.</returns>
    public static IReadOnlyList<ProcessUsage?> OfTrees(IReadOnlyList<int> roots)
    {
        var all = ReadAll();
        var children = all.Values.ToLookup(entry => entry.Parent);
        IEnumerable<Entry> Tree(Entry entry) => children[entry.Id].SelectMany(Tree).Prepend(entry);
        return [.. roots.Select(root => all.TryGetValue(root, out var entry) ? Sum(Tree(entry), withEnded: true) : null)];
    }

    /// <summary>Ids of its children and theirs.</summary>
    public static IReadOnlyList<int> DescendantsOf(int root)
    {
        var children = ReadAll().Values.ToLookup(entry => entry.Parent, entry => entry.Id);
        IEnumerable<int> Below(int id) => children[id].SelectMany(child => Below(child).Prepend(child));
        return [.. Below(root)];
    }

    /// <summary>False for one that has ended and that nobody has asked for its exit code yet, too.</summary>
    public static bool IsRunning(int id) => Text($"/proc/{id}/stat") is { Length: > 0 } line && line[line.LastIndexOf(')') + 2] is not ('Z' or 'X');

    /// <summary>This process alone, without its children.</summary>
    public static ProcessUsage OfSelf() => Sum([Read($"/proc/{Environment.ProcessId}")!], withEnded: false);

    private static ProcessUsage Sum(IEnumerable<Entry> entries, bool withEnded)
    {
        var (ticks, bytes) = (0L, 0L);
        foreach (var entry in entries)
        {
            ticks += entry.Ticks + (withEnded ? entry.EndedChildrenTicks : 0);
            bytes += ProportionalBytes(entry.Id) ?? entry.ResidentPages * Environment.SystemPageSize;
        }
        return new ProcessUsage(TimeSpan.FromSeconds(ticks / TicksPerSecond), bytes);
    }

    private static Dictionary<int, Entry> ReadAll() =>
        Directory.EnumerateDirectories("/proc")
            .Where(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out _))
            .Select(Read)
            .OfType<Entry>()
            .ToDictionary(entry => entry.Id);

    /// <summary>Null when it ended between listing and reading.</summary>
    private static Entry? Read(string folder)
    {
        if (Text(Path.Combine(folder, "stat")) is not { Length: > 0 } line) return null;
        // Fields from the third on: the second, the name, may hold blanks.
        var fields = line[(line.LastIndexOf(')') + 2)..].Split(' ');
        return new Entry(
            (int)Number(Path.GetFileName(folder)), (int)Number(fields[1]), Number(fields[11]) + Number(fields[12]), Number(fields[13]) + Number(fields[14]), Number(fields[21]));
    }

    private static long? ProportionalBytes(int id)
    {
        try
        {
            return Text($"/proc/{id}/smaps_rollup")?.Split('\n').FirstOrDefault(line => line.StartsWith("Pss:", StringComparison.Ordinal)) is { } line
                ? Number(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) * 1024
                : null;
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Null when the process has ended.</summary>
    private static string? Text(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static long Number(string field) => long.Parse(field, CultureInfo.InvariantCulture);

    private sealed record Entry(int Id, int Parent, long Ticks, long EndedChildrenTicks, long ResidentPages);
}
