using Assay.Ethereum.Primitives;
using Assay.Protocol.Messages;

namespace Assay.Protocol.Chain;

/// <summary>The operators and their places, folded from events in chain order.</summary>
public sealed class Roster
{
    private readonly List<RosterPlace> places = [];
    private readonly Dictionary<Address, OperatorRegistered> operators = [];
    private readonly Dictionary<Address, Address> clusters = [];
    private readonly HashSet<(uint Pool, Address Operator)> workers = [];

    public IReadOnlyList<RosterPlace> Places => places;

    /// <exception cref="InvalidDataException">A place is missing: the events are not the whole chain's.</exception>
    public static Roster Fold(IEnumerable<IChainEvent> events)
    {
        var roster = new Roster();
        foreach (var e in events) roster.Apply(e);
        return roster;
    }

    /// <summary>The hot key that signs for an operator; null for a stranger.</summary>
    public Address? SignerOf(Address @operator) => operators.TryGetValue(@operator, out var o) ? o.Signer : null;

    /// <summary>Operators of one payout address or declared owner have the same; null for a stranger.</summary>
    public Address? ClusterOf(Address @operator) => clusters.TryGetValue(@operator, out var cluster) ? cluster : null;

    /// <summary>Whether an operator may take the pool's jobs; zero is everybody's pool.</summary>
    public bool WorksIn(uint pool, Address @operator) => pool == 0 || workers.Contains((pool, @operator));

    public IEnumerable<Address> Active() => places.Where(p => p.RetiredAt is null).Select(p => p.Operator);

    private void Apply(IChainEvent e)
    {
        switch (e)
        {
            case OperatorRegistered registered:
                operators[registered.Operator] = registered;
                break;
            case OperatorJoined joined when joined.Place == places.Count:
                clusters[joined.Operator] = joined.Cluster;
                places.Add(new RosterPlace(joined.Operator, joined.Cluster, null));
                break;
            case OperatorRetired retired when retired.Place < places.Count:
                places[(int)retired.Place] = places[(int)retired.Place] with { RetiredAt = retired.At.BlockNumber, LeftAt = retired.At.BlockTime };
                break;
            case PoolMemberSet { Works: true } member:
                workers.Add((member.Pool, member.Account));
                break;
            case PoolMemberSet member:
                workers.Remove((member.Pool, member.Account));
                break;
            case OperatorJoined or OperatorRetired:
                throw new InvalidDataException($"{e} does not fit a roster of {places.Count} places.");
        }
    }
}
