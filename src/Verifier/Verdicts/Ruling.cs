using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Assay.Verifier.Redundancy;

namespace Assay.Verifier.Verdicts;

/// <summary>What follows from outputs and signed values; the same for this service, the contract and anybody who replays the evidence.</summary>
public static class Ruling
{
    /// <summary>The round's verdict. A seat without an attestation did not open.</summary>
    /// <param name="claim">Value of the opened claim; null when it was not opened.</param>
    public static (Verdict Verdict, Bytes32 Value) Decide(
        Comparison comparison, Quorums quorums, byte round, IReadOnlyList<Attestation?> seats, Bytes32? claim) =>
        seats.Count == quorums.SizeOf(round)
            ? Ballots.Decide(comparison, seats, claim, quorums.ToConvict(round), quorums.ToClear(round))
            : (Verdict.Inconclusive, Bytes32.Zero);

    public static CertificateSigned Certificate(Bytes32 job, byte round, IReadOnlyList<SignedAttestation?> seats, Bytes32 evidence) => new(
        job,
        [.. seats.Select((seat, i) => seat?.Attestation ?? new Attestation(job, round, (byte)i, Finding.None, Bytes32.Zero, Bytes32.Zero))],
        [.. seats.Select(seat => seat?.Signature ?? [])],
        evidence);
}
