using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Assay.Protocol.Nodes;

namespace Assay.Verifier.Redundancy;

public enum WorkState { Open, Done, Refused, Lapsed, Withdrawn }

/// <summary>A piece of work that was asked of an operator.</summary>
/// <param name="Number">Running number of the offer; 0 for other kinds.</param>
public sealed record Asked(
    string Id, WorkKind Kind, Address Operator, byte Round, byte Seat, int Number, WorkState State, DateTimeOffset CreatedAt, DateTimeOffset? ClosedAt);

/// <param name="AfterSequence">Chain position known when it came: a refusal to open with a later one is about this acceptance.</param>
/// <param name="Refused">Settlement learned in a dry run that the contract would not open the order with it.</param>
public sealed record SignedAcceptance(
    Acceptance Acceptance, byte[] Signature, DateTimeOffset ReceivedAt, ulong AfterSequence, bool Refused = false);

public sealed record SignedResult(Address Operator, Result Result, byte[] Signature, string Manifest);

public sealed record SignedSeal(Address Operator, SeatCommitment Commitment, byte[] Signature);

/// <param name="ClaimValue">Value of the opened claim it judged; zero when there was none.</param>
/// <param name="Salt">Opens the seal; in round 0 it is not part of the signed attestation.</param>
public sealed record SignedAttestation(
    Address Operator, Attestation Attestation, byte[] Signature, Bytes32 OutputsRoot, ulong Units, Bytes32 Salt, Bytes32 ClaimValue);

/// <summary>All that is known of one job: the chain's word and what nodes have signed.</summary>
/// <param name="OpenRefusedAt">Sequence of the chain's last refusal to open it with the accepted operator; null when there is none.</param>
/// <param name="DocumentFault">Why nobody can run or judge the order; null when its documents are as they should be, or it is on the chain already.</param>
/// <param name="Opening">Opens the commitment that is on the chain; null when it does not, or has not come.</param>
/// <param name="HasOutputs">The opened outputs are in the content store.</param>
public sealed record JobView(
    Bytes32 Job, Order Order, byte[] OrderSignature, string? DocumentFault, JobOnChain Chain, ulong? OpenRefusedAt,
    IReadOnlyList<SignedAcceptance> Acceptances, SignedResult? Result, Opening? Opening, bool HasOutputs,
    IReadOnlyList<SignedSeal> Seals, IReadOnlyList<SignedAttestation> Attestations, IReadOnlyList<Asked> Work)
{
    public IEnumerable<Asked> Offers => Work.Where(w => w.Kind == WorkKind.Offer);

    /// <summary>The operator that runs or ran it, by the chain's word.</summary>
    public Address Operator => Chain.Opened!.Operator;

    public bool IsExact => Order.Comparison == Comparison.Exact;

    /// <summary>What can be judged: under exact comparison the opened value says all, under tolerance the outputs are compared and have to be there.</summary>
    public Claim? Claim => Opening is { } o && (IsExact || HasOutputs) ? new Claim(o.OutputsRoot, o.Units) : null;

    public SignedSeal? SealOf(byte round, int seat, Address by) => Seals.FirstOrDefault(
        s => s.Commitment.Round == round && s.Commitment.Seat == seat && s.Operator == by);

    /// <summary>What was signed about this claim; an exact value is the same word about every claim.</summary>
    public SignedAttestation? AttestationOf(byte round, int seat, Address by, Bytes32 claim) => Attestations.FirstOrDefault(
        a => a.Attestation.Round == round && a.Attestation.Seat == seat && a.Operator == by && (IsExact || a.ClaimValue == claim));
}
