using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Assay.Protocol.Nodes;
using Assay.Verifier.Redundancy;

namespace Assay.Verifier.Tests.Support;

/// <summary>One job under decision: what happened so far, and at what time it is looked at.</summary>
internal sealed class Situation
{
    public static readonly ChainWindows Windows = new(Cast.EpochBlocks, ReviewWindow: 20, CheckWindow: 30, LongReview: 120, AppealWindow: 40, EpochSeconds: 0, new Quorums(3, 3, 3, 2));

    public Cast Cast { get; }
    public Order Order { get; }
    public Bytes32 Job { get; }
    public Actor Runner { get; }
    public List<IJobEvent> Events { get; } = [];
    public List<SignedAcceptance> Acceptances { get; } = [];
    public List<SignedSeal> Seals { get; } = [];
    public List<SignedAttestation> Attestations { get; } = [];
    public List<Asked> Asked { get; } = [];
    public List<IChainEvent> Roster { get; }
    public Dictionary<ulong, SeedRecorded> Seeds { get; } = [];
    public Dictionary<Address, Standing> Standings { get; } = [];
    public SignedResult? Result { get; set; }
    public Opening? Opening { get; set; }
    public bool HasOutputs { get; set; } = true;
    public string? DocumentFault { get; set; }
    public ulong? OpenRefusedAt { get; set; }
    public ulong Now { get; set; } = Cast.Start;
    public Work Right { get; } = Work.Labels("runner", 1, 2, 3);

    public Situation(Comparison comparison = Comparison.Exact, Address chosen = default, Cast? cast = null, Bytes32? policy = null, Bytes32? workload = null)
    {
        Cast = cast ?? new Cast();
        Order = Cast.Order(comparison, chosen, policy, workload);
        Job = Cast.JobOf(Order);
        Runner = Cast.Operators[0];
        Roster = [.. Cast.Registrations()];
    }

    public DateTimeOffset Wall => DateTimeOffset.FromUnixTimeSeconds((long)Now);

    public JobView View => new(
        Job, Order, Cast.Sign(Cast.Client, Order), DocumentFault, JobFold.Fold(Job, Events), OpenRefusedAt, Acceptances, Result,
        Opening, Opening is not null && HasOutputs, Seals, Attestations, Asked);

    public World World => new(
        Protocol.Chain.Roster.Fold(Roster), Seeds, Standings, Windows, VerifierPolicy.Default, new ChainClock(Now, Wall));

    public IReadOnlyList<Step> Decide() => Decision.Decide(View, World);

    public IReadOnlyList<Ask> Asks() => [.. Decide().OfType<Ask>()];

    public IReadOnlyList<T> Messages<T>() => [.. Decide().OfType<Publish>().Select(p => p.Message).OfType<T>()];

    public Situation Opened(uint ratePpm = 1_000_000)
    {
        Events.Add(Cast.Opened(Order, Runner, ratePpm));
        return this;
    }

    public Situation Submitted(Work? work = null)
    {
        Events.Add(Cast.Submitted(Job, Runner, (work ?? Right).Commitment));
        Seeds[2] = Cast.SeedOf(2);
        return this;
    }

    public IReadOnlyList<Address> Picks => Cast.SpotPicks(Order, Runner);

    public void Seal(byte round, int seat, Address who, Work work)
    {
        var seal = work.Seal(Job, round, seat);
        Seals.Add(new(who, seal, Cast.Sign(Cast.Of(who).Hot, seal)));
    }

    public void Attest(byte round, int seat, Address who, Work work, Finding finding, Bytes32 claim)
    {
        var attestation = work.Attest(Job, round, seat, finding);
        Attestations.Add(new(who, attestation, Cast.Sign(Cast.Of(who).Hot, attestation), work.Root, work.Units, work.Salt, claim));
    }

    public void Offer(Address who, WorkState state, ulong at) => Asked.Add(new(
        $"offer-{Asked.Count}", WorkKind.Offer, who, 0, 0, Asked.Count, state, DateTimeOffset.FromUnixTimeSeconds((long)at), null));

    /// <summary>The runner has been asked to open since then.</summary>
    public void AskReveal(ulong at) => Asked.Add(new(
        "reveal", WorkKind.Reveal, Runner.Address, 0, 0, 0, WorkState.Open, DateTimeOffset.FromUnixTimeSeconds((long)at), null));

    public void Accept(Address who, ulong openBy, ulong at, ulong afterSequence = 0)
    {
        var acceptance = new Acceptance(Job, who, Cast.Of(who).Node.Address, openBy);
        Acceptances.Add(new(acceptance, Cast.Sign(Cast.Of(who).Hot, acceptance), DateTimeOffset.FromUnixTimeSeconds((long)at), afterSequence));
    }

    /// <summary>Up to a case with its three seats.</summary>
    public IReadOnlyList<Address> Dispute(Bytes32 value = default, Work? claim = null)
    {
        Opened().Submitted(claim);
        Seeds[4] = Cast.SeedOf(4);
        var accuser = Cast.Of(Picks[0]);
        Events.Add(Cast.Accused(Job, accuser, value));
        var seats = Cast.CasePicks(Order, Runner, accuser);
        Events.Add(new SeatsDrawn(Cast.At(51, Now), Job, 1, seats, Now + 30));
        return seats;
    }

    /// <summary>Every seat sealed on the chain.</summary>
    public void SealAll(IReadOnlyList<Address> seats, IReadOnlyList<Work> works, ulong revealBy, byte round = 1)
    {
        for (var i = 0; i < seats.Count; i++)
            Events.Add(new SeatCommitted(Cast.At(52), Job, round, (byte)i, seats[i], works[i].Seal(Job, round, i).Commitment));
        Events.Add(new SeatsSealed(Cast.At(52), Job, round, revealBy));
    }
}
