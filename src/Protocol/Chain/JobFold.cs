using Assay.Ethereum.Primitives;
using Assay.Protocol.Messages;

namespace Assay.Protocol.Chain;

/// <summary>A seat of a case as the chain shows it.</summary>
public sealed record Seat(Address Operator, Bytes32? Commitment);

/// <summary>What the chain says of one job: a fold over its live events in chain order, so a reorg is only another fold.</summary>
public sealed record JobOnChain(Bytes32 Job)
{
    public JobState State { get; init; }
    public Outcome Outcome { get; init; }
    public JobBound? Bound { get; init; }
    public JobOpened? Opened { get; init; }
    public ResultSubmitted? Submitted { get; init; }
    public ResultAccused? Accused { get; init; }
    /// <summary>The second round's beginning; null while there is none.</summary>
    public ResultAppealed? Appealed { get; init; }
    /// <summary>Of the round that runs or was the last.</summary>
    public IReadOnlyList<Seat> Seats { get; init; } = [];
    /// <summary>Of the first round, once the second has begun.</summary>
    public IReadOnlyList<Seat> FirstSeats { get; init; } = [];
    /// <summary>Last second for the open seat commitments, unix.</summary>
    public ulong CommitBy { get; init; }
    /// <summary>Last second for openings in the round, unix; null until every seat has committed.</summary>
    public ulong? RevealBy { get; init; }
    /// <summary>Places drawn for the round so far, refills included.</summary>
    public int Draws { get; init; }
    public ClaimOpened? Claim { get; init; }
    /// <summary>The last round's that was decided.</summary>
    public VerdictReached? Verdict { get; init; }
    public RewardReleased? Released { get; init; }
    public JobRefunded? Refunded { get; init; }
    public StakeSlashed? Slashed { get; init; }
    /// <summary>Where the last change of state stands; null before the opening.</summary>
    public ChainPosition? Last { get; init; }

    /// <summary>Who has no seat in the round beside the operator: accuser, appellant, and who sat in the first.</summary>
    public IEnumerable<Address> Partial =>
        FirstSeats.Select(s => s.Operator).Concat(new[] { Accused?.Accuser ?? default, Appealed?.Appellant ?? default }.Where(who => !who.IsZero)).Distinct();

    /// <summary>Of the case: 1 or 2.</summary>
    public byte Round => Appealed is null ? (byte)1 : (byte)2;

    /// <summary>Where the round began, the epoch before its seed's, and the roster then; null without a case.</summary>
    public (ChainPosition At, ulong Epoch, uint RosterLength)? RoundBegan => this switch
    {
        { Appealed: { } a } => (a.At, a.Epoch, a.RosterLength),
        { Accused: { } a } => (a.At, a.Epoch, a.RosterLength),
        _ => null,
    };

    public bool IsFinal => State is JobState.Released or JobState.Refunded or JobState.Slashed;

    /// <summary>What calls about the job have to bring; null while an event that belongs to it has not come.</summary>
    public Job? Record => Opened is { } opened && opened.Bound == Bound is not null && (Submitted is not null || State == JobState.Open || Outcome is Outcome.NoShow or Outcome.Cancelled)
        ? Chain.Job.Of(opened, Bound, Submitted)
        : null;
}

public static class JobFold
{
    public static JobOnChain Fold(Bytes32 job, IEnumerable<IJobEvent> events) => events.Aggregate(new JobOnChain(job), Apply);

    private static JobOnChain Apply(JobOnChain job, IJobEvent e) => e switch
    {
        JobBound b => job with { Bound = b },
        JobOpened o => job with { State = JobState.Open, Opened = o, Last = e.At },
        ResultSubmitted s => job with { State = JobState.Submitted, Submitted = s, Last = e.At },
        ResultAccused a => job with { State = JobState.Accused, Accused = a, Last = e.At },
        ResultAppealed a => job with
        {
            State = JobState.Appealed, Appealed = a, FirstSeats = job.Seats, Seats = [], Draws = 0, CommitBy = 0, RevealBy = null, Last = a.At,
        },
        AppealLapsed l => job with { State = JobState.Convicted, Last = l.At },
        SeatsDrawn d => job with { Seats = [.. d.Seats.Select(s => new Seat(s, null))], Draws = d.Seats.Count, CommitBy = d.CommitBy },
        SeatRefilled r => job with { Seats = Replace(job.Seats, r.Seat, new Seat(r.To, null)), Draws = job.Draws + 1, CommitBy = r.CommitBy },
        SeatCommitted c => job with { Seats = Replace(job.Seats, c.Seat, new Seat(c.Operator, c.Commitment)) },
        SeatsSealed s => job with { RevealBy = s.RevealBy },
        ClaimOpened c => job with { Claim = c },
        VerdictReached v => job with { State = v.Verdict == Chain.Verdict.Convicted ? JobState.Convicted : job.State, Verdict = v, Last = e.At },
        RewardReleased r => job with { State = JobState.Released, Outcome = r.Outcome, Released = r, Last = e.At },
        JobRefunded r => job with { State = JobState.Refunded, Outcome = r.Outcome, Refunded = r, Last = e.At },
        StakeSlashed s => job with { State = JobState.Slashed, Outcome = Outcome.WrongResult, Slashed = s, Last = e.At },
        _ => job,
    };

    private static IReadOnlyList<Seat> Replace(IReadOnlyList<Seat> seats, int index, Seat seat) =>
        [.. seats.Select((old, i) => i == index ? seat : old)];
}
