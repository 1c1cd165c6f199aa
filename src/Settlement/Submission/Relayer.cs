using Assay.Ethereum.Encoding;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Transactions;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Assay.Settlement.Payouts;
using Microsoft.Extensions.Logging;

namespace Assay.Settlement.Submission;

/// <summary>Which planned steps go to the chain now, and in which transactions; the manager sends them.</summary>
public sealed class Relayer(EthApi eth, EscrowDomain domain, TransactionManager<Batch> manager, Actions actions, RelayerOptions options, ILogger<Relayer> log)
{
    private const int PlannedAtOnce = 512;

    private IReadOnlyDictionary<long, string> left = new Dictionary<long, string>();
    private string? said;

    /// <summary>What keeps steps from the chain, for the health page; null when nothing does.</summary>
    public string? Trouble => Stalled ?? left.Values.FirstOrDefault();

    public int InFlight => manager.InFlight;

    private string? Stalled => manager.Trouble is { } trouble ? $"{manager.Sender}: {trouble}" : null;

    /// <summary>Sends what is planned, as far as the flight limit allows.</summary>
    /// <param name="payouts">False holds back what moves money out of a job.</param>
    public async Task SendAsync(bool payouts, CancellationToken cancellation)
    {
        if (await manager.RoomAsync(cancellation) == 0) return;
        var planned = await actions.PlannedAsync(PlannedAtOnce, payouts);
        var troubled = new Dictionary<long, string>();
        foreach (var batch in Batcher.Batches(planned, options.BatchSize, TimeSpan.FromMilliseconds(options.LingerMilliseconds)))
        {
            if (InFlight >= options.MaxInFlight) break;
            var accepted = await DryRunAsync(batch, troubled, cancellation);
            if (accepted.Count > 0) await SendBatchAsync(accepted, troubled, cancellation);
        }
        left = troubled;
    }

    /// <summary>Looks after what is under way.</summary>
    /// <param name="read">How far the feed is final: a step is not called done before its effect could have been read.</param>
    public async Task FollowAsync(ulong read, CancellationToken cancellation)
    {
        await manager.FollowAsync(read, cancellation);
        if (Stalled is { } trouble && trouble != said) log.LogError("{Trouble}", trouble);
        said = Stalled;
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
                calls.Add((action, EthCalls.Call(new CallRequest(domain.Escrow, Calldata.Of([action.Due]), manager.Sender), BlockTag.Latest)));
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

    private async Task SendBatchAsync(IReadOnlyList<PlannedAction> steps, Dictionary<long, string> troubled, CancellationToken cancellation)
    {
        var batch = Batch.Of(steps, domain.Escrow);
        ulong? estimate;
        try
        {
            estimate = await GasAsync(batch, cancellation);
        }
        catch (JsonRpcException e)
        {
            Leave(steps[0], e, troubled);
            return;
        }
        if (estimate is not { } gas)
        {
            if (steps.Count == 1) await actions.RefuseAsync(steps[0], RefusalCode.TooMuchGas);
            else
                foreach (var half in Batcher.Halves(steps))
                    await SendBatchAsync(half, troubled, cancellation);
            return;
        }
        if (await manager.SubmitAsync(batch, gas, cancellation) is { } sent)
            log.LogInformation("{Transition} of {Count} in transaction {Nonce} {Hash}", steps[0].Due.Transition, steps.Count, sent.Nonce, sent.Last.Hash);
    }

    /// <returns>Gas limit, or null where the batch needs more than one transaction may have, or reverts as a whole.</returns>
    /// <exception cref="JsonRpcException">The node's trouble with a step that is alone.</exception>
    private async Task<ulong?> GasAsync(Batch batch, CancellationToken cancellation)
    {
        try
        {
            return await manager.EstimateGasAsync(batch, cancellation);
        }
        catch (JsonRpcException e) when (batch.Actions.Count > 1 || RefusalCode.Of(e) is not null)
        {
            log.LogWarning("No gas estimate for {Count} of {Transition}: {Reason}", batch.Actions.Count, batch.Actions[0].Due.Transition, e.NodeMessage);
            return null;
        }
    }

    /// <summary>One line for each step of a nonce that a person may ask about later.</summary>
    internal static void Log(ILogger log, SendStep step)
    {
        var (nonce, last) = (step.Transaction.Nonce, step.Transaction.Last);
        switch (step)
        {
            case SendStep.Settle { Ending: Ending.Foreign }:
                log.LogError("Nonce {Nonce} was used by a transaction that is not ours", nonce);
                break;
            case SendStep.Settle settle:
                log.LogInformation("Nonce {Nonce} is final in block {Block}: {Ending}", nonce, settle.Receipt!.BlockNumber, settle.Ending);
                break;
            case SendStep.Replace replace:
                log.LogWarning("Nonce {Nonce} is {Why}; signed again at {Fee} wei per gas", nonce, last.Answer ?? "stuck", replace.Fees.MaxFeePerGas);
                break;
            case SendStep.Note { Receipt: null }:
                log.LogWarning("Nonce {Nonce} has vanished from the chain again", nonce);
                break;
        }
    }
}
