using Assay.Ethereum.Primitives;

namespace Assay.Protocol.Chain;

/// <summary>Seats of each round of a case; all of the first must be of one mind, of the second so many to convict or to clear.</summary>
public sealed record Quorums(byte FirstSeats, byte SecondSeats, byte ConvictQuorum, byte ClearQuorum)
{
    /// <summary>No parameters have a round of more.</summary>
    public const byte MostSeats = 15;

    public int SizeOf(byte round) => round == 1 ? FirstSeats : SecondSeats;

    public int ToConvict(byte round) => round == 1 ? FirstSeats : ConvictQuorum;

    public int ToClear(byte round) => round == 1 ? FirstSeats : ClearQuorum;
}

/// <summary>The contract's count of what seats say, value for value.</summary>
public static class Ballots
{
    private static readonly Bytes32 Match = Words.Of(1ul);
    private static readonly Bytes32 Mismatch = Words.Of(2ul);

    /// <param name="seats">What each seat signed; null for one that did not open.</param>
    /// <param name="claim">Value of the opened claim; null when it was not opened, which differs from every value.</param>
    /// <returns>The verdict and, under exact comparison, the value that decides; else zero.</returns>
    public static (Verdict Verdict, Bytes32 Value) Decide(
        Comparison comparison, IReadOnlyList<Attestation?> seats, Bytes32? claim, int toConvict, int toClear)
    {
        var exact = comparison == Comparison.Exact;
        var voices = seats.Select(s => s is null ? Bytes32.Zero : exact ? s.Value : s.Finding == Finding.Match ? Match : Mismatch).ToList();
        var confirming = exact ? claim : Match;
        foreach (var voice in voices.Where(v => !v.IsZero))
            if (voices.Count(v => v == voice) >= (voice == confirming ? toClear : toConvict))
                return (voice == confirming ? Verdict.Cleared : Verdict.Convicted, exact ? voice : Bytes32.Zero);
        return (Verdict.Inconclusive, Bytes32.Zero);
    }
}
