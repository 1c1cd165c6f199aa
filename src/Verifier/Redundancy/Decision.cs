using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Assay.Protocol.Nodes;
using Assay.Verifier.Sampling;

namespace Assay.Verifier.Redundancy;

/// <summary>What is to be done about a job now: values in, steps out.</summary>
public static class Decision
{
    public static IReadOnlyList<Step> Decide(JobView job, World world) => job.Chain.State switch
    {
        // Messages may overtake each other: what lacks its beginning is looked at again when that has come.
        JobState.Submitted or JobState.Accused or JobState.Appealed when job.Chain.Opened is null || job.Chain.Submitted is null => [],
        JobState.None => Placement.Place(job, world),
        JobState.Open => Run(job, world),
        JobState.Submitted => Check(job, world),
        JobState.Accused or JobState.Appealed => Judge(job, world),
        JobState.Convicted => Convicted(job, world),
        _ => [new Rest()],
    };

    // The operator is asked once whether it stands by its result; after the window there is nothing to say.
    private static IReadOnlyList<Step> Convicted(JobView job, World world) =>
        job.Chain is { Round: 1, Opened: not null, Verdict: { } verdict } && world.Clock.Seconds < verdict.At.BlockTime + world.Windows.AppealWindow
        && !job.Work.Any(w => w is { Kind: WorkKind.Appeal, State: WorkState.Done or WorkState.Refused })
            ? [new Ask(WorkKind.Appeal, job.Operator, Round: 2)]
            : [new Rest()];

    private static IReadOnlyList<Step> Run(JobView job, World world)
    {
        var opened = job.Chain.Opened!;
        if (world.Clock.Seconds > opened.At.BlockTime + opened.RunWindow) return [];
        return job.Result is { } result && result.Operator == opened.Operator
            ? [new Publish(new ResultSigned(job.Job, result.Result, result.Signature))]
            : [new Ask(WorkKind.Execute, opened.Operator)];
    }

    private static IReadOnlyList<Step> Check(JobView job, World world)
    {
        var submitted = job.Chain.Submitted!;
        if (world.DecidingSeed(submitted.Epoch) is not { } seed) return [];
        if (!Assay.Protocol.Chain.Sampling.IsSampled(seed.Seed, job.Job, job.Chain.Opened!.RatePpm)) return Deliver(job);
        var since = Assay.Protocol.Chain.Sampling.CheckedFrom(submitted.At.BlockTime, seed.At.BlockTime, world.Windows.ReviewWindow);
        // Its places may still be on their way to us.
        return Draws.SpotCheck(job.Chain, world.Roster, seed.Seed, world.Windows) is { } picks ? SpotCheck(job, world, picks, since) : [];
    }

    private static IReadOnlyList<Step> SpotCheck(JobView job, World world, IReadOnlyList<Address> picks, ulong since)
    {
        var reviewOver = world.Clock.Seconds > since + world.Windows.LongReview;
        var answers = Answers(job, picks);
        var sealedBy = picks.Where((pick, n) => job.SealOf(0, n, pick) is not null).ToList();

        if (!reviewOver && answers.FirstOrDefault(a => !Agrees(job, a)) is { } differing)
            return [new Publish(new AccusationSigned(job.Job, differing.Attestation, differing.Signature))];
        if (answers.FirstOrDefault(a => Agrees(job, a)) is { } agreeing)
            return [.. Deliver(job), new Publish(new CheckAgreed(job.Job, agreeing.Attestation, agreeing.Signature))];
        // Every re-executor was silent: the result is paid unchecked, so it must be opened.
        if (reviewOver) return Deliver(job);
        var stalled = IsStalled(job, world, since);
        if (stalled && Blind(job, picks) is { } blind)
            return [Reveal(job), new Publish(new AccusationSigned(job.Job, blind.Attestation, blind.Signature))];

        var steps = new List<Step>();
        for (var n = 0; n < picks.Count; n++)
        {
            if (job.SealOf(0, n, picks[n]) is null)
            {
                if (IsTurn(n)) steps.Add(new Ask(WorkKind.Recompute, picks[n], 0, (byte)n));
            }
            else if (job.Claim is not null || stalled)
            {
                steps.Add(new Ask(WorkKind.Attest, picks[n], 0, (byte)n, Claim: job.Claim));
            }
        }
        if (!job.HasOutputs && sealedBy.Count > 0) steps.Add(Reveal(job));
        return steps;

        // Who sealed in time is waited for one window longer, and for as long as the operator keeps it waiting for the opening.
        bool IsTurn(int attempt)
        {
            if (attempt == 0) return true;
            var earlierSealed = picks.Take(attempt).Where((pick, n) => job.SealOf(0, n, pick) is not null).Any();
            if (earlierSealed && job.Claim is null) return false;
            var windows = (ulong)attempt + (earlierSealed ? 1u : 0u);
            return world.Clock.Seconds >= since + windows * world.Windows.CheckWindow;
        }
    }

    // An operator that keeps its result closed until the long review is over would be paid unchecked. What it does not open differs from every
    // value, so the re-executor accuses it without having seen it. Under exact comparison an honest opening ends such a case at once as a check that agreed,
    // so it begins while the jobs that were submitted with this one are still unpaid: whoever knows that it is caught must not earn on. Under tolerance
    // seats would have to judge, so it waits as long as it can.
    // Who was asked only just now, because its re-executor was late, keeps nothing closed.
    private static bool IsStalled(JobView job, World world, ulong since) =>
        job.Claim is null
        && world.Clock.Seconds >= since + (job.IsExact ? world.Windows.ReviewWindow / 2 : world.Windows.LongReview - world.Windows.CheckWindow)
        && job.Work.Any(w => w.Kind == WorkKind.Reveal && w.Operator == job.Operator && world.Clock.Wall >= w.CreatedAt + world.Policy.RevealGrace);

    private static SignedAttestation? Blind(JobView job, IReadOnlyList<Address> picks) =>
        picks.Select((pick, n) => job.AttestationOf(0, n, pick, Bytes32.Zero)).OfType<SignedAttestation>().FirstOrDefault();

    private static List<SignedAttestation> Answers(JobView job, IReadOnlyList<Address> picks) =>
        job.Claim is { } claim
            ? [.. picks.Select((pick, n) => job.AttestationOf(0, n, pick, ValueOf(claim))).OfType<SignedAttestation>()]
            : [];

    private static bool Agrees(JobView job, SignedAttestation answer) => job.IsExact
        ? answer.Attestation.Value == ValueOf(job.Claim!)
        : answer.Attestation.Finding == Finding.Match;

    private static IReadOnlyList<Step> Judge(JobView job, World world) => job.Chain switch
    {
        { Seats.Count: 0 } => [],
        { RevealBy: null } => [.. job.Chain.Seats.Select((seat, i) => SealSeat(job, seat, i)).OfType<Step>()],
        { Verdict: { } verdict } when verdict.Round == job.Chain.Round => [],
        _ => Open(job, world, job.Chain.RevealBy.Value),
    };

    private static Step? SealSeat(JobView job, Seat seat, int index) => seat switch
    {
        { Commitment: not null } => null,
        _ when job.SealOf(job.Chain.Round, index, seat.Operator) is { } seal => new Publish(new SeatCommitmentSigned(job.Job, seal.Commitment, seal.Signature)),
        _ => new Ask(WorkKind.Recompute, seat.Operator, job.Chain.Round, (byte)index),
    };

    private static IReadOnlyList<Step> Open(JobView job, World world, ulong revealBy)
    {
        var opened = job.Chain.Claim;
        var over = world.Clock.Seconds > revealBy;
        // Seats open after the claim: before it they would tell the operator what to say. A late opening still counts where seats say the same
        // about every claim.
        if (opened is null && job.Claim is not null && (!over || job.IsExact)) return [new Publish(new ResultOpened(job.Job, job.Opening!))];
        if (opened is null && !over) return [Reveal(job)];

        var claim = opened is null ? null : new Claim(opened.OutputsRoot, opened.Units);
        var value = opened is null ? Bytes32.Zero : Values.Value(opened.OutputsRoot, opened.Units);
        var seats = job.Chain.Seats.Select((seat, i) => job.AttestationOf(job.Chain.Round, i, seat.Operator, value)).ToList();
        var steps = new List<Step>();
        for (var i = 0; i < seats.Count; i++)
            if (seats[i] is null) steps.Add(new Ask(WorkKind.Attest, job.Chain.Seats[i].Operator, job.Chain.Round, (byte)i, Claim: claim));

        var grace = opened is null ? (ulong)world.Policy.RevealGrace.TotalSeconds : 0;
        if ((steps.Count == 0 || world.Clock.Seconds > revealBy + grace) && CanBeProven(job, world)) steps.Add(new Certify(seats));
        if (opened is null && job.IsExact) steps.Add(Reveal(job));
        return steps;
    }

    /// <summary>Seeds, roster and registrations that the evidence has to name are known here.</summary>
    private static bool CanBeProven(JobView job, World world) =>
        job.Chain.RoundBegan is { } began && world.DecidingSeed(began.Epoch)?.Seed is { } seed
        && (job.Chain.Accused!.Bonded || (world.DecidingSeed(job.Chain.Submitted!.Epoch)?.Seed is { } spot
            && Draws.SpotCheck(job.Chain, world.Roster, spot, world.Windows) is not null))
        && Draws.Case(job.Chain, world.Roster, seed, world.Windows, job.Chain.Draws) is not null
        && job.Chain.Seats.Concat(job.Chain.FirstSeats).All(seat => world.Roster.SignerOf(seat.Operator) is not null);

    // Paid is what can be fetched: until then the operator is asked to open, and to store again what the store has lost.
    private static IReadOnlyList<Step> Deliver(JobView job) => job.HasOutputs ? [new Publish(new ResultOpened(job.Job, job.Opening!))] : [Reveal(job)];

    private static Ask Reveal(JobView job) => new(WorkKind.Reveal, job.Operator);

    private static Bytes32 ValueOf(Claim claim) => Values.Value(claim.OutputsRoot, claim.Units);
}
