using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Assay.Protocol.Work;

namespace Assay.Verifier.Verdicts;

// The evidence of a case as one canonical JSON document. Its SHA-256 stands on the chain in VerdictReached. Signatures and contents are base64.

/// <summary>Everything from which the draws, the comparison and the verdict follow.</summary>
/// <param name="Places">The places of the roster that the draws looked at, as they stood.</param>
/// <param name="Opening">Null when the claim was not opened on the chain.</param>
/// <param name="Acceptance">Null when it did not pass through this service.</param>
/// <param name="RunManifest">Canonical JSON; null like <paramref name="Result"/> when the operator did not bring it to this service.</param>
/// <param name="Policy">Canonical JSON; null when it was not in the store.</param>
/// <param name="Outputs">Contents as far as they are small.</param>
/// <param name="EpochSeconds">Where the seeds are the beacon's; null where they are block hashes.</param>
/// <param name="SpotCheck">Null when the accuser pledged money instead of being drawn.</param>
public sealed record EvidenceBundle(
    int Version, ulong ChainId, Address Escrow, uint EpochBlocks, Bytes32 Job, Signed<Order> Order,
    OpenedFact Opened, SubmittedFact Submitted, IReadOnlyList<Party> Parties, IReadOnlyList<PlaceFact> Places,
    CaseEvidence Case, IReadOnlyList<OutputsContent> Outputs, Verdict Verdict, Bytes32 VerdictValue,
    Signed<Acceptance>? Acceptance = null, Signed<Result>? Result = null, string? RunManifest = null, Opening? Opening = null,
    string? Policy = null, string? Workload = null, uint? EpochSeconds = null, SpotCheckEvidence? SpotCheck = null)
{
    public const int CurrentVersion = 3;
}

public sealed record Signed<T>(T Document, byte[] Signature);

/// <param name="Signer">Hot key in the registration.</param>
/// <param name="Cluster">Payout address in the registration.</param>
public sealed record Party(Address Operator, Address Signer, Address Cluster);

/// <param name="RetiredAt">Block; null while active.</param>
/// <param name="LeftAt">Its time; null while active.</param>
public sealed record PlaceFact(uint Place, Address Operator, Address Cluster, ulong? RetiredAt = null, ulong? LeftAt = null);

public sealed record OpenedFact(ulong Block, Bytes32 Transaction, Address Operator, Address NodeKey, uint RatePpm, uint RosterLength);

/// <param name="Time">Of the block, where the epoch is the beacon's.</param>
public sealed record SubmittedFact(ulong Block, Bytes32 Transaction, Bytes32 Commitment, Bytes32 Manifest, ulong Epoch, ulong? Time = null);

/// <param name="SeedEpoch">The epoch after the submission's.</param>
/// <param name="Attempt">Which of the drawn re-executors answered; null when its answer did not pass through this service.</param>
public sealed record SpotCheckEvidence(
    ulong SeedEpoch, Bytes32 Seed, byte? Attempt = null, Signed<SeatCommitment>? Seal = null, Testimony? Testimony = null);

/// <param name="Salt">Opens the seal.</param>
public sealed record Testimony(Signed<Attestation> Attestation, Bytes32 OutputsRoot, ulong Units, Bytes32 Salt);

/// <param name="Round">1 or 2; block, transaction, epoch and roster are those of its beginning.</param>
/// <param name="Value">The accuser's value in the event.</param>
/// <param name="Draws">Places drawn in the round, refills included.</param>
/// <param name="Appellant">Zero in the first round, and where a split began the second.</param>
/// <param name="FirstSeats">Who sat in the first round and so not in the second; empty in the first.</param>
/// <param name="Time">Of the block, where the epoch is the beacon's.</param>
public sealed record CaseEvidence(
    byte Round, Quorums Quorums, ulong Block, Bytes32 Transaction, Address Accuser, bool Bonded, Bytes32 Value, ulong Epoch, uint RosterLength, ulong SeedEpoch,
    Bytes32 Seed, int Draws, Address Appellant, IReadOnlyList<Address> FirstSeats, IReadOnlyList<SeatEvidence> Seats, ulong? Time = null);

/// <param name="Commitment">As on the chain.</param>
/// <param name="Seal">Null when the seat committed without this service.</param>
/// <param name="Testimony">Null when the seat did not open.</param>
/// <param name="Report">Tolerance: what the comparison found; null where it could not be made.</param>
public sealed record SeatEvidence(
    Address Operator, Bytes32 Commitment, Signed<SeatCommitment>? Seal = null, Testimony? Testimony = null, ReportFact? Report = null);

/// <summary>A comparison report without what follows from it.</summary>
public sealed record ReportFact(
    Finding Finding, string Reason, string? Tensor = null, long? Index = null, string? Claimed = null, string? Own = null)
{
    public static ReportFact Of(ComparisonReport report) =>
        new(report.Finding, report.Reason, report.Tensor, report.Index, report.Claimed, report.Own);
}

public sealed record OutputsContent(string Digest, byte[] Content);
