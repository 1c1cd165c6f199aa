using Assay.Ethereum.Encoding;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Transactions;
using Assay.Hosting.Messaging;
using Assay.Hosting.Telemetry;
using Assay.Protocol.Chain;
using Assay.Settlement.Books;
using Assay.Settlement.Relays;
using Assay.Settlement.Submission;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Assay.Settlement.Payouts;

/// <summary>Plan, send, follow: one round after another, in one process at a time.</summary>
public sealed class PayoutLoop(
    SettlementDatabase database, Feed<SettlementDatabase> feed, EscrowReader escrow, Beacon beacon, Actions actions, Relayer relayer, RelayerLease lease,
    Reconciliation reconciliation, RelayOptions relays, Wake wake, ILogger<PayoutLoop> log) : BackgroundService, IHealthReport
{
    // A burst of messages is one round's work, not a round each.
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private string? trouble;
    private IReadOnlyDictionary<string, string> skipped = new Dictionary<string, string>();

    public string Name => "settlement-payouts";

    public Task<HealthState> ReportAsync(CancellationToken cancellation) => Task.FromResult(new HealthState(
        Alive: true, Ready: (trouble ?? relayer.Trouble) is null, trouble ?? relayer.Trouble,
        new Dictionary<string, object> { ["inFlight"] = relayer.InFlight, ["leads"] = lease.IsHeld, ["skipped"] = skipped, ["beacon"] = beacon.Trouble ?? "" }));

    protected override async Task ExecuteAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
            try
            {
                if (await lease.HoldAsync(stopping)) await RoundAsync(stopping);
                trouble = null;
                await wake.PauseAsync(Idle, stopping);
                await Task.Delay(Gather, stopping);
            }
            // The node or the database is away, or the key's rows and the chain disagree: nothing is lost by waiting.
            catch (Exception e) when (e is JsonRpcException or RpcTransportException or AbiException or NpgsqlException
                or NonceConflictException or IntentConflictException or FeeCapException or LeaseLostException)
            {
                if (trouble != e.Message) log.LogWarning("Payouts pause: {Reason}", e.Message);
                trouble = e.Message;
                await Task.Delay(Pause, stopping);
            }
    }

    internal async Task RoundAsync(CancellationToken cancellation)
    {
        await PlanAsync(cancellation);
        try
        {
            await relayer.SendAsync(payouts: reconciliation.IsGood, cancellation);
        }
        finally
        {
            // What is under way is looked after even where nothing more can be sent.
            var clock = await feed.ClockAsync();
            await relayer.FollowAsync(clock.FinalisedNumber, cancellation);
        }
    }

    private async Task PlanAsync(CancellationToken cancellation)
    {
        // The clock first: a head that is older than the events delays a step, a newer one could end an order that has just been opened.
        var read = await feed.ClockAsync();
        if (read.HeadNumber == 0) return;
        var clock = new ChainClock(read.HeadNumber, read.HeadTime, read.FinalisedNumber);
        await using var connection = await database.OpenAsync();
        var (views, unreadable) = await JobViews.RunningAsync(connection);
        foreach (var (what, why) in unreadable.Where(u => !skipped.ContainsKey(u.Key)))
            log.LogError("{What} is skipped, a row of it cannot be read: {Reason}", what, why);
        skipped = unreadable;
        var due = new List<DueAction>();
        foreach (var view in views)
            due.AddRange(Planner.Plan(view, clock, await TermsOfAsync(view, cancellation)).Select(Proven).OfType<DueAction>().Where(d => !view.IsBarred(d)));
        due.AddRange(await RelayBook.DueAsync(connection, relays.AtOnce));
        await actions.SetDueAsync([.. due.DistinctBy(d => (d.Transition, d.Subject, d.Slot))]);
        foreach (var view in views)
            if (view.Chain is { IsFinal: true, Last: { } last } chain && clock.IsFinal(last))
                await database.InTransactionAsync(transaction => Jobs.CloseAsync(transaction, chain.Job, chain.Outcome.ToString()));
            else if (Rejection.Of(view, clock) is { } reason)
                await database.InTransactionAsync(transaction => Jobs.RejectAsync(transaction, view.Job, reason));
    }

    // A job keeps the terms under which it was opened. Before that none of them matters.
    private Task<EscrowParameters> TermsOfAsync(JobView view, CancellationToken cancellation) => escrow.ParametersAsync(view.Chain.Opened?.Version ?? 0, cancellation);

    // A round that has not come yet is no step yet.
    private DueAction? Proven(DueAction due) =>
        due.Payload.Round is not { } round ? due
        : beacon.ProofOf(round) is { } proof ? due with { Payload = due.Payload with { Proof = proof } }
        : null;
}
