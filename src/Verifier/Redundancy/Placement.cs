using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Assay.Protocol.Nodes;

namespace Assay.Verifier.Redundancy;

/// <summary>Brings an order that is not on the chain yet to an operator.</summary>
public static class Placement
{
    public static IReadOnlyList<Step> Place(JobView job, World world)
    {
        if (world.Clock.Seconds > job.Order.Expiry && world.Clock.Seconds - job.Order.Expiry > (ulong)world.Policy.SettleMargin.TotalSeconds)
            return [new Publish(new OrderUnplaced(job.Job, Reason(job))), new Rest()];
        if (LiveAcceptance(job, world.Clock) is { } accepted)
            return [new Publish(new OrderAccepted(job.Job, accepted.Acceptance, accepted.Signature))];
        if (job.DocumentFault is { } fault) return [new Publish(new OrderUnplaced(job.Job, fault)), new Rest()];
        if (world.Clock.Seconds >= job.Order.Expiry) return [];

        var open = job.Offers.LastOrDefault(o => o.State == WorkState.Open);
        if (open is not null && IsLive(open, job.Order, world)) return [new Ask(WorkKind.Offer, open.Operator, Number: open.Number)];

        var steps = new List<Step>();
        if (open is not null) steps.Add(new Lapse(open.Id, open.Operator));
        if (Next(job, world, open?.Operator) is { } next) steps.Add(new Ask(WorkKind.Offer, next, Number: job.Offers.Count()));
        return steps;
    }

    /// <summary>The acceptance under which the order can still be opened.</summary>
    public static SignedAcceptance? LiveAcceptance(JobView job, ChainClock clock) =>
        job.Acceptances.LastOrDefault() is { } last
        && !last.Refused
        && last.Acceptance.OpenBy >= clock.Seconds
        && (job.OpenRefusedAt is not { } refused || refused <= last.AfterSequence)
            ? last
            : null;

    // Nobody else may take an order that names its operator, so that offer waits as long as the order lives.
    private static bool IsLive(Asked offer, Order order, World world) =>
        (order.Operator == offer.Operator || world.Clock.Wall < offer.CreatedAt + world.Policy.OfferTime) && world.Roster.Active().Contains(offer.Operator);

    // Present operators first, then the least busy, then who waited longest; the last key only keeps ties from always falling on the same one.
    private static Address? Next(JobView job, World world, Address? lapsed) => world.Roster.Active()
        .Where(o => job.Order.Operator.IsZero || o == job.Order.Operator)
        .Where(o => o != job.Order.Client && o != job.Order.Payer && world.Roster.WorksIn(job.Order.Pool, o))
        .Where(o => o != lapsed && !HasDeclined(job, world, o) && !IsResting(world, o) && !world.StandingOf(o).IsAccused)
        .OrderByDescending(o => IsPresent(world, o))
        .ThenBy(o => world.StandingOf(o).InFlight)
        .ThenBy(o => world.StandingOf(o).OfferedAt ?? DateTimeOffset.MinValue)
        .ThenBy(o => Words.Hash(job.Job, Words.Of(o)))
        .Cast<Address?>()
        .FirstOrDefault();

    // Who was busy, or could not fetch the inputs, may be able to a while later.
    private static bool HasDeclined(JobView job, World world, Address who) =>
        job.Offers.Any(o => o.Operator == who && o.State == WorkState.Refused && world.Clock.Wall < (o.ClosedAt ?? o.CreatedAt) + world.Policy.LapseRest)
        || job.Acceptances.Any(a => a.Acceptance.Operator == who && world.Clock.Wall < a.ReceivedAt + world.Policy.LapseRest);

    private static bool IsResting(World world, Address who) =>
        world.StandingOf(who).LapsedAt is { } at && world.Clock.Wall < at + world.Policy.LapseRest;

    private static bool IsPresent(World world, Address who) =>
        world.StandingOf(who).SeenAt is { } at && world.Clock.Wall < at + world.Policy.SeenTime;

    private static string Reason(JobView job) => job switch
    {
        { Acceptances.Count: > 0 } => "accepted but not opened before its expiry",
        _ when job.Offers.Any() => "no operator accepted it before its expiry",
        _ => "no eligible operator before its expiry",
    };
}
