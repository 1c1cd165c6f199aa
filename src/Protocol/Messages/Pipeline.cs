using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;

namespace Assay.Protocol.Messages;

/// <summary>Settlement took a signed order; the job id is the order's EIP-712 digest.</summary>
public sealed record OrderReceived(Bytes32 Job, Order Order, byte[] Signature);

/// <summary>A node fetched the inputs and its operator signed the acceptance.</summary>
public sealed record OrderAccepted(Bytes32 Job, Acceptance Acceptance, byte[] Signature);

/// <summary>Nobody eligible took the order before it expired, or its documents cannot be read, so that nobody was asked.</summary>
public sealed record OrderUnplaced(Bytes32 Job, string Reason);

/// <summary>The node ran the job, stored its content and signed the salted commitment.</summary>
/// <param name="Signature">Of the node key, followed by that of the order's witness where it names one.</param>
public sealed record ResultSigned(Bytes32 Job, Result Result, byte[] Signature);

/// <summary>The operator opened its commitment; its content is in the store, except in a case under exact comparison, which needs the value only.</summary>
public sealed record ResultOpened(Bytes32 Job, Opening Opening);

/// <summary>The drawn re-executor agrees with the opened result.</summary>
public sealed record CheckAgreed(Bytes32 Job, Attestation Attestation, byte[] Signature);

/// <summary>The drawn re-executor disagrees with the opened result.</summary>
public sealed record AccusationSigned(Bytes32 Job, Attestation Attestation, byte[] Signature);

/// <summary>A drawn seat sealed its value.</summary>
public sealed record SeatCommitmentSigned(Bytes32 Job, SeatCommitment Commitment, byte[] Signature);

/// <summary>A drawn seat could not run the job; another is drawn in its stead.</summary>
public sealed record SeatFailed(Bytes32 Job, Address Operator, Attestation Failure, byte[] Signature);

/// <summary>The convicted operator stands by its result with the pay of the second round's seats.</summary>
public sealed record AppealSigned(Bytes32 Job, Pledge Pledge, byte[] Signature);

/// <summary>Every seat that answered has opened; an empty signature stands for one that did not.</summary>
/// <param name="Evidence">SHA-256 of the evidence bundle.</param>
public sealed record CertificateSigned(
    Bytes32 Job, IReadOnlyList<Attestation> Attestations, IReadOnlyList<byte[]> Signatures, Bytes32 Evidence);

/// <summary>The contract would not open the job with this operator's acceptance; another operator may be offered the order.</summary>
public sealed record OpenRefused(Bytes32 Job, Address Operator, Skip Code);
