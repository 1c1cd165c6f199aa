using System.Diagnostics;

namespace Assay.Circle.Kills;

/// <summary>A moment of a send at which the process ends as by SIGKILL: nothing after it happens, nothing is cleaned up.</summary>
/// <param name="name">One of <see cref="Names"/>, or null for a process that is killed from outside.</param>
/// <param name="pass">Which time it is passed, from 1.</param>
public sealed class KillPoint(string? name, int pass)
{
    public const string
        Signing = "signing", Signed = "signed", Appended = "appended", Broadcasting = "broadcasting", Broadcast = "broadcast", Sent = "sent",
        Replacing = "replacing", Replaced = "replaced", Seen = "seen", Settling = "settling", Ending = "ending", Settled = "settled";

    /// <summary>In the order of a send. Signing to signed and settling to ending lie within one database transaction each.</summary>
    public static readonly IReadOnlyList<string> Names =
        [Signing, Signed, Appended, Broadcasting, Broadcast, Sent, Replacing, Replaced, Seen, Settling, Ending, Settled];

    private int left = pass;

    internal void Pass(string point)
    {
        if (point != name || --left > 0) return;
        using var self = Process.GetCurrentProcess();
        self.Kill();
        throw new UnreachableException();
    }
}
