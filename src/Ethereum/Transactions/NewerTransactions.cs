using System.Numerics;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.Transactions;

/// <summary>An account's word that its code be that of <paramref name="Address"/> (EIP-7702); the zero address takes the code away again.</summary>
/// <param name="ChainId">Chain it is valid on; 0 is every chain.</param>
/// <param name="Address">Where the code lies.</param>
/// <param name="Nonce">Of the account when it is applied: one more than the transaction's where the account sends it itself.</param>
public sealed record Authorization(ulong ChainId, Address Address, ulong Nonce)
{
    private const byte Magic = 0x05;

    public Bytes32 SigningHash => Keccak256.Hash([Magic, .. Rlp.EncodeList(Fields())]);

    internal RlpItem[] Fields() => [RlpItem.Of(ChainId), RlpItem.Of((Address?)Address), RlpItem.Of(Nonce)];
}

public sealed record SignedAuthorization(Authorization Authorization, Signature Signature)
{
    /// <summary>The account that speaks.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">The signature recovers to nobody.</exception>
    public Address RecoverAuthority() => Secp256k1.Recover(Authorization.SigningHash, Signature);

    internal RlpItem Write() => RlpItem.List([.. Authorization.Fields(), .. TransactionSignature.Write(Signature)]);

    internal static SignedAuthorization Read(RlpItem item) => item.Items is [var chain, var address, var nonce, var parity, var r, var s]
        ? new SignedAuthorization(
            new Authorization(chain.ToUInt64(), address.ToAddress() ?? throw new RlpException("Authorization: the address is missing."), nonce.ToUInt64()),
            TransactionSignature.Read(parity.ToBigInteger(1), r, s))
        : throw new RlpException("Authorization: expected 6 fields.");
}

/// <summary>An unsigned type 4 transaction (EIP-7702): it gives code to the accounts that have authorised it.</summary>
/// <param name="ChainId">Chain it is valid on.</param>
/// <param name="MaxPriorityFeePerGas">Tip, wei for one gas.</param>
/// <param name="MaxFeePerGas">Base fee and tip at most, wei for one gas.</param>
/// <param name="GasLimit">Gas.</param>
/// <param name="Value">Wei.</param>
/// <param name="Data">Call data.</param>
/// <param name="Authorizations">At least one.</param>
/// <param name="AccessList">Null is the empty list.</param>
public sealed record Eip7702Transaction(
    ulong ChainId, ulong Nonce, BigInteger MaxPriorityFeePerGas, BigInteger MaxFeePerGas, ulong GasLimit, Address To, BigInteger Value, byte[] Data,
    IReadOnlyList<SignedAuthorization> Authorizations, IReadOnlyList<AccessListEntry>? AccessList = null) : ITransaction
{
    internal const byte Type = 0x04;

    public Bytes32 SigningHash => Keccak256.Hash([Type, .. Rlp.EncodeList(Fields())]);

    public byte[] Encode(Signature signature) => [Type, .. Rlp.EncodeList([.. Fields(), .. TransactionSignature.Write(signature)])];

    private List<RlpItem> Fields() =>
    [
        RlpItem.Of(ChainId), RlpItem.Of(Nonce), RlpItem.Of(MaxPriorityFeePerGas), RlpItem.Of(MaxFeePerGas), RlpItem.Of(GasLimit),
        RlpItem.Of((Address?)To), RlpItem.Of(Value), RlpItem.Of(Data.AsSpan()), AccessListEntry.Write(AccessList),
        RlpItem.List([.. Authorizations.Select(a => a.Write())]),
    ];

    /// <summary>Reads raw bytes. The signatures' form is checked; whose they are, recovery tells.</summary>
    /// <exception cref="RlpException">Not a type 4 transaction in canonical form.</exception>
    public static (Eip7702Transaction Transaction, Signature Signature) Decode(ReadOnlySpan<byte> raw)
    {
        if (raw is not [Type, ..] || Rlp.Decode(raw[1..]).Items is not
            [var chain, var nonce, var tip, var fee, var gas, var to, var value, var data, var list, var authorizations, var parity, var r, var s])
            throw new RlpException("Transaction: expected type 4 and 13 fields.");
        if (authorizations.Items.Count == 0)
            throw new RlpException("Transaction: type 4 without an authorization.");
        return (
            new Eip7702Transaction(
                chain.ToUInt64(), nonce.ToUInt64(), tip.ToBigInteger(), fee.ToBigInteger(), gas.ToUInt64(),
                to.ToAddress() ?? throw new RlpException("Transaction: type 4 creates no contract."), value.ToBigInteger(), data.Bytes,
                [.. authorizations.Items.Select(SignedAuthorization.Read)], AccessListEntry.Read(list)),
            TransactionSignature.Read(parity.ToBigInteger(1), r, s));
    }
}

/// <summary>A type 3 transaction (EIP-4844), which carries the hashes of blobs; the blobs themselves travel beside it and are not kept here.</summary>
/// <param name="ChainId">Chain it is valid on.</param>
/// <param name="MaxPriorityFeePerGas">Tip, wei for one gas.</param>
/// <param name="MaxFeePerGas">Base fee and tip at most, wei for one gas.</param>
/// <param name="GasLimit">Gas.</param>
/// <param name="Value">Wei.</param>
/// <param name="Data">Call data.</param>
/// <param name="MaxFeePerBlobGas">Wei for one blob gas.</param>
/// <param name="BlobHashes">Versioned hashes of the blobs' commitments, at least one.</param>
/// <param name="AccessList">Null is the empty list.</param>
public sealed record Eip4844Transaction(
    ulong ChainId, ulong Nonce, BigInteger MaxPriorityFeePerGas, BigInteger MaxFeePerGas, ulong GasLimit, Address To, BigInteger Value, byte[] Data,
    BigInteger MaxFeePerBlobGas, IReadOnlyList<Bytes32> BlobHashes, IReadOnlyList<AccessListEntry>? AccessList = null) : ITransaction
{
    internal const byte Type = 0x03;

    public Bytes32 SigningHash => Keccak256.Hash([Type, .. Rlp.EncodeList(Fields())]);

    /// <summary>The form in blocks, without blobs.</summary>
    public byte[] Encode(Signature signature) => [Type, .. Rlp.EncodeList([.. Fields(), .. TransactionSignature.Write(signature)])];

    private List<RlpItem> Fields() =>
    [
        RlpItem.Of(ChainId), RlpItem.Of(Nonce), RlpItem.Of(MaxPriorityFeePerGas), RlpItem.Of(MaxFeePerGas), RlpItem.Of(GasLimit),
        RlpItem.Of((Address?)To), RlpItem.Of(Value), RlpItem.Of(Data.AsSpan()), AccessListEntry.Write(AccessList), RlpItem.Of(MaxFeePerBlobGas),
        RlpItem.List([.. BlobHashes.Select(RlpItem.Of)]),
    ];

    /// <summary>Reads raw bytes, also those of the network's form, whose blobs, commitments and proofs are left out unchecked.</summary>
    /// <exception cref="RlpException">Not a type 3 transaction in canonical form.</exception>
    public static (Eip4844Transaction Transaction, Signature Signature) Decode(ReadOnlySpan<byte> raw)
    {
        if (raw is not [Type, ..])
            throw new RlpException("Transaction: expected type 3.");
        var items = Rlp.Decode(raw[1..]).Items;
        // With blobs: the transaction, (a version of the proofs,) blobs, commitments, proofs.
        if (items is [{ IsList: true } inner, ..] && items.Count is 4 or 5)
            items = inner.Items;
        if (items is not [var chain, var nonce, var tip, var fee, var gas, var to, var value, var data, var list, var blobFee, var hashes, var parity, var r, var s])
            throw new RlpException("Transaction: expected type 3 and 14 fields.");
        if (hashes.Items.Count == 0)
            throw new RlpException("Transaction: type 3 without a blob.");
        return (
            new Eip4844Transaction(
                chain.ToUInt64(), nonce.ToUInt64(), tip.ToBigInteger(), fee.ToBigInteger(), gas.ToUInt64(),
                to.ToAddress() ?? throw new RlpException("Transaction: type 3 creates no contract."), value.ToBigInteger(), data.Bytes,
                blobFee.ToBigInteger(), [.. hashes.Items.Select(h => h.ToBytes32())], AccessListEntry.Read(list)),
            TransactionSignature.Read(parity.ToBigInteger(1), r, s));
    }
}
