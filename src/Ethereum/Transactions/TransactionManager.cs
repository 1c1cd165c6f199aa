using System.Numerics;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.Transactions;

/// <summary>A cap on fees leaves no room; nothing was written.</summary>
public sealed class FeeCapException(string message) : Exception(message);

/// <summary>
/// Brings intents to the chain through one key, each once. Everything it knows is in the journal: killed anywhere and started again, here or
/// elsewhere, it repeats at most a broadcast of the same bytes. Not thread-safe; call <see cref="FollowAsync"/> again and again.
/// </summary>
/// <param name="observe">Called after each step that was done, for logs and figures.</param>
public sealed class TransactionManager<TIntent>(
    EthApi eth, ISigner signer, ulong chainId, ITransactionJournal<TIntent> journal, SendPolicy policy, Action<SendStep>? observe = null) where TIntent : Intent
{
    private IReadOnlyDictionary<ulong, ulong> missing = new Dictionary<ulong, ulong>();

    public Address Sender => signer.Address;

    /// <summary>Nonces under way when last looked at.</summary>
    public int InFlight { get; private set; }

    /// <summary>Why nonces did not move when last looked at, for people; null when they did.</summary>
    public string? Trouble { get; private set; }

    /// <summary>How many more intents may be under way; none while the key cannot pay, as another nonce would only make the debt larger.</summary>
    public async Task<int> RoomAsync(CancellationToken cancellation = default)
    {
        var pending = await journal.PendingAsync(cancellation);
        InFlight = pending.Count;
        return pending.Any(p => p.IsUnfunded) || await AllowanceAsync(cancellation) <= 0 ? 0 : Math.Max(0, policy.MaxInFlight - pending.Count);
    }

    /// <summary>Tries the call against the newest state. Gas limit with margin; null when the call needs more than the policy's cap.</summary>
    /// <exception cref="JsonRpcException">Also for a revert; its bytes are in RevertData.</exception>
    public async Task<ulong?> EstimateGasAsync(TIntent intent, CancellationToken cancellation = default) =>
        policy.GasLimit(await eth.EstimateGasAsync(new CallRequest(intent.To, intent.Data, Sender, intent.Value), cancellation));

    /// <summary>Stores the intent with the next nonce and broadcasts it. Returns before it is mined.</summary>
    /// <param name="gas">Gas limit.</param>
    /// <returns>Null where the intent has ended or was withdrawn; nothing was sent then.</returns>
    /// <exception cref="IntentConflictException">The key stands for another call.</exception>
    /// <exception cref="FeeCapException">Its fees could exceed what an hour or a day may cost.</exception>
    /// <exception cref="NonceConflictException">Another sender uses the key, or the journal is an old one.</exception>
    public async Task<PendingTransaction?> SubmitAsync(TIntent intent, ulong gas, CancellationToken cancellation = default)
    {
        var fees = await MarketAsync(cancellation);
        if (await AllowanceAsync(cancellation) is { } left && fees.MaxFeePerGas * gas is var most && most > left)
            throw new FeeCapException($"The intent '{intent.Key}' may cost {most} wei; the caps of hour and day leave {left} wei.");
        var count = await eth.GetTransactionCountAsync(Sender, BlockTag.Latest, cancellation);
        var pending = await journal.AppendAsync(
            intent, gas, count, nonce => SignAsync(0, false, fees, Call(nonce, intent.To, intent.Value, intent.Data, gas, fees), cancellation), cancellation);
        if (pending is null) return null;
        InFlight++;
        await BroadcastAsync(pending.Last, cancellation);
        return pending;
    }

    /// <summary>Replaces the call by an empty transfer. What is mined first decides; <see cref="Ending"/> tells which it was.</summary>
    /// <returns>False where nothing of that key is under way, or the fee cap leaves no room for a replacement.</returns>
    public async Task<bool> CancelAsync(string key, CancellationToken cancellation = default)
    {
        var pending = (await journal.PendingAsync(cancellation)).FirstOrDefault(p => p.Key == key);
        if (pending is null || Fees.Replacement(pending.Last.Fees, await MarketAsync(cancellation), policy.MaxFeeCap) is not { } fees) return false;
        await ReplaceAsync(pending, fees, cancels: true, cancellation);
        return true;
    }

    /// <summary>One look at every nonce that is not settled: settles what is final, sends again what is missing, replaces what is stuck.</summary>
    /// <param name="settleUpTo">No transaction above this block is settled, however deep it lies.</param>
    public async Task FollowAsync(ulong settleUpTo = ulong.MaxValue, CancellationToken cancellation = default)
    {
        var pending = await journal.PendingAsync(cancellation);
        InFlight = pending.Count;
        Trouble = null;
        if (pending.Count == 0) return;
        var decision = SendDecision.Of(pending, await LookAsync(pending, settleUpTo, cancellation), policy);
        (Trouble, missing) = (decision.Trouble, decision.Missing);
        foreach (var step in decision.Steps)
        {
            await DoAsync(step, cancellation);
            observe?.Invoke(step);
        }
    }

    private Task DoAsync(SendStep step, CancellationToken cancellation) => step switch
    {
        SendStep.Settle settle => journal.SettleAsync(settle.Transaction.Id, settle.Ending, settle.Receipt, cancellation),
        SendStep.Note note => journal.SeenAsync(note.Transaction.Id, note.Receipt, cancellation),
        SendStep.Replace replace => ReplaceAsync(replace.Transaction, replace.Fees, replace.Cancels, cancellation),
        SendStep.Broadcast broadcast => BroadcastAsync(broadcast.Transaction.Last, cancellation),
        _ => throw new ArgumentOutOfRangeException(nameof(step), step, "Not a step."),
    };

    private async Task<ChainView> LookAsync(IReadOnlyList<PendingTransaction> pending, ulong settleUpTo, CancellationToken cancellation)
    {
        var head = await eth.BlockNumberAsync(cancellation);
        var final = head > (ulong)policy.Confirmations ? head - (ulong)policy.Confirmations : 0;
        // The count goes first: a nonce that it covers has its receipt in what is read after it.
        var count = await eth.GetTransactionCountAsync(Sender, final, cancellation);
        var receipts = (await eth.Client.BatchAsync([.. pending.SelectMany(p => p.Attempts).Select(a => EthCalls.GetTransactionReceipt(a.Hash))], cancellation))
            .Select(answer => answer.Value).OfType<Receipt>().ToDictionary(r => r.TransactionHash);
        final = Math.Min(final, settleUpTo);
        var blocks = receipts.Values.Select(r => r.BlockNumber).Where(number => number <= final).Distinct().ToList();
        var headers = (await eth.Client.BatchAsync([.. blocks.Select(number => EthCalls.GetBlock(number))], cancellation))
            .Select(answer => answer.Value).OfType<BlockHeader>().ToDictionary(h => h.Number, h => h.Hash);
        return new ChainView(
            final, count, receipts, headers, await MarketAsync(cancellation), await eth.GetBalanceAsync(Sender, BlockTag.Latest, cancellation),
            await AllowanceAsync(cancellation), missing);
    }

    private async Task<BigInteger?> AllowanceAsync(CancellationToken cancellation)
    {
        BigInteger? least = null;
        foreach (var (cap, window) in new[] { (policy.HourlyCap, TimeSpan.FromHours(1)), (policy.DailyCap, TimeSpan.FromDays(1)) })
            if (cap is { } most && most - await journal.SpentAsync(window, cancellation) is var left && (least is null || left < least))
                least = left;
        return least;
    }

    private async Task ReplaceAsync(PendingTransaction pending, Fees fees, bool cancels, CancellationToken cancellation)
    {
        var attempt = await SignAsync(pending.Last.Number + 1, cancels, fees, cancels
            ? Call(pending.Nonce, Sender, 0, [], PendingTransaction.TransferGas, fees)
            : Call(pending.Nonce, pending.To, pending.Value, pending.Data, pending.Gas, fees), cancellation);
        await journal.AddAttemptAsync(pending.Id, attempt, cancellation);
        await BroadcastAsync(attempt, cancellation);
    }

    private Eip1559Transaction Call(ulong nonce, Address to, BigInteger value, byte[] data, ulong gas, Fees fees) =>
        new(chainId, nonce, fees.MaxPriorityFeePerGas, fees.MaxFeePerGas, gas, to, value, data);

    private async Task<Attempt> SignAsync(int number, bool cancels, Fees fees, Eip1559Transaction unsigned, CancellationToken cancellation)
    {
        var signed = await signer.SignTransactionAsync(unsigned, cancellation);
        if (signed.Transaction.SigningHash != unsigned.SigningHash || signed.RecoverSender() != Sender)
            throw new InvalidOperationException($"The signer of {Sender} returned another transaction, or one of somebody else; it is neither stored nor sent.");
        return new Attempt(number, signed.Hash, signed.ToArray(), fees, cancels);
    }

    private async Task BroadcastAsync(Attempt attempt, CancellationToken cancellation)
    {
        string? answer = null;
        try
        {
            await eth.SendRawTransactionAsync(attempt.Raw, cancellation);
        }
        catch (JsonRpcException error)
        {
            // The bytes are stored, so that no answer can lose them: the next look decides.
            answer = error.NodeMessage;
        }
        await journal.SentAsync(attempt.Hash, answer, cancellation);
    }

    private async Task<Fees> MarketAsync(CancellationToken cancellation) =>
        Fees.Estimate(await eth.FeeHistoryAsync(10, BlockTag.Latest, [50], cancellation), policy.MinTip, policy.MaxFeeCap);
}
