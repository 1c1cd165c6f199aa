using Assay.Ethereum.Crypto;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;

namespace Assay.Indexer.Proofs;

/// <summary>What a block says, shown to somebody who knows nothing but the block's hash. Exactly one of the two claims is there.</summary>
/// <param name="Block">Hash of the header.</param>
/// <param name="Header">The header, RLP, 0x hex.</param>
public sealed record InclusionProof(ulong BlockNumber, Bytes32 Block, string Header, EventClaim? Event, BalanceClaim? Balance)
{
    /// <summary>Recomputes every hash from the header down to the claim.</summary>
    /// <returns>What is shown, one line each.</returns>
    /// <exception cref="ProofException">Something does not follow from the header, or the header is another.</exception>
    public IReadOnlyList<string> Verify(Bytes32 trusted)
    {
        var header = Bytes(Header);
        if (HeaderRlp.HashOf(header) is var hash && hash != trusted)
            throw new ProofException($"The proof is about block {hash}, expected {trusted}.");
        try
        {
            var (number, _, _, stateRoot, receiptsRoot) = HeaderRlp.Read(header);
            return (number == BlockNumber && Block == hash, Event, Balance) switch
            {
                (true, { } claim, null) => claim.Verify(number, receiptsRoot),
                (true, null, { } claim) => claim.Verify(number, stateRoot),
                _ => throw new ProofException("The proof names another block than its header, or not exactly one claim."),
            };
        }
        catch (RlpException e)
        {
            throw new ProofException(e.Message);
        }
    }

    internal static byte[] Bytes(string hex) => Hex.TryDecode(hex, out var bytes) ? bytes : throw new ProofException($"Expected 0x hex, got '{hex}'.");
}

/// <summary>A receipt of the block has this log.</summary>
/// <param name="TransactionIndex">Of the receipt in its block.</param>
/// <param name="LogOfReceipt">The log's place among those of the receipt, from 0.</param>
/// <param name="Data">0x hex.</param>
/// <param name="Nodes">Of the receipts' trie, from the root to the receipt, 0x hex.</param>
public sealed record EventClaim(uint TransactionIndex, uint LogOfReceipt, Address Address, IReadOnlyList<Bytes32> Topics, string Data, IReadOnlyList<string> Nodes)
{
    internal IReadOnlyList<string> Verify(ulong block, Bytes32 receiptsRoot)
    {
        var receipt = TrieProof.Find(receiptsRoot, Rlp.Encode(RlpItem.Of(TransactionIndex)), Nodes.Select(InclusionProof.Bytes))
            ?? throw new ProofException($"Block {block} has no receipt {TransactionIndex}.");
        // A typed receipt has its type before the list.
        var logs = Rlp.Decode(receipt[0] < 0x80 ? receipt.AsSpan(1) : receipt).Items[3].Items;
        if (LogOfReceipt >= logs.Count)
            throw new ProofException($"The receipt has {logs.Count} logs, not {LogOfReceipt + 1}.");
        var log = logs[(int)LogOfReceipt].Items;
        return log[0].ToAddress() == Address && log[1].Items.Select(topic => topic.ToBytes32()).SequenceEqual(Topics) && log[2].Bytes.AsSpan().SequenceEqual(InclusionProof.Bytes(Data))
            ? [$"block {block}, receipt {TransactionIndex}, log {LogOfReceipt}: a log of {Address}", .. Describe()]
            : throw new ProofException("The log of the receipt is another than the one claimed.");
    }

    private IReadOnlyList<string> Describe()
    {
        try
        {
            var decoded = EscrowAbi.Instance.DecodeLog(new(Address, Topics, InclusionProof.Bytes(Data), 0, default, default, 0, 0, false));
            return [decoded.Name, .. decoded.Values.Parameters.Zip(decoded.Values, (parameter, value) => $"  {parameter.Name} {Text(value)}")];
        }
        catch (AbiException)
        {
            return ["no event of the escrow's ABI"];
        }
    }

    private static string? Text(object? value) => value switch
    {
        byte[] bytes => Hex.Encode(bytes),
        object[] values => string.Join(" ", values.Select(Text)),
        _ => value?.ToString(),
    };
}

/// <summary>After the block the contract's storage holds this balance of the account, in a mapping from addresses to words.</summary>
/// <param name="Slot">Of the mapping, as the compiler's storage layout of the contract has it.</param>
/// <param name="ContractNodes">Of the state's trie, from the root to the contract, 0x hex.</param>
/// <param name="StorageNodes">Of the contract's trie, from the root to the word or to where it would be, 0x hex.</param>
public sealed record BalanceClaim(
    Address Contract, uint Slot, Address Account, Amount Balance, IReadOnlyList<string> ContractNodes, IReadOnlyList<string> StorageNodes)
{
    /// <summary>Where a mapping keeps the word of an account.</summary>
    public static Bytes32 KeyOf(Address account, uint slot) => Keccak256.Hash([.. new byte[12], .. account.ToArray(), .. Bytes32.FromBigInteger(slot).ToArray()]);

    internal IReadOnlyList<string> Verify(ulong block, Bytes32 stateRoot)
    {
        var contract = TrieProof.Find(stateRoot, Keccak256.Hash(Contract.ToArray()).ToArray(), ContractNodes.Select(InclusionProof.Bytes))
            ?? throw new ProofException($"There is no {Contract} after block {block}.");
        var storageRoot = Rlp.Decode(contract).Items[2].ToBytes32();
        var word = TrieProof.Find(storageRoot, Keccak256.Hash(KeyOf(Account, Slot).ToArray()).ToArray(), StorageNodes.Select(InclusionProof.Bytes));
        var balance = word is null ? 0 : Rlp.Decode(word).ToBigInteger();
        return balance == Balance.ToBigInteger()
            ? [$"after block {block} the mapping in slot {Slot} of {Contract} has {balance} for {Account}"]
            : throw new ProofException($"The contract's storage has {balance} for {Account}, the proof claims {Balance}.");
    }
}
