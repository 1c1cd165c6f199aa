using System.Runtime.InteropServices;

namespace Assay.NodeAgent.Runs;

/// <summary>
/// A runtime and everything it started: children, whoever shares a session with one of them, and whoever carries the run's mark in its
/// environment. A process belongs to the tree for good once it was seen in it, also when its parent has ended.
/// </summary>
/// <param name="mark">NAME=VALUE that only this run has in its environment.</param>
internal sealed class ProcessTree(int root, string mark)
{
    private const int Stop = 19;
    private const int KillNow = 9;
    private const int ClearLooks = 3;
    private static readonly TimeSpan KillTime = TimeSpan.FromSeconds(10);

    private readonly Dictionary<int, ulong> _members = [];
    private readonly HashSet<int> _sessions = [];

    /// <summary>Number and resident bytes of the living members.</summary>
    public (int Count, long ResidentBytes) Measure()
    {
        var living = Update(ProcessTable.ReadRecent());
        return (living.Count, living.Sum(entry => entry.ResidentBytes));
    }

    /// <summary>Stops every member first, so that none can start another while they are killed; returns when three looks in a row found none.</summary>
    /// <exception cref="TimeoutException">Some process does not end, e.g. because it hangs in a driver.</exception>
    public async Task KillAsync()
    {
        var begun = System.Diagnostics.Stopwatch.GetTimestamp();
        var clearLooks = 0;
        while (true)
        {
            var stopped = new HashSet<int>();
            IReadOnlyList<ProcessEntry> living;
            do
            {
                living = Find();
                foreach (var entry in living) Signal(entry.Id, Stop);
            }
            while (living.Count(entry => stopped.Add(entry.Id)) > 0);
            // A process shows no environment in the moment in which it becomes another program, so one look that finds nobody proves nothing.
            clearLooks = living.Count == 0 ? clearLooks + 1 : 0;
            if (clearLooks == ClearLooks) return;
            foreach (var entry in living) Signal(entry.Id, KillNow);
            if (System.Diagnostics.Stopwatch.GetElapsedTime(begun) > KillTime)
                throw new TimeoutException($"{living.Count} processes of a run do not end.");
            await Task.Delay(10);
        }
    }

    private IReadOnlyList<ProcessEntry> Find()
    {
        var table = ProcessTable.Read();
        foreach (var entry in table.Values)
            if (entry.Alive && !IsMember(entry) && ProcessTable.HasInEnvironment(entry.Id, mark)) Add(entry);
        return Update(table);
    }

    private List<ProcessEntry> Update(IReadOnlyDictionary<int, ProcessEntry> table)
    {
        bool grown;
        do
        {
            grown = false;
            foreach (var entry in table.Values)
            {
                if (IsMember(entry) || !BelongsTo(entry, table)) continue;
                Add(entry);
                grown = true;
            }
        }
        while (grown);
        return [.. table.Values.Where(entry => entry.Alive && IsMember(entry))];
    }

    private bool BelongsTo(ProcessEntry entry, IReadOnlyDictionary<int, ProcessEntry> table) =>
        entry.Id == root || _sessions.Contains(entry.Session) || (table.TryGetValue(entry.Parent, out var parent) && IsMember(parent));

    private bool IsMember(ProcessEntry entry) => _members.TryGetValue(entry.Id, out var started) && started == entry.Started;

    private void Add(ProcessEntry entry)
    {
        _members[entry.Id] = entry.Started;
        // The agent's own session is shared only in the moment before the runtime has made its own.
        if (entry.Session == entry.Id) _sessions.Add(entry.Session);
    }

    private static void Signal(int id, int signal) => _ = Kill(id, signal);

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int id, int signal);
}
