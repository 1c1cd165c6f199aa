using System.Numerics;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.Transactions;

/// <summary>A transaction of any kind before and after it is signed.</summary>
public interface ITransaction
{
    /// <summary>keccak256 of the unsigned payload: what the sender signs.</summary>
    Bytes32 SigningHash { get; }

    /// <summary>The bytes to broadcast.</summary>
    byte[] Encode(Signature signature);

    /// <summary>Reads a signed transaction of any kind. The signature's form is checked; whose it is, recovery from the signing hash tells.</summary>
    /// <exception cref="RlpException">No transaction in canonical form.</exception>
    static (ITransaction Transaction, Signature Signature) Decode(ReadOnlySpan<byte> raw)
    {
        switch (raw)
        {
            case [Eip2930Transaction.Type, ..]: return Eip2930Transaction.Decode(raw);
            case [Eip1559Transaction.Type, ..]:
                var signed = SignedTransaction.Decode(raw);
                return (signed.Transaction, signed.Signature);
            case [Eip4844Transaction.Type, ..]: return Eip4844Transaction.Decode(raw);
            case [Eip7702Transaction.Type, ..]: return Eip7702Transaction.Decode(raw);
            default: return LegacyTransaction.Decode(raw);
        }
    }
}

/// <summary>An unsigned transaction of the first kind.</summary>
/// <param name="ChainId">Chain it is valid on (EIP-155); null is valid on every chain.</param>
/// <param name="GasPrice">Wei for one gas.</param>
/// <param name="GasLimit">Gas.</param>
/// <param name="To">Null creates a contract.</param>
/// <param name="Value">Wei.</param>
/// <param name="Data">Call data or creation code.</param>
public sealed record LegacyTransaction(ulong? ChainId, ulong Nonce, BigInteger GasPrice, ulong GasLimit, Address? To, BigInteger Value, byte[] Data) : ITransaction
{
    public Bytes32 SigningHash => Keccak256.Hash(Rlp.EncodeList(ChainId is { } chain ? [.. Fields(), RlpItem.Of(chain), RlpItem.Of(0), RlpItem.Of(0)] : Fields()));

    public byte[] Encode(Signature signature) => Rlp.EncodeList(
        [.. Fields(), RlpItem.Of(FirstV + signature.YParity), RlpItem.Of(signature.R.ToBigInteger()), RlpItem.Of(signature.S.ToBigInteger())]);

    // EIP-155 puts the chain into v; 35 leaves room for the two values from before it.
    private BigInteger FirstV => ChainId is { } chain ? 2 * (BigInteger)chain + 35 : 27;

    private List<RlpItem> Fields() =>
        [RlpItem.Of(Nonce), RlpItem.Of(GasPrice), RlpItem.Of(GasLimit), RlpItem.Of(To), RlpItem.Of(Value), RlpItem.Of(Data.AsSpan())];

    /// <summary>Reads raw bytes. The signature's form is checked; whose it is, recovery from the signing hash tells.</summary>
    /// <exception cref="RlpException">Not a legacy transaction in canonical form.</exception>
    public static (LegacyTransaction Transaction, Signature Signature) Decode(ReadOnlySpan<byte> raw)
    {
        if (Rlp.Decode(raw).Items is not [var nonce, var price, var gas, var to, var value, var data, var v, var r, var s])
            throw new RlpException("Transaction: expected 9 fields.");
        var (chain, parity) = ChainAndParity(v.ToBigInteger(9));
        return (
            new LegacyTransaction(chain, nonce.ToUInt64(), price.ToBigInteger(), gas.ToUInt64(), to.ToAddress(), value.ToBigInteger(), data.Bytes),
            TransactionSignature.Read(parity, r, s));
    }

    private static (ulong? Chain, int Parity) ChainAndParity(BigInteger v)
    {
        if (v == 27 || v == 28) return (null, (int)v - 27);
        var chain = (v - 35) >> 1;
        return v >= 35 && chain <= ulong.MaxValue ? ((ulong)chain, (int)((v - 35) & 1)) : throw new RlpException($"Transaction: {v} is no v.");
    }
}

/// <summary>An unsigned type 1 transaction (EIP-2930).</summary>
/// <param name="ChainId">Chain it is valid on.</param>
/// <param name="GasPrice">Wei for one gas.</param>
/// <param name="GasLimit">Gas.</param>
/// <param name="To">Null creates a contract.</param>
/// <param name="Value">Wei.</param>
/// <param name="Data">Call data or creation code.</param>
/// <param name="AccessList">Null is the empty list.</param>
public sealed record Eip2930Transaction(
    ulong ChainId, ulong Nonce, BigInteger GasPrice, ulong GasLimit, Address? To, BigInteger Value, byte[] Data,
    IReadOnlyList<AccessListEntry>? AccessList = null) : ITransaction
{
    internal const byte Type = 0x01;

    public Bytes32 SigningHash => Keccak256.Hash([Type, .. Rlp.EncodeList(Fields())]);

    public byte[] Encode(Signature signature) =>
    [
        Type,
        .. Rlp.EncodeList([.. Fields(), .. TransactionSignature.Write(signature)]),
    ];

    private List<RlpItem> Fields() =>
    [
        RlpItem.Of(ChainId), RlpItem.Of(Nonce), RlpItem.Of(GasPrice), RlpItem.Of(GasLimit), RlpItem.Of(To), RlpItem.Of(Value), RlpItem.Of(Data.AsSpan()),
        AccessListEntry.Write(AccessList),
    ];

    /// <summary>Reads raw bytes. The signature's form is checked; whose it is, recovery from the signing hash tells.</summary>
    /// <exception cref="RlpException">Not a type 1 transaction in canonical form.</exception>
    public static (Eip2930Transaction Transaction, Signature Signature) Decode(ReadOnlySpan<byte> raw)
    {
        if (raw is not [Type, ..] || Rlp.Decode(raw[1..]).Items is not
            [var chain, var nonce, var price, var gas, var to, var value, var data, var list, var parity, var r, var s])
            throw new RlpException("Transaction: expected type 1 and 11 fields.");
        return (
            new Eip2930Transaction(
                chain.ToUInt64(), nonce.ToUInt64(), price.ToBigInteger(), gas.ToUInt64(), to.ToAddress(), value.ToBigInteger(), data.Bytes, AccessListEntry.Read(list)),
            TransactionSignature.Read(parity.ToBigInteger(1), r, s));
    }
}

internal static class TransactionSignature
{
    internal static RlpItem[] Write(Signature signature) =>
        [RlpItem.Of(signature.YParity), RlpItem.Of(signature.R.ToBigInteger()), RlpItem.Of(signature.S.ToBigInteger())];

    /// <exception cref="RlpException">Parity beyond 1, r or s out of range, or s in the upper half.</exception>
    internal static Signature Read(BigInteger parity, RlpItem r, RlpItem s)
    {
        if (parity > 1)
            throw new RlpException($"Transaction: expected a y parity of 0 or 1, actual {parity}.");
        var signature = new Signature(Bytes32.FromBigInteger(r.ToBigInteger()), Bytes32.FromBigInteger(s.ToBigInteger()), (int)parity);
        return signature.IsCanonical ? signature : throw new RlpException("Transaction: r or s is out of range, or s is in the upper half.");
    }
}
