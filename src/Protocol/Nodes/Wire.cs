using System.Text.Json.Serialization;
using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;

namespace Assay.Protocol.Nodes;

// Bodies of the node HTTP interface: what the Verifier serves and a NodeAgent calls.

[JsonConverter(typeof(JsonStringEnumConverter<WorkKind>))]
public enum WorkKind
{
    /// <summary>Fetch the inputs and accept or refuse the order.</summary>
    Offer,
    /// <summary>Run the job, store the outputs, sign the salted commitment.</summary>
    Execute,
    /// <summary>Open the own commitment.</summary>
    Reveal,
    /// <summary>Run somebody else's job again and seal the value.</summary>
    Recompute,
    /// <summary>Open the sealed value, and compare it with the claim when there is one.</summary>
    Attest,
    /// <summary>The own result was convicted in the first round: run the job again and, if it was right, pledge for a second one.</summary>
    Appeal,
}

/// <summary>The result that an attestation judges.</summary>
public sealed record Claim(Bytes32 OutputsRoot, ulong Units);

/// <param name="Id">Stable over repeated leases of the same work.</param>
/// <param name="OrderSignature">Only with an offer.</param>
public sealed record WorkItem(
    string Id, WorkKind Kind, Bytes32 Job, Order Order, byte Round, byte Seat, byte[]? OrderSignature = null, Claim? Claim = null);

/// <param name="Capacity">How many items the node can take now, 1 to 64.</param>
/// <param name="WaitSeconds">How long the answer may wait for work, 0 to 10.</param>
public sealed record LeaseRequest(int Capacity, int WaitSeconds);

public sealed record LeaseResponse(IReadOnlyList<WorkItem> Work);

public sealed record AcceptanceRequest(Acceptance Acceptance, byte[] Signature);

/// <summary>The node cannot or will not do this piece of work.</summary>
public sealed record RefusalRequest(string WorkId, string Reason);

/// <param name="Signature">65 bytes of the node key over the result; 65 more of the order's witness over <see cref="Stored"/> where it names one.</param>
/// <param name="Manifest">Canonical JSON of the run manifest whose digest the result carries.</param>
public sealed record ResultRequest(Result Result, byte[] Signature, string Manifest);

/// <summary>Asks the store to say that it holds what a result commits to, before the result is signed: the store alone sees the opening.</summary>
public sealed record WitnessRequest(Bytes32 Job, Opening Opening);

/// <param name="Signature">The store's 65 bytes over <see cref="Stored"/>.</param>
public sealed record WitnessResponse(byte[] Signature);

public sealed record OpeningRequest(Bytes32 Job, Opening Opening);

public sealed record SealRequest(SeatCommitment Commitment, byte[] Signature);

/// <param name="Salt">Opens the seal; in round 0 it stays outside the signed attestation.</param>
/// <param name="OutputsRoot">Of the signer's own outputs, stored as a blob.</param>
public sealed record AttestationRequest(Attestation Attestation, byte[] Signature, Bytes32 OutputsRoot, ulong Units, Bytes32 Salt);

/// <param name="Failure">Of the seat that was to run the job again: Failed, without value and salt.</param>
public sealed record FailureRequest(Attestation Failure, byte[] Signature);

/// <param name="Pledge">The convicted operator's, for the second round.</param>
public sealed record AppealRequest(Pledge Pledge, byte[] Signature);

/// <summary>Header names of a signed request.</summary>
public static class SignedRequestHeaders
{
    public const string Address = "Assay-Address";
    public const string Nonce = "Assay-Nonce";
    public const string Deadline = "Assay-Deadline";
    public const string Signature = "Assay-Signature";
}
