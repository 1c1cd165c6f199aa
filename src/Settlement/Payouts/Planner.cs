using Assay.Protocol.Chain;
using Assay.Protocol.Messages;

namespace Assay.Settlement.Payouts;

/// <summary>
/// Which steps of a job are due: a function of the folded chain, the signed documents and the chain's clock, and of nothing remembered.
/// A step stops being due when its effect is seen, and is due again when a reorg takes the effect away.
/// </summary>
public static class Planner
{
    // The contract reaches back 256 blocks; what is nearly out of reach is treated as out of reach, because the transaction lands later.
    private const ulong SeedReach = 250;

    public static IReadOnlyList<DueAction> Plan(JobView view, ChainClock clock, EscrowParameters parameters) => view.Chain.State switch
    {
        // Messages may overtake each other: without the events that make up the record there is nothing to bring.
        not JobState.None when view.Chain.Record is null => [],
        JobState.None => Pending(view, clock),
        // Events come in any order: without the opening, which is still under way, nothing of the rest has a meaning.
        _ when view.Chain.Opened is null => [],
        JobState.Open => Open(view, clock),
        JobState.Submitted => Submitted(view, clock, parameters),
        JobState.Accused or JobState.Appealed => Disputed(view, clock, parameters),
        JobState.Convicted => Convicted(view, clock, parameters),
        _ => [],
    };

    private static IReadOnlyList<DueAction> Pending(JobView view, ChainClock clock) =>
        view.Order is { } order && clock.HeadTime <= order.Document.Expiry
            ? First(view, view.Documents.Acceptances
                .Where(a => clock.HeadTime <= a.Acceptance.OpenBy)
                .Select(a => Due(view, Transition.Open, new Payload(Order: order, Acceptance: new(a.Acceptance, a.Signature)))))
            : [];

    private static IReadOnlyList<DueAction> Open(JobView view, ChainClock clock)
    {
        var opened = view.Chain.Opened!;
        return clock.HeadTime <= opened.At.BlockTime + opened.RunWindow
            ? First(view, view.Documents.Results.Select(r => Due(view, Transition.Submit, new Payload(Result: new(r.Result, r.Signature)))))
            : First(view, [Due(view, Transition.Expire)]);
    }

    private static IReadOnlyList<DueAction> Submitted(JobView view, ChainClock clock, EscrowParameters p)
    {
        var submitted = view.Chain.Submitted!;
        var epoch = Sampling.DecidingEpoch(submitted.Epoch);
        if (!view.Seeds.TryGetValue(epoch, out var seed)) return SeedFor(epoch, view, clock, p);

        var sampled = Sampling.IsSampled(seed.Seed, view.Job, view.Chain.Opened!.RatePpm);
        var since = Sampling.CheckedFrom(submitted.At.BlockTime, seed.At.BlockTime, p.ReviewWindow);
        bool HisTurn(byte attempt) => attempt == 0 || clock.HeadTime >= since + attempt * (ulong)p.CheckWindow;

        var accusations = view.Documents.Accusations
            .Where(a => sampled && HisTurn(a.Attestation.Seat) && clock.HeadTime <= since + p.LongReview && !IsConfirmed(view, a.Attestation))
            .Select(a => Due(view, Transition.Accuse, new Payload(Attestation: new(a.Attestation, a.Signature))));
        var releases = Releases(view, sampled, HisTurn, isLong: clock.HeadTime >= since + p.LongReview);
        // An opening published before its sampling is settled would tell a later re-executor what to answer.
        var settled = clock.IsFinal(submitted.At) && clock.IsFinal(seed.At);
        var unavailable = clock.HeadTime > since + (sampled ? p.LongReview : p.ReviewWindow) + (ulong)p.OpenWindow;
        return First(view, [
            .. accusations,
            .. settled && clock.HeadTime >= submitted.At.BlockTime + p.ReviewWindow ? releases : [],
            .. unavailable ? [Due(view, Transition.Expire)] : Array.Empty<DueAction>(),
        ]);
    }

    private static IEnumerable<DueAction> Releases(JobView view, bool sampled, Func<byte, bool> hisTurn, bool isLong)
    {
        if (OpeningOf(view) is not { } opening) return [];
        var plain = Due(view, Transition.Release, new Payload(Opening: opening));
        if (!sampled) return [plain];
        return view.Documents.Checks
            .Where(c => hisTurn(c.Attestation.Seat))
            .Select(c => Due(view, Transition.Release, new Payload(Opening: opening, Attestation: new(c.Attestation, c.Signature))))
            .Concat(isLong ? [plain] : []);
    }

    private static IReadOnlyList<DueAction> Disputed(JobView view, ChainClock clock, EscrowParameters p)
    {
        // After the round's window the contract takes no certificate any more.
        if (view.Chain.RoundBegan is not { } began) return [];
        var window = view.Chain.Round == 1 ? p.VerdictWindow : p.AppealVerdictWindow;
        if (clock.HeadTime > began.At.BlockTime + window) return First(view, [Due(view, Transition.Lapse)]);
        var epoch = Sampling.DecidingEpoch(began.Epoch);
        if (!view.Seeds.ContainsKey(epoch)) return SeedFor(epoch, view, clock, p);
        if (view.Chain.Seats.Count == 0) return First(view, [Due(view, Transition.DrawSeats)]);
        return view.Chain.RevealBy is { } revealBy ? Judge(view, clock, revealBy) : Seats(view, clock);
    }

    private static IReadOnlyList<DueAction> Seats(JobView view, ChainClock clock)
    {
        var open = view.Chain.Seats.Select((seat, i) => (seat.Commitment, Slot: (byte)i)).Where(s => s.Commitment is null).Select(s => s.Slot);
        return [.. open.SelectMany(slot => clock.HeadTime > view.Chain.CommitBy
            ? First(view, [Due(view, Transition.RefillSeat, slot: slot)])
            : First(view, [
                .. view.Documents.SeatCommitments
                    .Where(c => c.Commitment.Round == view.Chain.Round && c.Commitment.Seat == slot)
                    .Select(c => Due(view, Transition.CommitSeat, new Payload(Commitment: new(c.Commitment, c.Signature)), slot)),
                .. view.Documents.Failures
                    .Where(f => f.Failure.Round == view.Chain.Round && f.Failure.Seat == slot && f.Operator == view.Chain.Seats[slot].Operator)
                    .Select(f => Due(view, Transition.RefillSeat, new Payload(Attestation: new(f.Failure, f.Signature)), slot)),
            ]))];
    }

    private static IReadOnlyList<DueAction> Judge(JobView view, ChainClock clock, ulong revealBy)
    {
        var late = clock.HeadTime > revealBy;
        // Until the seals are final a reorg could unseal a seat that has already read the claim.
        var sealedForGood = view.Sealed is { } at && clock.IsFinal(at);
        var claim = view.Chain.Claim is null && sealedForGood && OpeningOf(view) is { } opening
            ? First(view, [Due(view, Transition.OpenClaim, new Payload(Opening: opening))]) : [];
        if (claim.Count > 0) return claim;
        return First(view, view.Documents.Certificates
            .Where(c => c.Attestations.All(a => a.Round == view.Chain.Round))
            .Where(c => late || (view.Chain.Claim is not null && c.Signatures.All(s => s.Length > 0)))
            .Select(c => Due(view, Transition.Certify, new Payload(Certificate: new(
                [.. c.Attestations.Zip(c.Signatures, (a, s) => new Signed<Attestation>(a, s))], c.Evidence)))));
    }

    private static IReadOnlyList<DueAction> Convicted(JobView view, ChainClock clock, EscrowParameters p)
    {
        if (view.Chain.Verdict is not { } verdict) return [];
        // Against the second round there is no appeal.
        var window = verdict.Round == 1 ? p.AppealWindow : 0;
        if (view.Chain.Round == 1 && clock.HeadTime < verdict.At.BlockTime + window)
            return First(view, view.Documents.Appeals.Select(a => Due(view, Transition.Appeal, new Payload(Pledge: new(a.Pledge, a.Signature)))));
        return clock.IsFinal(verdict.At) && clock.HeadTime >= verdict.At.BlockTime + window
            ? First(view, [Due(view, Transition.Slash)]) : [];
    }

    private static IReadOnlyList<DueAction> SeedFor(ulong epoch, JobView view, ChainClock clock, EscrowParameters p)
    {
        if (Sampling.IsBeacons(epoch))
        {
            var end = Sampling.LastSecond(epoch, p.EpochSeconds);
            return clock.HeadTime <= end ? [] : First(view, [new DueAction(Transition.RecordSeed, Words.Of(epoch), 0, new Payload(Epoch: epoch, Round: Quicknet.RoundAfter(end)))]);
        }
        // A missed epoch takes its seed from the next one, so the walk goes on to the first that is in reach or known.
        for (var e = epoch; ; e++)
        {
            var last = Sampling.LastBlock(e, p.EpochBlocks);
            if (clock.HeadNumber <= last) return [];
            if (clock.HeadNumber - last < SeedReach || view.Seeds.ContainsKey(e + 1))
                return First(view, [new DueAction(Transition.RecordSeed, Words.Of(e), 0, new Payload(Epoch: e))]);
        }
    }

    // A re-executor that accused a closed result, which then was opened with the same value.
    private static bool IsConfirmed(JobView view, Attestation accusation) =>
        view.Chain.Opened!.Comparison == Comparison.Exact && OpeningOf(view) is { } opening
        && accusation.Value == Values.Value(opening.OutputsRoot, opening.Units);

    private static Opening? OpeningOf(JobView view) => view.Documents.Openings
        .Select(o => o.Opening)
        .FirstOrDefault(o => Values.Commitment(o) == view.Chain.Submitted?.Commitment);

    private static DueAction Due(JobView view, Transition transition, Payload? payload = null, byte slot = 0) =>
        new(transition, view.Job, slot, (payload ?? Payload.None) with { Record = transition.CarriesRecord() ? view.Chain.Record : null });

    private static IReadOnlyList<DueAction> First(JobView view, IEnumerable<DueAction> candidates) =>
        [.. candidates.Where(c => !view.IsBarred(c)).Take(1)];
}
