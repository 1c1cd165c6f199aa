using Assay.Hosting.Telemetry;
using Assay.Indexer.Sync;

namespace Assay.Indexer.Sources;

/// <summary>How far a source is, for <c>/health</c>. A source that is behind or in trouble keeps nobody from the escrow's index.</summary>
public sealed class SourceStatus(string name, TimeProvider time) : IHealthReport
{
    private readonly Pace _pace = new(time);

    public string Name => $"source {name}";
    public ChainState? State { get; set; }
    public ulong? NodeHead { get; set; }
    public string? Trouble { get; set; }

    /// <summary>Another instance writes.</summary>
    public bool StandsBy { get; set; }

    /// <summary>The views show the version that this instance writes.</summary>
    public bool Shown { get; set; }

    /// <summary>HTTP requests to the node so far.</summary>
    public Func<long> Requests { get; set; } = () => 0;

    public void Note(ChainState state)
    {
        State = state;
        if (state.Tip is { } tip)
            _pace.Note(tip.Number);
    }

    public Task<HealthState> ReportAsync(CancellationToken cancellation)
    {
        var data = new Dictionary<string, object> { ["shown"] = Shown, ["standsBy"] = StandsBy, ["requests"] = Requests() };
        if (State is { } state)
        {
            data["finalised"] = state.FinalisedNumber;
            if (state.Tip is { } tip)
                data["indexed"] = tip.Number;
            if (NodeHead is { } head && state.Tip is { } at && head >= at.Number)
            {
                (data["head"], data["lag"]) = (head, head - at.Number);
                if (_pace.SecondsLeft(at.Number, head) is { } seconds)
                    data["secondsLeft"] = seconds;
            }
        }
        return Task.FromResult(new HealthState(Alive: true, Ready: true, Trouble, data));
    }
}
