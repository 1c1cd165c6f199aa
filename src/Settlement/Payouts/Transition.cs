using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;

namespace Assay.Settlement.Payouts;

/// <summary>A step that takes a transaction, of a job or of a word that we carry. The name is the stored one.</summary>
public enum Transition
{
    Open, Submit, RecordSeed, Release, Expire, Accuse, DrawSeats, CommitSeat, RefillSeat, OpenClaim, Certify, Appeal, Slash, Lapse, Carry,
}

public static class Transitions
{
    /// <summary>The contract takes these as arrays and skips a bad item; the others go one to a transaction.</summary>
    public static bool IsBatched(this Transition transition) => transition
        is Transition.Open or Transition.Submit or Transition.Release or Transition.Expire or Transition.Slash or Transition.Lapse or Transition.CommitSeat;

    /// <summary>Moves money out of a job; held back while the books differ from the chain.</summary>
    public static bool IsPayout(this Transition transition) => transition
        is Transition.Release or Transition.Expire or Transition.Certify or Transition.Slash or Transition.Lapse;

    /// <summary>The contract wants the job's record with it: all that happens to an open job but a seat's commitment.</summary>
    public static bool CarriesRecord(this Transition transition) =>
        transition is not (Transition.Open or Transition.RecordSeed or Transition.CommitSeat or Transition.Carry);

    /// <summary>How an <c>ItemSkipped</c> event calls the step; null for one that is never part of a batch.</summary>
    public static ItemAction? InBatch(this Transition transition) => transition switch
    {
        Transition.Open => ItemAction.Open,
        Transition.Submit => ItemAction.Submit,
        Transition.Release => ItemAction.Release,
        Transition.Expire => ItemAction.Expire,
        Transition.Slash => ItemAction.Slash,
        Transition.Lapse => ItemAction.Lapse,
        Transition.CommitSeat => ItemAction.CommitSeat,
        _ => null,
    };
}

/// <summary>What a step carries to the contract, beside the job it names.</summary>
/// <param name="Order">Open.</param>
/// <param name="Acceptance">Open.</param>
/// <param name="Result">Submit.</param>
/// <param name="Opening">Release, OpenClaim.</param>
/// <param name="Attestation">Release of a checked job, Accuse, RefillSeat of who failed.</param>
/// <param name="Commitment">CommitSeat.</param>
/// <param name="Certificate">Certify.</param>
/// <param name="Pledge">Appeal.</param>
/// <param name="Epoch">RecordSeed.</param>
/// <param name="Call">Carry: the whole call.</param>
/// <param name="Record">The job's record as the feed shows it, see <see cref="Transitions.CarriesRecord"/>. Another record after a reorg is another payload.</param>
public sealed record Payload(
    Signed<Order>? Order = null,
    Signed<Acceptance>? Acceptance = null,
    Signed<Result>? Result = null,
    Opening? Opening = null,
    Signed<Attestation>? Attestation = null,
    Signed<SeatCommitment>? Commitment = null,
    Certificate? Certificate = null,
    ulong? Epoch = null,
    ulong? Round = null,
    byte[]? Proof = null,
    Job? Record = null,
    Signed<Pledge>? Pledge = null,
    byte[]? Call = null)
{
    public static readonly Payload None = new();
}

public sealed record Signed<T>(T Document, byte[] Signature);

/// <param name="Attestations">One per seat, in order; an empty signature stands for a seat that did not open.</param>
/// <param name="Evidence">SHA-256 of the evidence bundle.</param>
public sealed record Certificate(IReadOnlyList<Signed<Attestation>> Attestations, Bytes32 Evidence);

/// <summary>A step that the chain would take now.</summary>
/// <param name="Subject">The job; of a seed, the epoch as a word; of a word that is carried, its id.</param>
/// <param name="Slot">The seat where there is one, else 0.</param>
public sealed record DueAction(Transition Transition, Bytes32 Subject, byte Slot, Payload Payload);
