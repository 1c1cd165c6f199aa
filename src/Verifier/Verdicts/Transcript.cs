using System.Collections;
using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;

namespace Assay.Verifier.Verdicts;

/// <summary>A roster that remembers which places a draw looked at.</summary>
internal sealed class WatchedRoster(IReadOnlyList<RosterPlace> places) : IReadOnlyList<RosterPlace>
{
    private readonly SortedSet<int> _seen = [];

    public IEnumerable<PlaceFact> Seen => _seen.Select(i => new PlaceFact((uint)i, places[i].Operator, places[i].Cluster, places[i].RetiredAt, places[i].LeftAt));

    public int Count => places.Count;

    public RosterPlace this[int index]
    {
        get
        {
            _seen.Add(index);
            return places[index];
        }
    }

    public IEnumerator<RosterPlace> GetEnumerator() => places.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>A roster of which only some places are known; looking at another one is a difference.</summary>
internal sealed class PartialRoster(IReadOnlyList<PlaceFact> known, uint length) : IReadOnlyList<RosterPlace>
{
    private readonly Dictionary<uint, PlaceFact> _known = known.GroupBy(p => p.Place).ToDictionary(g => g.Key, g => g.First());

    public int Count => (int)length;

    public RosterPlace this[int index] => _known.TryGetValue((uint)index, out var place)
        ? new RosterPlace(place.Operator, place.Cluster, place.RetiredAt, place.LeftAt)
        : throw new DifferenceException($"the draw looks at place {index}, which the evidence lacks");

    public IEnumerator<RosterPlace> GetEnumerator() => Enumerable.Range(0, Count).Select(i => this[i]).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>The evidence says something else than what follows from it.</summary>
internal sealed class DifferenceException(string message) : Exception(message);
