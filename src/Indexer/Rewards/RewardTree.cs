using Assay.Ethereum.Crypto;
using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;

namespace Assay.Indexer.Rewards;

/// <summary>Leaves sorted by their hash, nodes hashes of sorted pairs: the tree of contracts/interfaces/IRewards.sol (OpenZeppelin's StandardMerkleTree).</summary>
public sealed class RewardTree
{
    private readonly Bytes32[] nodes;
    private readonly Dictionary<Bytes32, int> places = [];

    /// <param name="entries">At least one, each account once.</param>
    public RewardTree(IReadOnlyList<(Address Account, Amount Amount)> entries)
    {
        nodes = new Bytes32[2 * entries.Count - 1];
        foreach (var (leaf, i) in entries.Select(e => LeafOf(e.Account, e.Amount)).Order().Select((leaf, i) => (leaf, i)))
            places[nodes[^(i + 1)] = leaf] = nodes.Length - 1 - i;
        for (var i = entries.Count - 2; i >= 0; i--) nodes[i] = Pair(nodes[2 * i + 1], nodes[2 * i + 2]);
    }

    public Bytes32 Root => nodes[0];

    /// <exception cref="KeyNotFoundException">The tree does not say this of the account.</exception>
    public IReadOnlyList<Bytes32> ProofOf(Address account, Amount amount)
    {
        var proof = new List<Bytes32>();
        for (var i = places[LeafOf(account, amount)]; i > 0; i = (i - 1) / 2) proof.Add(nodes[i % 2 == 1 ? i + 1 : i - 1]);
        return proof;
    }

    private static Bytes32 LeafOf(Address account, Amount amount) => Keccak256.Hash(Words.Hash(Words.Of(account), Bytes32.FromBigInteger(amount.ToBigInteger())).ToArray());

    private static Bytes32 Pair(Bytes32 a, Bytes32 b) => a < b ? Words.Hash(a, b) : Words.Hash(b, a);
}
