using Assay.Protocol.Chain;
using Assay.Settlement.Orders;
using Assay.Settlement.Submission;

namespace Assay.Settlement.Relays;

/// <summary>Why a word is not carried. Codes are stable.</summary>
public static class RelayCheck
{
    /// <summary>What a dry run's refusal means for who sent the word.</summary>
    /// <param name="code">See <see cref="RefusalCode"/>.</param>
    public static OrderRefusal Refusal(string code) => code switch
    {
        "NonceSpent" => new(409, "nonce_used", "The nonce is spent: the word was carried before, or taken back."),
        "BadSignature" or nameof(Skip.BadClientSignature) or nameof(Skip.BadOperatorSignature) =>
            new(401, "bad_signature", "A signature is not that of the account over this word on this chain and contract."),
        "Late" or nameof(Skip.Expired) => new(422, "expired", "The word's expiry is before the chain's time."),
        "InsufficientBalance" => new(402, "insufficient_funds", "The account has less than the word moves."),
        "IsPaused" => new(503, "paused", "The contract takes no deposits at the moment; payments out go on. Try again later."),
        _ => new(422, "would_fail", $"The contract would refuse it now: {code}."),
    };

    public static OrderRefusal? Authorization(ReceiveWithAuthorization word, byte[] signature, EscrowDomain ours) =>
        word.To != ours.Escrow ? new(400, "wrong_domain", $"The authorization pays {word.To}; the contract is {ours.Escrow}.")
        : signature.Length != Ethereum.Crypto.Signature.Size ? new(401, "bad_signature", $"An authorization is signed with 65 bytes, not {signature.Length}.")
        : null;

    /// <param name="worth">Null: the word moves no money of a size that is known.</param>
    public static OrderRefusal? Size(Amount? worth, Amount least) =>
        worth is { } moved && moved < least ? new(422, "too_small", $"It moves {moved}; less than {least} is not carried, as the gas is ours. Send it yourself.") : null;

    public static OrderRefusal? Known(bool known) =>
        known ? null : new(403, "unknown_account", "The escrow's books have no movement of this account.");
}
