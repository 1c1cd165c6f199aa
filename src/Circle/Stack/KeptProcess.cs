namespace Assay.Circle.Stack;

/// <summary>A process that an earlier run left behind on purpose.</summary>
internal static class KeptProcess
{
    /// <summary>Ends it and its descendants. Does nothing when the id now belongs to somebody else: ours write into <paramref name="folder"/>.</summary>
    public static async Task StopAsync(string name, int id, string folder, TimeSpan? grace = null)
    {
        if (!WritesInto(folder, id))
            return;
        ManagedProcess.SignalGroup(id, Signal.Terminate, onlyLeader: true);
        try
        {
            await Waiting.Until(() => !WritesInto(folder, id), grace ?? TimeSpan.FromSeconds(10), $"{name} to end");
        }
        catch (TimeoutException)
        {
            ManagedProcess.SignalGroup(id, Signal.Kill, onlyLeader: true);
        }
        ManagedProcess.SignalGroup(id, Signal.Kill, onlyLeader: false);
    }

    private static bool WritesInto(string folder, int id)
    {
        try
        {
            return new FileInfo($"/proc/{id}/fd/1").LinkTarget?.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal) == true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
