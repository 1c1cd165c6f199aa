using Assay.Ethereum.Primitives;
using Assay.Protocol.Messages;

namespace Assay.Protocol.Chain;

/// <summary>The operators and their places, folded from events in chain order.</summary>
public sealed class Roster
{
    private readonly List<RosterPlace> places = [];
    private readonly Dictionary<Address, OperatorRegistered> operators = [];

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

    public Address? ClusterOf(Address @operator) => operators.TryGetValue(@operator, out var o) ? o.Payout : null;

    public IEnumerable<Address> Active() => places.Where(p => p.RetiredAt is null).Select(p => p.Operator);

    private void Apply(IChainEvent e)
    {
        switch (e)
        {
            case OperatorRegistered registered:
                operators[registered.Operator] = registered;
                break;
            case OperatorJoined joined when joined.Place == places.Count:
                places.Add(new RosterPlace(joined.Operator, joined.Cluster, null));
                break;
            case OperatorRetired retired when retired.Place < places.Count:
                places[(int)retired.Place] = places[(int)retired.Place] with { RetiredAt = retired.At.BlockNumber, LeftAt = retired.At.BlockTime };
                break;
            case OperatorJoined or OperatorRetired:
                throw new InvalidDataException($"{e} does not fit a roster of {places.Count} places.");
        }
    }
}
