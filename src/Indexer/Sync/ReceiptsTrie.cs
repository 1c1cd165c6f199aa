using Assay.Ethereum.Crypto;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.Primitives;

namespace Assay.Indexer.Sync;

/// <summary>The Merkle-Patricia trie of a list, as a header's receiptsRoot and transactionsRoot are made: keys are the places, RLP-encoded.</summary>
public static class ReceiptsTrie
{
    private sealed record Entry(byte[] Nibbles, byte[] Value);

    public static Bytes32 Root(IReadOnlyList<byte[]> values)
    {
        var entries = values.Select((value, i) => new Entry(Nibbles(Rlp.Encode(RlpItem.Of(i))), value)).ToList();
        return Keccak256.Hash(Rlp.Encode(entries.Count == 0 ? RlpItem.Of([]) : Node(entries, 0)));
    }

    /// <summary>The nodes from the root to the value at a place, encoded: what shows that it is there to somebody who knows the root.</summary>
    public static IReadOnlyList<byte[]> Proof(IReadOnlyList<byte[]> values, int place)
    {
        var nodes = new List<byte[]>();
        Descend([.. values.Select((value, i) => new Entry(Nibbles(Rlp.Encode(RlpItem.Of(i))), value))], 0, Nibbles(Rlp.Encode(RlpItem.Of(place))), nodes);
        return nodes;
    }

    private static void Descend(IReadOnlyList<Entry> entries, int depth, byte[] key, List<byte[]> nodes)
    {
        var encoded = Rlp.Encode(Node(entries, depth));
        if (depth == 0 || encoded.Length >= 32)
            nodes.Add(encoded);
        if (entries.Count == 1)
            return;
        if (Shared(entries, depth) is > 0 and var shared)
            Descend(entries, depth + shared, key, nodes);
        else
            Descend([.. entries.Where(entry => entry.Nibbles[depth] == key[depth])], depth + 1, key, nodes);
    }

    private static RlpItem Node(IReadOnlyList<Entry> entries, int depth)
    {
        if (entries is [var only])
            return RlpItem.List(Path(only.Nibbles.AsSpan(depth), isLeaf: true), RlpItem.Of(only.Value));
        var shared = Shared(entries, depth);
        return shared > 0
            ? RlpItem.List(Path(entries[0].Nibbles.AsSpan(depth, shared), isLeaf: false), Reference(Node(entries, depth + shared)))
            : RlpItem.List([.. Enumerable.Range(0, 16).Select(nibble => Child(entries, depth, nibble)), RlpItem.Of([])]);
    }

    // No place's encoding is the beginning of another's, so a branch has no value of its own.
    private static RlpItem Child(IReadOnlyList<Entry> entries, int depth, int nibble)
    {
        var below = entries.Where(entry => entry.Nibbles[depth] == nibble).ToList();
        return below.Count == 0 ? RlpItem.Of([]) : Reference(Node(below, depth + 1));
    }

    // A node shorter than its hash stands in its parent itself.
    private static RlpItem Reference(RlpItem node) => Rlp.Encode(node) is { Length: >= 32 } encoded ? RlpItem.Of(Keccak256.Hash(encoded)) : node;

    private static int Shared(IReadOnlyList<Entry> entries, int depth) =>
        entries.Skip(1).Min(entry => entry.Nibbles.AsSpan(depth).CommonPrefixLength(entries[0].Nibbles.AsSpan(depth)));

    // Hex-prefix encoding: the first nibble says whether it is a leaf's path and whether the count is odd.
    private static RlpItem Path(ReadOnlySpan<byte> nibbles, bool isLeaf)
    {
        var flag = (isLeaf ? 2 : 0) + nibbles.Length % 2;
        byte[] padded = nibbles.Length % 2 == 1 ? [(byte)flag, .. nibbles] : [(byte)flag, 0, .. nibbles];
        return RlpItem.Of([.. Enumerable.Range(0, padded.Length / 2).Select(i => (byte)(padded[2 * i] << 4 | padded[2 * i + 1]))]);
    }

    private static byte[] Nibbles(byte[] key) => [.. key.SelectMany(b => new[] { (byte)(b >> 4), (byte)(b & 15) })];
}
