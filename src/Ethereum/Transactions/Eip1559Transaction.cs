using System.Numerics;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.Transactions;

/// <summary>An address and the storage keys of it that a transaction declares in advance (EIP-2930).</summary>
public sealed record AccessListEntry(Address Address, IReadOnlyList<Bytes32> StorageKeys)
{
    internal static RlpItem Write(IReadOnlyList<AccessListEntry>? list) =>
        RlpItem.List([.. (list ?? []).Select(e => RlpItem.List(RlpItem.Of((Address?)e.Address), RlpItem.List([.. e.StorageKeys.Select(RlpItem.Of)])))]);

    internal static IReadOnlyList<AccessListEntry> Read(RlpItem list) => [.. list.Items.Select(ReadEntry)];

    private static AccessListEntry ReadEntry(RlpItem item) => item.Items is [var address, var keys]
        ? new AccessListEntry(address.ToAddress() ?? throw new RlpException("Access list: the address is missing."), [.. keys.Items.Select(k => k.ToBytes32())])
        : throw new RlpException("Access list: expected an address and its keys.");
}

/// <summary>An unsigned type 2 transaction.</summary>
/// <param name="ChainId">Chain it is valid on.</param>
/// <param name="Nonce">Sender's transactions before it.</param>
/// <param name="MaxPriorityFeePerGas">Tip, wei for one gas.</param>
/// <param name="MaxFeePerGas">Base fee and tip at most, wei for one gas.</param>
/// <param name="GasLimit">Gas.</param>
/// <param name="To">Null creates a contract.</param>
/// <param name="Value">Wei.</param>
/// <param name="Data">Call data or creation code.</param>
/// <param name="AccessList">Null is the empty list.</param>
public sealed record Eip1559Transaction(
    ulong ChainId, ulong Nonce, BigInteger MaxPriorityFeePerGas, BigInteger MaxFeePerGas, ulong GasLimit, Address? To, BigInteger Value, byte[] Data,
    IReadOnlyList<AccessListEntry>? AccessList = null) : ITransaction
{
    internal const byte Type = 0x02;

    /// <summary>keccak256 of the unsigned payload: what the sender signs.</summary>
    public Bytes32 SigningHash => Keccak256.Hash([Type, .. Rlp.EncodeList(Fields())]);

    public byte[] Encode(Signature signature) => new SignedTransaction(this, signature).ToArray();

    internal List<RlpItem> Fields() =>
    [
        RlpItem.Of(ChainId), RlpItem.Of(Nonce), RlpItem.Of(MaxPriorityFeePerGas), RlpItem.Of(MaxFeePerGas), RlpItem.Of(GasLimit),
        RlpItem.Of(To), RlpItem.Of(Value), RlpItem.Of(Data.AsSpan()),
        AccessListEntry.Write(AccessList),
    ];
}

/// <summary>A signed type 2 transaction.</summary>
public sealed class SignedTransaction
{
    private readonly byte[] _raw;

    public SignedTransaction(Eip1559Transaction transaction, Signature signature)
    {
        (Transaction, Signature) = (transaction, signature);
        _raw = [Eip1559Transaction.Type, .. Rlp.EncodeList([.. transaction.Fields(), .. TransactionSignature.Write(signature)])];
        Hash = Keccak256.Hash(_raw);
    }

    public Eip1559Transaction Transaction { get; }
    public Signature Signature { get; }

    /// <summary>keccak256 of the raw bytes.</summary>
    public Bytes32 Hash { get; }

    /// <summary>The bytes to broadcast (a copy).</summary>
    public byte[] ToArray() => [.. _raw];

    /// <summary>The sender, recovered from the signature.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">The signature recovers to nobody.</exception>
    public Address RecoverSender() => Secp256k1.Recover(Transaction.SigningHash, Signature);

    /// <summary>Reads raw bytes. The signature's form is checked; whose it is, <see cref="RecoverSender"/> tells.</summary>
    /// <exception cref="RlpException">Not a type 2 transaction in canonical form.</exception>
    public static SignedTransaction Decode(ReadOnlySpan<byte> raw)
    {
        if (raw is not [Eip1559Transaction.Type, ..])
            throw new RlpException("Transaction: expected type 2.");
        var fields = Rlp.Decode(raw[1..]).Items;
        if (fields.Count != 12)
            throw new RlpException($"Transaction: expected 12 fields, actual {fields.Count}.");
        var transaction = new Eip1559Transaction(
            fields[0].ToUInt64(), fields[1].ToUInt64(), fields[2].ToBigInteger(), fields[3].ToBigInteger(), fields[4].ToUInt64(),
            fields[5].ToAddress(), fields[6].ToBigInteger(), fields[7].Bytes, AccessListEntry.Read(fields[8]));
        return new SignedTransaction(transaction, TransactionSignature.Read(fields[9].ToBigInteger(1), fields[10], fields[11]));
    }
}
