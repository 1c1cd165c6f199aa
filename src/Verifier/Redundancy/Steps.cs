using Assay.Ethereum.Primitives;
using Assay.Protocol.Nodes;

namespace Assay.Verifier.Redundancy;

/// <summary>What should be so now. Steps are levels, not edges: taking one twice changes nothing.</summary>
public abstract record Step;

/// <summary>This work stands open for this operator. What is open and no longer asked is withdrawn.</summary>
public sealed record Ask(WorkKind Kind, Address Operator, byte Round = 0, byte Seat = 0, int Number = 0, Claim? Claim = null) : Step;

/// <summary>The offer was not answered in time.</summary>
public sealed record Lapse(string WorkId, Address Operator) : Step;

/// <summary>The message is sent, once per content.</summary>
public sealed record Publish(object Message) : Step;

/// <summary>The evidence is gathered and the certificate sent; a null stands for a seat that did not open.</summary>
public sealed record Certify(IReadOnlyList<SignedAttestation?> Seats) : Step;

/// <summary>Nothing is left to do until another event concerns the job.</summary>
public sealed record Rest : Step;
