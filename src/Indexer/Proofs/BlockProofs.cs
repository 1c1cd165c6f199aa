using System.Text.Json;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.Primitives;

namespace Assay.Indexer.Proofs;

/// <summary>A block header as its hash is made: RLP of its fields in order (Yellow Paper 4.3; EIP-1559, 4895, 4844, 4788, 7685).</summary>
public static class HeaderRlp
{
    private const int ParentAt = 0, StateRootAt = 3, ReceiptsRootAt = 5, NumberAt = 8, TimeAt = 11;

    private static readonly (string Name, bool IsNumber)[] Fields =
    [
        ("parentHash", false), ("sha3Uncles", false), ("miner", false), ("stateRoot", false), ("transactionsRoot", false), ("receiptsRoot", false), ("logsBloom", false),
        ("difficulty", true), ("number", true), ("gasLimit", true), ("gasUsed", true), ("timestamp", true), ("extraData", false), ("mixHash", false), ("nonce", false),
    ];

    // Each fork has added to those before it.
    private static readonly (string Name, bool IsNumber)[] Added =
    [
        ("baseFeePerGas", true), ("withdrawalsRoot", false), ("blobGasUsed", true), ("excessBlobGas", true), ("parentBeaconBlockRoot", false), ("requestsHash", false),
    ];

    /// <param name="block">As <c>eth_getBlockByHash</c> answers.</param>
    public static byte[] Encode(JsonElement block) => Rlp.EncodeList(
        [.. Fields.Select(field => Item(block, field)), .. Added.TakeWhile(field => Has(block, field.Name)).Select(field => Item(block, field))]);

    public static Bytes32 HashOf(byte[] header) => Keccak256.Hash(header);

    /// <exception cref="RlpException">Not a header.</exception>
    public static (ulong Number, Bytes32 Parent, ulong Time, Bytes32 StateRoot, Bytes32 ReceiptsRoot) Read(byte[] header)
    {
        var fields = Rlp.Decode(header).Items;
        return fields.Count >= Fields.Length
            ? (fields[NumberAt].ToUInt64(), fields[ParentAt].ToBytes32(), fields[TimeAt].ToUInt64(), fields[StateRootAt].ToBytes32(), fields[ReceiptsRootAt].ToBytes32())
            : throw new RlpException($"RLP: a header has at least {Fields.Length} fields, actual {fields.Count}.");
    }

    private static bool Has(JsonElement block, string name) => block.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String;

    private static RlpItem Item(JsonElement block, (string Name, bool IsNumber) field)
    {
        var text = block.GetProperty(field.Name).GetString() ?? throw new FormatException($"{field.Name} is null");
        return field.IsNumber ? RlpItem.Of(Hex.ParseQuantity(text)) : RlpItem.Of(Hex.Decode(text));
    }
}

/// <summary>What a proof claims does not follow from the root that it is measured by.</summary>
public sealed class ProofException(string message) : Exception(message);

/// <summary>Reads a Merkle-Patricia trie of which only the nodes on the way to one key are given.</summary>
public static class TrieProof
{
    /// <param name="nodes">Encoded, in any order; each has to be named by its hash in another or be the root.</param>
    /// <returns>The value under the key; null where the trie is shown to have none.</returns>
    /// <exception cref="ProofException">A node on the way is missing or no node.</exception>
    public static byte[]? Find(Bytes32 root, ReadOnlySpan<byte> key, IEnumerable<byte[]> nodes)
    {
        var byHash = nodes.DistinctBy(Convert.ToHexString).ToDictionary(node => Keccak256.Hash(node));
        ReadOnlySpan<byte> rest = Nibbles(key);
        try
        {
            for (var node = Load(byHash, root); ;)
            {
                var (next, taken) = Step(node.Items, rest, out var value);
                if (next is null)
                    return value;
                rest = rest[taken..];
                node = next.IsList ? next : Load(byHash, next.ToBytes32());
            }
        }
        catch (RlpException e)
        {
            throw new ProofException($"A node of the proof is none: {e.Message}");
        }
    }

    /// <returns>The child to go on with; null where the way ends, with the value or none.</returns>
    private static (RlpItem? Next, int Taken) Step(IReadOnlyList<RlpItem> node, ReadOnlySpan<byte> rest, out byte[]? value)
    {
        value = null;
        if (node.Count == 17)
        {
            if (rest.IsEmpty)
                value = node[16].Bytes is { Length: > 0 } here ? here : null;
            return rest.IsEmpty || node[rest[0]] is { IsList: false, Bytes.Length: 0 } ? (null, 0) : (node[rest[0]], 1);
        }
        if (node.Count != 2)
            throw new RlpException($"a node has 2 or 17 items, actual {node.Count}.");
        var path = Nibbles(node[0].Bytes);
        if (path.Length == 0 || path[0] > 3)
            throw new RlpException("a path begins with its kind.");
        ReadOnlySpan<byte> shared = path.AsSpan(path[0] % 2 == 1 ? 1 : 2);
        if (path[0] < 2)
            return rest.StartsWith(shared) ? (node[1], shared.Length) : (null, 0);
        value = rest.SequenceEqual(shared) ? node[1].Bytes : null;
        return (null, 0);
    }

    private static RlpItem Load(Dictionary<Bytes32, byte[]> nodes, Bytes32 hash) =>
        nodes.TryGetValue(hash, out var node) ? Rlp.Decode(node) : throw new ProofException($"The proof lacks the node {hash}.");

    private static byte[] Nibbles(ReadOnlySpan<byte> key)
    {
        var nibbles = new byte[key.Length * 2];
        for (var i = 0; i < key.Length; i++)
            (nibbles[2 * i], nibbles[2 * i + 1]) = ((byte)(key[i] >> 4), (byte)(key[i] & 15));
        return nibbles;
    }
}
