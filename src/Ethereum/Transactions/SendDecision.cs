using System.Numerics;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.Transactions;

/// <summary>What one look at the chain shows of a key.</summary>
/// <param name="Final">Highest block that counts as final.</param>
/// <param name="FinalCount">The key's transactions in final blocks.</param>
/// <param name="Receipts">Of all attempts that are mined, by their hash.</param>
/// <param name="FinalHashes">Hashes of final blocks, for those that hold a receipt.</param>
/// <param name="Market">What a new transaction would offer now.</param>
/// <param name="Balance">Wei.</param>
/// <param name="Allowance">Wei of fees that the caps of hour and day still leave; null without caps.</param>
/// <param name="Missing">What the look before this one found missing (<see cref="SendDecision.Missing"/>).</param>
public sealed record ChainView(
    ulong Final, ulong FinalCount, IReadOnlyDictionary<Bytes32, Receipt> Receipts, IReadOnlyDictionary<ulong, Bytes32> FinalHashes,
    Fees Market, BigInteger Balance, BigInteger? Allowance = null, IReadOnlyDictionary<ulong, ulong>? Missing = null);

/// <summary>Something to be done about one nonce.</summary>
public abstract record SendStep(PendingTransaction Transaction)
{
    /// <summary>It has ended for good.</summary>
    public sealed record Settle(PendingTransaction Transaction, Ending Ending, Receipt? Receipt) : SendStep(Transaction);

    /// <summary>It was mined, was moved to another block, or has vanished from the chain (null).</summary>
    public sealed record Note(PendingTransaction Transaction, Receipt? Receipt) : SendStep(Transaction);

    /// <summary>Sign the nonce again, store that, send it.</summary>
    public sealed record Replace(PendingTransaction Transaction, Fees Fees, bool Cancels) : SendStep(Transaction);

    /// <summary>Send the last attempt's bytes, for the first time or again.</summary>
    public sealed record Broadcast(PendingTransaction Transaction) : SendStep(Transaction);
}

/// <summary>What is to be done now, in this order, and what a person should know. Pure: all time in it is the journal's.</summary>
/// <param name="Trouble">Why nonces do not move, or null.</param>
/// <param name="Missing">Nonces that final blocks count and no receipt explains, with the final block at which that was first seen.</param>
public sealed record SendDecision(IReadOnlyList<SendStep> Steps, string? Trouble, IReadOnlyDictionary<ulong, ulong> Missing)
{
    /// <param name="pending">Lowest nonce first.</param>
    public static SendDecision Of(IReadOnlyList<PendingTransaction> pending, ChainView chain, SendPolicy policy)
    {
        var steps = new List<SendStep>();
        var unmined = new List<PendingTransaction>();
        var missing = new Dictionary<ulong, ulong>();
        foreach (var transaction in pending)
            if (transaction.Attempts.Select(a => chain.Receipts.GetValueOrDefault(a.Hash)).FirstOrDefault(r => r is not null) is { } receipt)
                steps.AddRange(Mined(transaction, receipt, chain));
            else if (transaction.Nonce < chain.FinalCount)
            {
                // Count and receipts are two questions, and a node in the middle of a reorg answers the first from blocks that it has left: only what stays so is
                // believed, for nothing would send a nonce again that is given up.
                var since = missing[transaction.Nonce] = chain.Missing?.GetValueOrDefault(transaction.Nonce, chain.Final) ?? chain.Final;
                if (chain.Final >= since + Math.Max(1, (ulong)policy.Confirmations)) steps.Add(new SendStep.Settle(transaction, Ending.Foreign, null));
            }
            else
                unmined.Add(transaction);
        string? capped = null;
        foreach (var transaction in unmined)
        {
            if (transaction.SeenIn is not null) steps.Add(new SendStep.Note(transaction, null));
            // Only the lowest waits for a better price; those behind it wait for it.
            if (Push(transaction, transaction == unmined[0], chain, policy, ref capped) is { } step) steps.Add(step);
        }
        return new SendDecision(steps, LackOfFunds(unmined, chain.Balance) ?? Refusal(unmined) ?? capped, missing);
    }

    private static IEnumerable<SendStep> Mined(PendingTransaction transaction, Receipt receipt, ChainView chain)
    {
        if (receipt.BlockHash != transaction.SeenIn) yield return new SendStep.Note(transaction, receipt);
        if (receipt.BlockNumber > chain.Final || chain.FinalHashes.GetValueOrDefault(receipt.BlockNumber) != receipt.BlockHash) yield break;
        var cancelled = transaction.Attempts.Single(a => a.Hash == receipt.TransactionHash).Cancels;
        yield return new SendStep.Settle(transaction, cancelled ? Ending.Cancelled : receipt.Succeeded ? Ending.Succeeded : Ending.Reverted, receipt);
    }

    private static SendStep? Push(PendingTransaction transaction, bool isFirst, ChainView chain, SendPolicy policy, ref string? capped)
    {
        var last = transaction.Last;
        var isRefused = !last.Cancels && last.Outcome == SendOutcome.Invalid;
        // Higher fees do not help a key that cannot pay the lower ones.
        var isStuck = isFirst && !transaction.IsUnfunded && last.SentAge is not null && last.Age >= policy.ReplaceAfter;
        if (isRefused || isStuck)
        {
            if (Fees.Replacement(last.Fees, chain.Market, policy.MaxFeeCap) is { } fees && (fees.MaxFeePerGas - last.Fees.MaxFeePerGas) * transaction.Gas is var rise
                && (chain.Allowance is not { } allowance || rise <= allowance))
                return new SendStep.Replace(transaction, fees, isRefused || last.Cancels);
            capped = $"Nonce {transaction.Nonce} waits at {last.Fees.MaxFeePerGas} wei per gas: a replacement would exceed a cap.";
        }
        return last.SentAge is null || last.SentAge >= policy.ResendAfter ? new SendStep.Broadcast(transaction) : null;
    }

    private static string? Refusal(IEnumerable<PendingTransaction> unmined) => unmined
        .Select(t => t.Last)
        // Known or mined is as good as sent.
        .Where(a => a.Outcome is not (null or SendOutcome.AlreadyKnown or SendOutcome.NonceTooLow or SendOutcome.InsufficientFunds))
        .Select(a => $"The node does not take transaction {a.Hash}: {a.Answer}")
        .FirstOrDefault();

    private static string? LackOfFunds(IReadOnlyList<PendingTransaction> unmined, BigInteger balance)
    {
        if (!unmined.Any(t => t.IsUnfunded)) return null;
        var cost = unmined.Aggregate(BigInteger.Zero, (sum, t) => sum + t.Cost);
        return balance >= cost ? null
            : $"The key cannot pay for gas: it holds {balance} wei and lacks {cost - balance} wei for {unmined.Count} transactions; it goes on by itself once funded.";
    }
}
