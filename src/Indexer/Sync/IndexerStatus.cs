using Assay.Hosting.Telemetry;

namespace Assay.Indexer.Sync;

public enum IndexerRole { Starting, Standby, Writer }

/// <summary>What this instance is doing, for <c>/health</c>.</summary>
public sealed class IndexerStatus : IHealthReport
{
    public string Name => "indexer";
    public IndexerRole Role { get; set; }
    public ulong? NodeHead { get; set; }
    public ChainState? State { get; set; }

    /// <summary>Sequence of the last event or retraction that was announced.</summary>
    public long Announced { get; set; }

    /// <summary>Why blocks are not being read, or null.</summary>
    public string? Trouble { get; set; }

    /// <summary>Why events are not being announced, or null; reading and answering go on meanwhile.</summary>
    public string? AnnouncementTrouble { get; set; }

    /// <summary>Indexing stopped until an operator decides.</summary>
    public string? Halted { get; set; }

    public Task<HealthState> ReportAsync(CancellationToken cancellation)
    {
        var ready = Halted is null && Trouble is null && (Role == IndexerRole.Standby || NodeHead is not null);
        var data = new Dictionary<string, object>
        {
            ["role"] = Role,
            ["announced"] = Announced,
            ["halted"] = Halted is not null,
        };
        if (State is { } state)
        {
            data["finalised"] = state.FinalisedNumber;
            if (state.Tip is { } tip)
                data["indexed"] = tip.Number;
            if (NodeHead is { } head)
            {
                data["head"] = head;
                data["lag"] = state.Tip is null ? head : head > state.Tip.Number ? head - state.Tip.Number : 0;
            }
        }
        if (AnnouncementTrouble is { } announcement)
            data["announcement"] = announcement;
        return Task.FromResult(new HealthState(Alive: true, ready, Halted ?? Trouble ?? (Role == IndexerRole.Starting ? "starting" : null), data));
    }
}
