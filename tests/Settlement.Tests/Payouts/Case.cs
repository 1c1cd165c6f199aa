using Assay.Ethereum.Crypto;
using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Assay.Settlement.Payouts;

namespace Assay.Settlement.Tests.Payouts;

/// <summary>A job in the making: events on the chain, documents, refusals, and the plan that follows from them.</summary>
internal sealed class Case
{
    public const ulong Start = 1_000_000;

    public static readonly EscrowParameters Terms = new(
        FloorPpm: 100_000, RecordNumerator: 2, RecordOffset: 2, EpochBlocks: 8, MinRoster: 8, MaxRunWindow: 600, ReviewWindow: 60, CheckWindow: 30,
        LongReview: 200, OpenWindow: 40, CommitWindow: 50, RevealWindow: 50, VerdictWindow: 1000, AppealVerdictWindow: 1000, AppealWindow: 20, UnbondingDelay: 10_000, NoShowPpm: 100_000,
        NoShowsToJail: 3, SeatPenaltyPpm: 100_000, AccuserPpm: 100_000, FirstSeats: 3, SecondSeats: 3, ConvictQuorum: 3, ClearQuorum: 2, MinBond: 1000, KeeperPart: 5);

    public static readonly Address Client = Someone(1), Operator = Someone(2), Accuser = Someone(3);
    public static readonly Order Order = new(
        Client, Address.Zero, Keccak256.Hash("work"), Keccak256.Hash("policy"), Comparison.Exact, 1, 1000, 200, 100, Words.Of(7), Start + 500);

    // What the seed decides depends on job and seed: these two are found so that at a rate of one half the first is sampled and the second is not.
    public static readonly Bytes32 Job = Keccak256.Hash("job");
    public static readonly Bytes32 SamplingSeed = Seeds().First(s => Sampling.IsSampled(s, Job, 500_000));
    public static readonly Bytes32 SparingSeed = Seeds().First(s => !Sampling.IsSampled(s, Job, 500_000));
    public static readonly Opening Opening = new(Keccak256.Hash("outputs"), 10, Keccak256.Hash("salt"));

    private readonly List<IChainEvent> events = [];
    private readonly List<Refusal> refusals = [];
    private SignedDocuments documents = SignedDocuments.None;
    private Signed<Order>? order = new(Order, [1]);
    private ulong sequence;

    /// <summary>Head of the chain; a block each second.</summary>
    public ulong Now { get; private set; } = Start;

    public ulong Finalised { get; private set; } = ulong.MaxValue;

    public static Address Someone(byte number) => new([.. new byte[19], number]);

    public Case At(ulong secondsLater)
    {
        Now = Start + secondsLater;
        return this;
    }

    public Case FinalTo(ulong secondsLater)
    {
        Finalised = BlockOf(Start + secondsLater);
        return this;
    }

    public Case WithoutOrder()
    {
        order = null;
        return this;
    }

    public Case Knows(Func<SignedDocuments, SignedDocuments> add)
    {
        documents = add(documents);
        return this;
    }

    public Case Refused(DueAction action, string code, bool waits = true)
    {
        refusals.Insert(0, new Refusal(action.Transition, action.Slot, PayloadJson.Digest(action.Payload), code, waits));
        return this;
    }

    public Case Saw(Func<ChainPosition, IChainEvent> e)
    {
        events.Add(e(new ChainPosition(++sequence, BlockOf(Now), Keccak256.Hash($"block {Now}"), Now, Keccak256.Hash($"tx {sequence}"), (uint)sequence)));
        return this;
    }

    public Case Open() => Saw(at => new JobOpened(at, Job, Client, Operator, Someone(9), Order.Workload, Order.Policy, Order.Comparison, 1, 1000, 105, 100, Order.Nonce, 500_000, 8, 1));
    public Case Submit() => Saw(at => new ResultSubmitted(at, Job, Operator, Values.Commitment(Opening), Keccak256.Hash("manifest"), Epoch));
    public Case Seed(Bytes32 seed, ulong? epoch = null) => Saw(at => new SeedRecorded(at, epoch ?? Epoch + 1, seed));
    public Case Accused() => Saw(at => new ResultAccused(at, Job, Accuser, Keccak256.Hash("other"), false, Epoch, 8));
    public Case Appealed() => Saw(at => new ResultAppealed(at, Job, Address.Zero, Epoch, 8));
    public Case Drawn(byte round = 1) => Saw(at => new SeatsDrawn(at, Job, round, [Someone(4), Someone(5), Someone(6)], Now + Terms.CommitWindow));
    public Case Committed(byte seat, byte round = 1) => Saw(at => new SeatCommitted(at, Job, round, seat, Someone((byte)(4 + seat)), Keccak256.Hash($"seal {seat}")));
    public Case Sealed(byte round = 1) => Committed(0, round).Committed(1, round).Committed(2, round).Saw(at => new SeatsSealed(at, Job, round, Now + Terms.RevealWindow));
    public Case ClaimOpened() => Saw(at => new ClaimOpened(at, Job, Opening.OutputsRoot, Opening.Units, Opening.Salt));
    public Case Verdict(Verdict verdict, byte round = 1) => Saw(at => new VerdictReached(at, Job, round, verdict, Keccak256.Hash("value"), Keccak256.Hash("evidence")));

    /// <summary>Epoch of the current block.</summary>
    public ulong Epoch => Sampling.EpochOf(BlockOf(Now), Terms.EpochBlocks);

    public JobView View => new(
        JobFold.Fold(Job, events.OfType<IJobEvent>()), order, documents,
        events.OfType<SeedRecorded>().ToDictionary(s => s.Epoch), refusals, events.OfType<SeatsSealed>().LastOrDefault()?.At);

    public ChainClock Clock => new(BlockOf(Now), Now, Math.Min(Finalised, BlockOf(Now)));

    public IReadOnlyList<DueAction> Plan() => Planner.Plan(View, Clock, Terms);

    public Transition? Only() => Plan() switch
    {
        [] => null,
        [var one] => one.Transition,
        var many => throw new Xunit.Sdk.XunitException($"Expected one step, found {string.Join(", ", many)}."),
    };

    public static OrderAccepted Acceptance(byte who = 2, ulong openBy = 100) => new(Job, new Acceptance(Job, Someone(who), Someone(9), Start + openBy), [who]);
    public static ResultSigned Result => new(Job, new Result(Job, Values.Commitment(Opening), Keccak256.Hash("manifest")), [3]);
    public static ResultOpened Opened => new(Job, Opening);
    public static CheckAgreed Check(byte attempt = 0) => new(Job, new Attestation(Job, 0, attempt, Finding.Value, Values.Value(Opening.OutputsRoot, 10), Bytes32.Zero), [attempt]);
    public static AccusationSigned Accusation(byte attempt = 0) => new(Job, new Attestation(Job, 0, attempt, Finding.Value, Keccak256.Hash("other"), Bytes32.Zero), [attempt]);
    public static SeatCommitmentSigned Seal(byte seat, byte round = 1) => new(Job, new SeatCommitment(Job, round, seat, Keccak256.Hash($"seal {seat}")), [seat]);
    public static SeatFailed Failure(byte seat, Address by, byte round = 1) =>
        new(Job, by, new Attestation(Job, round, seat, Finding.Failed, Bytes32.Zero, Bytes32.Zero), [7, seat]);
    public static AppealSigned Appeal => new(Job, new Pledge(Job, Operator, 2), [8]);
    public static CertificateSigned Certificate(bool complete = true, byte round = 1) => new(
        Job, [.. Enumerable.Range(0, 3).Select(i => new Attestation(Job, round, (byte)i, Finding.Value, Keccak256.Hash("other"), Keccak256.Hash("s")))],
        [[1], [2], complete ? [3] : []], Keccak256.Hash("evidence"));

    private static ulong BlockOf(ulong time) => time - Start + 800;

    private static IEnumerable<Bytes32> Seeds() => Enumerable.Range(0, 100).Select(i => Keccak256.Hash($"seed {i}"));
}
