using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Assay.Verifier.Redundancy;

namespace Assay.Verifier.Verdicts;

/// <summary>What follows from outputs and signed values; the same for this service, the contract and anybody who replays the evidence.</summary>
public static class Ruling
{
    public const int Seats = 3;

    /// <summary>The contract's count: one voice of all seats, or no verdict. A seat without an attestation did not open.</summary>
    /// <param name="claim">Value of the opened claim; null when it was not opened.</param>
    public static (Verdict Verdict, Bytes32 Value) Decide(Comparison comparison, IReadOnlyList<Attestation?> seats, Bytes32? claim)
    {
        if (seats.Count != Seats || seats.Any(s => s is null)) return (Verdict.Inconclusive, Bytes32.Zero);
        if (comparison == Comparison.Tolerance)
        {
            var matches = seats.Count(s => s!.Finding == Finding.Match);
            return (matches switch { Seats => Verdict.Cleared, 0 => Verdict.Convicted, _ => Verdict.Inconclusive }, Bytes32.Zero);
        }
        var value = seats[0]!.Value;
        if (seats.Any(s => s!.Value != value)) return (Verdict.Inconclusive, Bytes32.Zero);
        return (value == claim ? Verdict.Cleared : Verdict.Convicted, value);
    }

    public static CertificateSigned Certificate(Bytes32 job, IReadOnlyList<SignedAttestation?> seats, Bytes32 evidence) => new(
        job,
        [.. seats.Select((seat, i) => seat?.Attestation ?? new Attestation(job, 1, (byte)i, Finding.None, Bytes32.Zero, Bytes32.Zero))],
        [.. seats.Select(seat => seat?.Signature ?? [])],
        evidence);
}
