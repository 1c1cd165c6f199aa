using System.Text.Json.Serialization;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Assay.Settlement.Orders;

namespace Assay.Settlement.Relays;

/// <summary>What a relayed word does. The name is the stored one.</summary>
public enum RelayKind { Deposit, Withdrawal, Claim, Cancellation, Approval, Void }

/// <param name="Word">As it was signed.</param>
/// <param name="Signature">65 bytes, or what the account takes as a contract wallet; as 0x-hexadecimal or base64.</param>
public sealed record SignedWord<T>(T Word, [property: JsonConverter(typeof(SignatureConverter))] byte[] Signature);

/// <summary>Both sides end an open job.</summary>
public sealed record CancelRequest(
    Cancel Word, [property: JsonConverter(typeof(SignatureConverter))] byte[] ClientSignature,
    [property: JsonConverter(typeof(SignatureConverter))] byte[] OperatorSignature);

/// <summary>A signed word with the contract call that carries it.</summary>
/// <param name="Id">EIP-712 digest of the word; of a deposit, whose domain is the token's, keccak256 of signer and nonce, which the token takes once.</param>
/// <param name="Account">Whose word it is; limits count by it.</param>
public sealed record Relay(Bytes32 Id, RelayKind Kind, Address Account, byte[] Call)
{
    private static readonly ContractAbi Abi = EscrowAbi.Instance;

    /// <param name="signature">65 bytes.</param>
    public static Relay Of(ReceiveWithAuthorization word, byte[] signature) => new(
        Words.Hash(Words.Of(word.From), word.Nonce), RelayKind.Deposit, word.From,
        Abi.Encode("depositWithAuthorization", word.From, word.Value, word.ValidAfter, word.ValidBefore, word.Nonce,
            signature[64], new Bytes32(signature[..32]), new Bytes32(signature[32..64])));

    public static Relay Of(EscrowDomain domain, SignedWord<Withdraw> signed) => Of(domain, RelayKind.Withdrawal, signed.Word.Account, "withdrawSigned", signed);
    public static Relay Of(EscrowDomain domain, SignedWord<EarningsClaim> signed) => Of(domain, RelayKind.Claim, signed.Word.Operator, "claimSigned", signed);
    public static Relay Of(EscrowDomain domain, SignedWord<Spending> signed) => Of(domain, RelayKind.Approval, signed.Word.Payer, "approveSpendingSigned", signed);
    public static Relay Of(EscrowDomain domain, SignedWord<Protocol.Chain.Void> signed) => Of(domain, RelayKind.Void, signed.Word.Account, "cancelNonceSigned", signed);

    /// <param name="record">Of the job, as it is open now.</param>
    public static Relay Of(EscrowDomain domain, CancelRequest request, Job record) => new(
        domain.Digest(request.Word), RelayKind.Cancellation, record.Client,
        Abi.Encode("cancel", new List<CancelItem> { new(request.Word.Job, record, request.Word.Expiry, request.ClientSignature, request.OperatorSignature) }));

    private static Relay Of<T>(EscrowDomain domain, RelayKind kind, Address account, string function, SignedWord<T> signed) where T : notnull =>
        new(domain.Digest(signed.Word), kind, account, Abi.Encode(function, signed.Word, signed.Signature));

    private sealed record CancelItem(Bytes32 Id, Job Job, ulong Expiry, byte[] ClientSignature, byte[] OperatorSignature);
}
