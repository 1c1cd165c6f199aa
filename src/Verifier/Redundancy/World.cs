using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;

namespace Assay.Verifier.Redundancy;

/// <param name="Seconds">What the next block's time will be, as far as can be told: the later of head and wall clock, unix seconds.</param>
/// <param name="Wall">For everything between us and the nodes.</param>
public sealed record ChainClock(ulong Seconds, DateTimeOffset Wall);

/// <summary>What this service follows of one version of the contract's parameters, in blocks and seconds.</summary>
public sealed record ChainWindows(uint EpochBlocks, uint ReviewWindow, uint CheckWindow, uint LongReview, uint AppealWindow, uint EpochSeconds, Quorums Quorums)
{
    /// <summary>A job gets its windows when it is opened.</summary>
    public static readonly ChainWindows Unopened = new(0, 0, 0, 0, 0, 0, new(0, 0, 0, 0));

    public static ChainWindows Of(EscrowParameters p) => new(p.EpochBlocks, p.ReviewWindow, p.CheckWindow, p.LongReview, p.AppealWindow, p.EpochSeconds, p.Quorums);
}

/// <param name="OfferTime">An offer that is unanswered for so long goes to the next operator.</param>
/// <param name="LapseRest">An operator that let an offer lapse is passed over for so long; one that refused the order, or whose acceptance came to nothing, for that order.</param>
/// <param name="SeenTime">A node that asked for work within this time counts as present.</param>
/// <param name="SettleMargin">How long after an order's expiry an opening may still be on its way to us.</param>
/// <param name="RevealGrace">Who is asked to open gets at least so much time before what it keeps closed counts against it.</param>
public sealed record VerifierPolicy(TimeSpan OfferTime, TimeSpan LapseRest, TimeSpan SeenTime, TimeSpan SettleMargin, TimeSpan RevealGrace)
{
    public static readonly VerifierPolicy Default = new(
        TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(15));
}

/// <summary>How an operator stands with us.</summary>
/// <param name="InFlight">Offers open and jobs accepted or running.</param>
/// <param name="IsAccused">A case about one of its results is open.</param>
public sealed record Standing(
    int InFlight, DateTimeOffset? SeenAt, DateTimeOffset? LapsedAt, DateTimeOffset? OfferedAt, bool IsAccused = false)
{
    public static readonly Standing New = new(0, null, null, null);
}

/// <summary>What a decision about any job may look at.</summary>
public sealed record World(
    Roster Roster, IReadOnlyDictionary<ulong, SeedRecorded> Seeds, IReadOnlyDictionary<Address, Standing> Standings,
    ChainWindows Windows, VerifierPolicy Policy, ChainClock Clock)
{
    public Standing StandingOf(Address who) => Standings.GetValueOrDefault(who, Standing.New);

    /// <summary>The seed that decides over what came up in this epoch; null until it is recorded.</summary>
    public SeedRecorded? DecidingSeed(ulong epoch) => Seeds.GetValueOrDefault(Assay.Protocol.Chain.Sampling.DecidingEpoch(epoch));
}
