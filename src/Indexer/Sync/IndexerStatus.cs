using Assay.Hosting.Telemetry;

namespace Assay.Indexer.Sync;

public enum IndexerRole { Starting, Standby, Writer }

/// <summary>What this instance is doing, for <c>/health</c>.</summary>
public sealed class IndexerStatus(TimeProvider time) : IHealthReport
{
    private readonly Pace _pace = new(time);
    private ulong _secondsBehind;

    public string Name => "indexer";
    public IndexerRole Role { get; set; }

    /// <summary>Null before the first look.</summary>
    public ulong? NodeHead { get; private set; }
    public ChainState? State { get; private set; }

    /// <summary>The head was reached once; before that the past is read.</summary>
    public bool IsAtHead { get; private set; }

    /// <summary>Sequence of the last event or retraction that was announced.</summary>
    public long Announced { get; set; }

    /// <summary>Why blocks are not being read, or null.</summary>
    public string? Trouble { get; set; }

    /// <summary>Why events are not being announced, or null; reading and answering go on meanwhile.</summary>
    public string? AnnouncementTrouble { get; set; }

    /// <summary>Why nobody tells of new blocks, or null; they are looked for at intervals meanwhile.</summary>
    public string? Heads { get; set; }

    /// <summary>Indexing stopped until an operator decides.</summary>
    public string? Halted { get; set; }

    public void Note(ChainState state, ChainStep step)
    {
        State = state;
        switch (step)
        {
            case ChainStep.Quiet quiet:
                (NodeHead, IsAtHead, _secondsBehind) = (quiet.NodeHead, true, 0);
                break;
            case ChainStep.Advanced<EscrowBlocks> advanced:
                var (head, last) = (advanced.Head, advanced.Blocks.Headers[^1]);
                (NodeHead, _secondsBehind) = (head.Number, head.Timestamp - Math.Min(last.Timestamp, head.Timestamp));
                _pace.Note(last.Number);
                break;
        }
    }

    public Task<HealthState> ReportAsync(CancellationToken cancellation)
    {
        var ready = Halted is null && Trouble is null && (Role == IndexerRole.Standby || IsAtHead);
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
                data["lagSeconds"] = _secondsBehind;
                if (!IsAtHead && state.Tip is not null && _pace.SecondsLeft(state.Tip.Number, head) is { } left)
                    data["secondsLeft"] = left;
            }
        }
        if (AnnouncementTrouble is { } announcement)
            data["announcement"] = announcement;
        if (Heads is { } heads)
            data["heads"] = heads;
        return Task.FromResult(new HealthState(Alive: true, ready, Halted ?? Trouble ?? (Role == IndexerRole.Starting ? "starting" : Role == IndexerRole.Writer && !IsAtHead ? "reading the past" : null), data));
    }
}
