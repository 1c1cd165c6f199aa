using Assay.Ethereum.Encoding;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Transactions;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Assay.Settlement.Payouts;
using Microsoft.Extensions.Logging;

namespace Assay.Settlement.Submission;

/// <summary>
/// Brings planned steps to the chain through one key. Everything it knows is in the journal: stopping it anywhere and starting it again, here or
/// elsewhere, repeats at most a broadcast of the same bytes.
/// </summary>
public sealed class Relayer(EthApi eth, EscrowDomain domain, Journal journal, Actions actions, RelayerOptions options, int confirmations, ILogger<Relayer> log)
{
    private const int PlannedAtOnce = 512;
    private const int MinTipWei = 1;

    private string? unfunded, refused;
    private IReadOnlyDictionary<long, string> left = new Dictionary<long, string>();

    /// <summary>What keeps steps from the chain, for the health page; null when nothing does.</summary>
    public string? Trouble => unfunded ?? refused ?? left.Values.FirstOrDefault();

    public int InFlight { get; private set; }

    private System.Numerics.BigInteger FeeCap => (System.Numerics.BigInteger)options.MaxFeeGwei * 1_000_000_000;

    /// <summary>Sends what is planned, as far as the flight limit allows.</summary>
    /// <param name="payouts">False holds back what moves money out of a job.</param>
    public async Task SendAsync(bool payouts, CancellationToken cancellation)
    {
        var pending = await journal.PendingAsync();
        InFlight = pending.Count;
        // Another nonce would only make the debt larger.
        if (InFlight >= options.MaxInFlight || pending.Any(p => p.IsUnfunded)) return;
        var planned = await actions.PlannedAsync(PlannedAtOnce, payouts);
        var troubled = new Dictionary<long, string>();
        var ready = Batcher.Batches(planned, options.BatchSize, TimeSpan.FromMilliseconds(options.LingerMilliseconds));
        foreach (var batch in ready)
        {
            if (InFlight >= options.MaxInFlight) break;
            var accepted = await DryRunAsync(batch, troubled, cancellation);
            if (accepted.Count > 0) await SendBatchAsync(accepted, troubled, cancellation);
        }
        left = troubled;
    }

    /// <summary>The node cannot say whether the contract takes this step: it stays planned, and the others go on.</summary>
    private void Leave(PlannedAction action, Exception error, Dictionary<long, string> troubled)
    {
        troubled[action.Id] = $"{action.Due.Transition} of {action.Due.Subject}: {error.Message}";
        if (!left.ContainsKey(action.Id)) log.LogWarning("The node cannot try a step: {Trouble}", troubled[action.Id]);
    }

    /// <summary>Each step alone against the newest state, so that one that the contract refuses costs nobody else a transaction.</summary>
    private async Task<IReadOnlyList<PlannedAction>> DryRunAsync(
        IReadOnlyList<PlannedAction> batch, Dictionary<long, string> troubled, CancellationToken cancellation)
    {
        var calls = new List<(PlannedAction Action, RpcCall<byte[]> Call)>();
        foreach (var action in batch)
            try
            {
                calls.Add((action, EthCalls.Call(new CallRequest(domain.Escrow, Calldata.Of([action.Due]), journal.Sender), BlockTag.Latest)));
            }
            catch (AbiException e)
            {
                log.LogWarning("{Transition} of {Subject} cannot be written as a call: {Reason}", action.Due.Transition, action.Due.Subject, e.Message);
                await actions.RefuseAsync(action, RefusalCode.Unencodable);
            }
        var answers = await eth.Client.BatchAsync([.. calls.Select(c => c.Call)], cancellation);
        var accepted = new List<PlannedAction>();
        foreach (var ((action, _), answer) in calls.Zip(answers))
            if (answer.Error is not { } error) accepted.Add(action);
            else if (RefusalCode.Of(error) is { } code)
            {
                log.LogInformation("{Transition} of {Subject} is refused: {Code}", action.Due.Transition, action.Due.Subject, code);
                await actions.RefuseAsync(action, code);
            }
            else Leave(action, error, troubled);
        return accepted;
    }

    private async Task SendBatchAsync(IReadOnlyList<PlannedAction> batch, Dictionary<long, string> troubled, CancellationToken cancellation)
    {
        var data = Calldata.Of([.. batch.Select(a => a.Due)]);
        ulong? estimate;
        try
        {
            estimate = await GasAsync(batch, data, cancellation);
        }
        catch (JsonRpcException e)
        {
            Leave(batch[0], e, troubled);
            return;
        }
        if (estimate is not { } gas)
        {
            if (batch.Count == 1) await actions.RefuseAsync(batch[0], RefusalCode.TooMuchGas);
            else
                foreach (var half in Batcher.Halves(batch))
                    await SendBatchAsync(half, troubled, cancellation);
            return;
        }
        var count = await eth.GetTransactionCountAsync(journal.Sender, BlockTag.Latest, cancellation);
        if (await journal.AppendAsync(batch, domain.Escrow, data, gas, await MarketAsync(cancellation), count, cancellation) is not { } sent) return;
        InFlight++;
        log.LogInformation("{Transition} of {Count} in transaction {Nonce} {Hash}", batch[0].Due.Transition, batch.Count, sent.Nonce, sent.Attempts[0].Hash);
        await BroadcastAsync(sent.Attempts[0], cancellation);
    }

    /// <returns>Gas limit, or null where the batch needs more than one transaction may have, or reverts as a whole.</returns>
    /// <exception cref="JsonRpcException">The node's trouble with a step that is alone.</exception>
    private async Task<ulong?> GasAsync(IReadOnlyList<PlannedAction> batch, byte[] data, CancellationToken cancellation)
    {
        try
        {
            var estimate = await eth.EstimateGasAsync(new CallRequest(domain.Escrow, data, journal.Sender), cancellation);
            return Batcher.GasLimit(estimate, options.GasMarginPercent, options.GasCap);
        }
        catch (JsonRpcException e) when (batch.Count > 1 || RefusalCode.Of(e) is not null)
        {
            log.LogWarning("No gas estimate for {Count} of {Transition}: {Reason}", batch.Count, batch[0].Due.Transition, e.NodeMessage);
            return null;
        }
    }

    /// <summary>Looks at every transaction that is not settled: settles what is final, sends again what is missing, replaces what is stuck.</summary>
    /// <param name="read">How far the feed is final: a step is not called done before its effect could have been read.</param>
    public async Task FollowAsync(ulong read, CancellationToken cancellation)
    {
        var pending = await journal.PendingAsync();
        InFlight = pending.Count;
        if (pending.Count == 0)
        {
            unfunded = refused = null;
            return;
        }
        var head = await eth.BlockNumberAsync(cancellation);
        var final = head > (ulong)confirmations ? head - (ulong)confirmations : 0;
        var finalCount = await eth.GetTransactionCountAsync(journal.Sender, final, cancellation);
        var receipts = await ReceiptsAsync(pending, cancellation);
        await ReportFundsAsync([.. pending.Zip(receipts).Where(p => p.Second is null).Select(p => p.First)], cancellation);
        var isFirstMissing = true;
        foreach (var (transaction, receipt) in pending.Zip(receipts))
            if (receipt is not null)
            {
                await journal.SeenAsync(transaction.Id, receipt.BlockNumber, receipt.BlockHash, receipt.Succeeded);
                if (receipt.BlockNumber <= Math.Min(final, read)) await SettleAsync(transaction, receipt, cancellation);
            }
            else if (transaction.Nonce < finalCount)
            {
                log.LogError("Nonce {Nonce} of {Sender} was used by a transaction that is not ours", transaction.Nonce, journal.Sender);
                await journal.SettleAsync(transaction.Id, Ending.Foreign, _ => null, actions);
            }
            else
            {
                if (transaction.BlockNumber is not null) await journal.SeenAsync(transaction.Id, null, null, null);
                await PushAsync(transaction, isFirstMissing, cancellation);
                isFirstMissing = false;
            }
        if (isFirstMissing) refused = null;
    }

    /// <summary>Compares what the key holds with what its unmined transactions cost, once the node has refused one for that.</summary>
    private async Task ReportFundsAsync(IReadOnlyList<PendingTransaction> unmined, CancellationToken cancellation)
    {
        var before = unfunded;
        unfunded = unmined.Any(t => t.IsUnfunded)
            && await eth.GetBalanceAsync(journal.Sender, BlockTag.Latest, cancellation) is var balance
            && unmined.Aggregate(System.Numerics.BigInteger.Zero, (sum, t) => sum + t.Cost) is var cost && balance < cost
                ? $"{journal.Sender} cannot pay for gas: it holds {balance} wei and lacks {cost - balance} wei for {unmined.Count} transactions; it goes on by itself once funded."
                : null;
        if (unfunded is not null && unfunded != before) log.LogError("{Trouble}", unfunded);
    }

    private async Task SettleAsync(PendingTransaction transaction, Receipt receipt, CancellationToken cancellation)
    {
        var header = await eth.GetBlockByNumberAsync(receipt.BlockNumber, cancellation);
        if (header?.Hash != receipt.BlockHash) return;
        var skipped = receipt.Logs
            .Where(l => l.Address == domain.Escrow)
            .Select(l => EscrowAbi.Instance.TryDecodeLog(l, out var e) && e.Name == nameof(ItemSkipped) ? e.Values : null)
            .OfType<AbiValues>()
            .Select(v => (Job: v.GetBytes32("job"), Action: v.Get<ItemAction>("action"), Code: v.Get<Skip>("code")))
            .ToLookup(s => (s.Job, (ItemAction?)s.Action), s => s.Code.ToString());
        var isCancelled = transaction.Attempts.Single(a => a.Hash == receipt.TransactionHash).Cancels;
        await journal.SettleAsync(
            transaction.Id, isCancelled ? Ending.Cancelled : receipt.Succeeded ? Ending.Succeeded : Ending.Reverted,
            due => receipt.Succeeded ? skipped[(due.Subject, due.Transition.InBatch())].FirstOrDefault() : RefusalCode.Reverted, actions);
        log.LogInformation("Nonce {Nonce} is final in block {Block}, success {Succeeded}", transaction.Nonce, receipt.BlockNumber, receipt.Succeeded);
    }

    /// <summary>All attempts are asked for: any of them may be the one that is mined.</summary>
    private async Task<IReadOnlyList<Receipt?>> ReceiptsAsync(IReadOnlyList<PendingTransaction> pending, CancellationToken cancellation)
    {
        var hashes = pending.SelectMany(p => p.Attempts.Select(a => a.Hash)).ToList();
        var answers = await eth.Client.BatchAsync([.. hashes.Select(EthCalls.GetTransactionReceipt)], cancellation);
        var found = answers.Select(a => a.Value).OfType<Receipt>().ToDictionary(r => r.TransactionHash);
        return [.. pending.Select(p => p.Attempts.Select(a => found.GetValueOrDefault(a.Hash)).FirstOrDefault(r => r is not null))];
    }

    private async Task PushAsync(PendingTransaction transaction, bool isFirst, CancellationToken cancellation)
    {
        var last = transaction.Last;
        var isRefused = last is { Cancels: false, Answer: { } answer } && SendErrors.Classify(0, answer) == SendOutcome.Invalid;
        // Only the lowest waits for a better price; those behind it wait for it.
        // Higher fees do not help a key that cannot pay the lower ones.
        var isStuck = isFirst && !transaction.IsUnfunded && last.SentAge is not null && last.Age >= TimeSpan.FromSeconds(options.ReplaceSeconds);
        if ((isRefused || isStuck) && Fees.Replacement(last.Fees, await MarketAsync(cancellation), FeeCap) is { } fees)
        {
            log.LogWarning("Nonce {Nonce} is {Why}; signed again at {Fee} wei per gas", transaction.Nonce, isRefused ? "refused and given up" : "stuck", fees.MaxFeePerGas);
            last = await journal.ReplaceAsync(transaction, fees, isRefused || last.Cancels, cancellation);
        }
        if (last.SentAge is null || last.SentAge >= TimeSpan.FromSeconds(options.ResendSeconds)) await BroadcastAsync(last, cancellation);
    }

    private async Task BroadcastAsync(Attempt attempt, CancellationToken cancellation)
    {
        string? answer = null;
        try
        {
            await eth.SendRawTransactionAsync(attempt.Raw, cancellation);
            refused = null;
        }
        catch (JsonRpcException e)
        {
            answer = e.NodeMessage;
            switch (SendErrors.Classify(e))
            {
                case SendOutcome.AlreadyKnown or SendOutcome.NonceTooLow:
                    // As good as sent: one of the attempts is known or mined, which the next look at the receipts tells.
                    break;
                case SendOutcome.InsufficientFunds:
                    // The answer is kept, and the next look at the receipts reports what is lacking.
                    break;
                default:
                    refused = $"The node does not take transaction {attempt.Hash}: {answer}";
                    log.LogWarning("{Trouble}", refused);
                    break;
            }
        }
        await journal.SentAsync(attempt.Hash, answer);
    }

    private async Task<Fees> MarketAsync(CancellationToken cancellation) =>
        Fees.Estimate(await eth.FeeHistoryAsync(10, BlockTag.Latest, [50], cancellation), MinTipWei, FeeCap);
}
