using Assay.Ethereum.Crypto;
using Assay.Ethereum.Primitives;

namespace Assay.Protocol.Chain;

/// <summary>A place in the append-only roster.</summary>
/// <param name="RetiredAt">Block of exit or jailing; null while active.</param>
/// <param name="LeftAt">That block's time, unix seconds; draws by the beacon's seeds look at it.</param>
public sealed record RosterPlace(Address Operator, Address Cluster, ulong? RetiredAt, ulong? LeftAt = null);

/// <param name="Round">0 spot check, 1 and 2 the rounds of a case.</param>
/// <param name="RosterLength">Frozen by the opening, in a case by the round's beginning: before the seed existed.</param>
/// <param name="SeedEnd">Last block of the deciding epoch, or its last second.</param>
/// <param name="Client">Never drawn for its own job.</param>
/// <param name="ExcludedClusters">The job's operator, in a case the accuser, and in its second round the appellant and the first one's seats.</param>
/// <param name="Payer">Never drawn either; zero: the client.</param>
/// <param name="ByTime">The deciding epoch is the beacon's, so its end is a second.</param>
public sealed record DrawSubject(
    Bytes32 Seed, Bytes32 Job, byte Round, uint RosterLength, ulong SeedEnd, Address Client, IReadOnlyList<Address> ExcludedClusters,
    bool ByTime = false, Address Payer = default);

/// <summary>Who runs a job again: the contract's own walk over the roster, value for value.</summary>
public static class Draw
{
    public const int Probes = 64;
    public const int Attempts = 3;

    private static readonly Bytes32 Tag = Keccak256.Hash("assay.draw");

    /// <summary>Up to <paramref name="count"/> operators of distinct clusters in drawing order; fewer when 64 probes find no more.</summary>
    /// <exception cref="ArgumentException">The roster is shorter than the frozen length.</exception>
    public static IReadOnlyList<Address> Picks(DrawSubject subject, IReadOnlyList<RosterPlace> roster, int count)
    {
        if (roster.Count < subject.RosterLength)
            throw new ArgumentException($"The roster has {roster.Count} places, the draw needs {subject.RosterLength}.", nameof(roster));

        var picks = new List<Address>(count);
        if (subject.RosterLength == 0) return picks;
        var clusters = new HashSet<Address>(subject.ExcludedClusters);
        for (ulong probe = 0; probe < Probes && picks.Count < count; probe++)
        {
            var place = roster[PlaceOf(subject, probe)];
            var left = subject.ByTime ? place.LeftAt : place.RetiredAt;
            var serves = left is null || left > subject.SeedEnd;
            if (serves && place.Operator != subject.Client && place.Operator != subject.Payer && clusters.Add(place.Cluster)) picks.Add(place.Operator);
        }
        return picks;
    }

    private static int PlaceOf(DrawSubject subject, ulong probe)
    {
        var hash = Words.Hash(Tag, subject.Seed, subject.Job, Words.Of(subject.Round), Words.Of(probe));
        return (int)(Words.ToNumber(hash) % subject.RosterLength);
    }
}
