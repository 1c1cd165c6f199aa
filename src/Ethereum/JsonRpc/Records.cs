using System.Numerics;
using System.Text.Json.Serialization;
using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.JsonRpc;

/// <summary>A block's header fields.</summary>
/// <param name="Number">Height.</param>
/// <param name="Hash">Hash of the header.</param>
/// <param name="ParentHash">Hash of the block before.</param>
/// <param name="Timestamp">Seconds since 1970.</param>
/// <param name="LogsBloom">256 bytes.</param>
/// <param name="BaseFeePerGas">Wei; null before EIP-1559.</param>
/// <param name="GasLimit">Gas.</param>
/// <param name="GasUsed">Gas.</param>
public sealed record BlockHeader(
    ulong Number, Bytes32 Hash, Bytes32 ParentHash, ulong Timestamp, byte[] LogsBloom, BigInteger? BaseFeePerGas, ulong GasLimit, ulong GasUsed);

/// <summary>A log of a mined transaction.</summary>
/// <param name="LogIndex">Position in the block.</param>
/// <param name="Removed">The node took it back in a reorg (subscriptions and filters only).</param>
/// <param name="Topics">At most 4.</param>
public sealed record Log(
    Address Address, IReadOnlyList<Bytes32> Topics, byte[] Data, ulong BlockNumber, Bytes32 BlockHash, Bytes32 TransactionHash,
    int TransactionIndex, int LogIndex, bool Removed = false);

/// <summary>Outcome of a mined transaction.</summary>
/// <param name="Succeeded">Status 1; false means that it reverted.</param>
/// <param name="ContractAddress">The created contract, or null.</param>
/// <param name="GasUsed">Gas.</param>
/// <param name="EffectiveGasPrice">Wei for one gas.</param>
public sealed record Receipt(
    Bytes32 TransactionHash, Bytes32 BlockHash, ulong BlockNumber, int TransactionIndex, Address From, Address? To, Address? ContractAddress,
    bool Succeeded, ulong GasUsed, BigInteger EffectiveGasPrice, IReadOnlyList<Log> Logs);

/// <summary>A transaction as the node knows it; <see cref="BlockNumber"/> is null while it waits in the pool.</summary>
public sealed record TransactionInfo(
    Bytes32 Hash, Address From, Address? To, ulong Nonce, BigInteger Value, byte[] Input, ulong? BlockNumber, Bytes32? BlockHash);

/// <summary>eth_feeHistory.</summary>
/// <param name="OldestBlock">Number of the first block covered.</param>
/// <param name="BaseFeePerGas">Wei, one for each block and one more for the next block.</param>
/// <param name="GasUsedRatio">0 to 1, one for each block.</param>
/// <param name="Reward">Wei, for each block one value for each percentile that was asked for.</param>
public sealed record FeeHistory(
    ulong OldestBlock, IReadOnlyList<BigInteger> BaseFeePerGas, IReadOnlyList<double> GasUsedRatio, IReadOnlyList<IReadOnlyList<BigInteger>> Reward);

/// <summary>A call to be simulated or estimated. Wei and gas; what is null is left to the node.</summary>
public sealed record CallRequest(Address? To, byte[] Data, Address? From = null, BigInteger? Value = null, ulong? Gas = null);

/// <summary>Which logs: a range of blocks, or one block by its hash; addresses and topics narrow them.</summary>
/// <param name="Addresses">Empty for every contract.</param>
/// <param name="Topics">By position; an empty set at a position matches all.</param>
public sealed record LogFilter(
    BlockTag? FromBlock = null, BlockTag? ToBlock = null, Bytes32? BlockHash = null,
    IReadOnlyList<Address>? Addresses = null, IReadOnlyList<IReadOnlyList<Bytes32>>? Topics = null)
{
    public static LogFilter Range(ulong from, ulong to, params IReadOnlyList<Address> addresses) => new(from, to, null, addresses);
    public static LogFilter Block(Bytes32 hash, params IReadOnlyList<Address> addresses) => new(BlockHash: hash, Addresses: addresses);
}

/// <summary>A block: its number, its hash, or one of the node's names for it. A ulong converts to it.</summary>
[JsonConverter(typeof(BlockTagJsonConverter))]
public readonly record struct BlockTag
{
    private readonly string? _text;

    private BlockTag(string? text, Bytes32? hash = null, ulong? number = null) => (_text, Hash, Number) = (text, hash, number);

    public static readonly BlockTag Latest = new("latest");
    public static readonly BlockTag Safe = new("safe");
    public static readonly BlockTag Finalized = new("finalized");
    public static readonly BlockTag Pending = new("pending");
    public static readonly BlockTag Earliest = new("earliest");

    /// <summary>Set when the block is named by its hash (EIP-1898).</summary>
    public Bytes32? Hash { get; }

    /// <summary>Set when the block is named by its number.</summary>
    public ulong? Number { get; }

    public static implicit operator BlockTag(ulong number) => FromUInt64(number);

    public static BlockTag FromUInt64(ulong number) => new(Hex.Quantity(number), number: number);

    /// <summary>The block of that hash, and no other of the same height; for state reads (EIP-1898).</summary>
    public static BlockTag OfHash(Bytes32 hash) => new(null, hash);

    public override string ToString() => Hash?.ToString() ?? _text ?? "latest";
}
