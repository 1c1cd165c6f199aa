using System.Numerics;
using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.Transactions;

/// <summary>One signed form of a transaction.</summary>
/// <param name="Number">0 for the first form of its nonce.</param>
/// <param name="Hash">keccak256 of <paramref name="Raw"/>.</param>
/// <param name="Raw">The bytes to broadcast.</param>
/// <param name="Fees">The prices it offers.</param>
/// <param name="Cancels">An empty transfer of the key to itself, which only uses the nonce up.</param>
/// <param name="Answer">What the node said against it at the last broadcast, or null.</param>
/// <param name="SentAge">Time since the last broadcast, by the journal's clock; null before the first.</param>
/// <param name="Age">Time since it was signed, by the journal's clock.</param>
public sealed record Attempt(
    int Number, Bytes32 Hash, byte[] Raw, Fees Fees, bool Cancels, string? Answer = null, TimeSpan? SentAge = null, TimeSpan Age = default)
{
    /// <summary>What the answer means; null where the node said nothing against it.</summary>
    public SendOutcome? Outcome => Answer is null ? null : SendErrors.Classify(0, Answer);
}

/// <summary>A nonce that is not settled, with all that was ever signed for it.</summary>
/// <param name="Id">The journal's own.</param>
/// <param name="Key">Of the intent.</param>
/// <param name="Gas">Gas limit of the call.</param>
/// <param name="Attempts">Oldest first, at least one.</param>
/// <param name="SeenIn">Block of the receipt last seen; provisional.</param>
public sealed record PendingTransaction(
    long Id, string Key, ulong Nonce, Address To, BigInteger Value, byte[] Data, ulong Gas, IReadOnlyList<Attempt> Attempts, Bytes32? SeenIn = null)
{
    internal const ulong TransferGas = 21_000;

    public Attempt Last => Attempts[^1];

    /// <summary>The node refused the last attempt because the key cannot pay for it.</summary>
    public bool IsUnfunded => Last.Outcome == SendOutcome.InsufficientFunds;

    /// <summary>Fees and value of the last attempt at most, wei.</summary>
    public BigInteger Cost => Last.Cancels ? Last.Fees.MaxFeePerGas * TransferGas : Last.Fees.MaxFeePerGas * Gas + Value;
}

/// <summary>How a transaction ended, for good.</summary>
public enum Ending
{
    Succeeded,
    Reverted,

    /// <summary>The nonce was used up by the key's own empty transfer.</summary>
    Cancelled,

    /// <summary>The nonce was used by a transaction that is not in the journal.</summary>
    Foreign,
}
