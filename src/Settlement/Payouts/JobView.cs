using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;

namespace Assay.Settlement.Payouts;

/// <summary>The chain's own clock as far as the feed shows it; no window is measured by a process' clock.</summary>
/// <param name="HeadTime">Unix seconds of the head block.</param>
public sealed record ChainClock(ulong HeadNumber, ulong HeadTime, ulong FinalisedNumber)
{
    public bool IsFinal(ChainPosition at) => at.BlockNumber <= FinalisedNumber;
}

/// <summary>What the Verifier sent for one job, newest first.</summary>
public sealed record SignedDocuments
{
    public static readonly SignedDocuments None = new();

    public IReadOnlyList<OrderAccepted> Acceptances { get; init; } = [];
    public IReadOnlyList<ResultSigned> Results { get; init; } = [];
    public IReadOnlyList<ResultOpened> Openings { get; init; } = [];
    public IReadOnlyList<CheckAgreed> Checks { get; init; } = [];
    public IReadOnlyList<AccusationSigned> Accusations { get; init; } = [];
    public IReadOnlyList<SeatCommitmentSigned> SeatCommitments { get; init; } = [];
    public IReadOnlyList<SeatFailed> Failures { get; init; } = [];
    public IReadOnlyList<AppealSigned> Appeals { get; init; } = [];
    public IReadOnlyList<CertificateSigned> Certificates { get; init; } = [];
    public OrderUnplaced? Unplaced { get; init; }
}

/// <summary>A step that the contract refused: this payload waits, or is given up.</summary>
/// <param name="Payload">Digest of the payload.</param>
/// <param name="Code">Name of the contract's <see cref="Skip"/> code, or why the transaction failed.</param>
/// <param name="Waits">True while the step may not be tried again: until its retry time, or for ever.</param>
public sealed record Refusal(Transition Transition, byte Slot, Bytes32 Payload, string Code, bool Waits);

/// <summary>All that the plan for one job depends on.</summary>
/// <param name="Order">Null for a job that came to the chain without us.</param>
/// <param name="Seeds">Live seeds by epoch.</param>
/// <param name="Refusals">Newest first.</param>
/// <param name="Sealed">Where the last seat of the case committed; null before.</param>
public sealed record JobView(
    JobOnChain Chain,
    Signed<Order>? Order,
    SignedDocuments Documents,
    IReadOnlyDictionary<ulong, SeedRecorded> Seeds,
    IReadOnlyList<Refusal> Refusals,
    ChainPosition? Sealed = null)
{
    public Bytes32 Job => Chain.Job;

    /// <summary>The contract refused this very payload, for now or for ever.</summary>
    public bool IsBarred(DueAction action) => Refusals.Any(r => r.Waits
        && r.Transition == action.Transition && r.Slot == action.Slot && r.Payload == PayloadJson.Digest(action.Payload));
}
