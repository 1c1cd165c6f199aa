using Assay.Ethereum.Encoding;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Hosting.Messaging;
using Assay.Hosting.Telemetry;
using Assay.Protocol.Chain;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Assay.Settlement.Books;

/// <summary>A book whose two sides differ.</summary>
/// <param name="Ours">Sum of the movements that were read.</param>
/// <param name="Contracts">What the contract's view says.</param>
public sealed record Difference(Address Account, Book Book, Amount Ours, Amount Contracts);

/// <param name="Block">The final block at which both sides were read.</param>
/// <param name="IsGood">False: new payouts are held back.</param>
public sealed record ReconciliationReport(ulong Block, int Books, IReadOnlyList<Difference> Differences, bool IsGood, DateTimeOffset? DifferentSince = null);

/// <summary>
/// Compares our ledger with the contract at the last final block. The contract has no balance of what is reserved, so the jobs that hold it are asked for one
/// by one: each has to be in flight there too, by the record that we know. Events arrive after the block they are in, so a difference counts
/// only when it is still there at the same block after a while; then payouts stop until it is gone.
/// </summary>
public sealed class Reconciliation(
    SettlementDatabase database, Feed<SettlementDatabase> feed, EscrowReader escrow, EscrowDomain domain, SettlementOptions options, TimeProvider time,
    ILogger<Reconciliation> log) : BackgroundService, IHealthReport
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);
    private readonly SemaphoreSlim gate = new(1);
    private ReconciliationReport? last;
    private long? comparedAt;
    private string? trouble;

    public string Name => "settlement-books";

    public bool IsGood => last?.IsGood ?? true;

    public Task<HealthState> ReportAsync(CancellationToken cancellation) => Task.FromResult(new HealthState(
        Alive: true, Ready: IsGood, IsGood ? trouble : $"{last!.Differences.Count} books differ from the contract at block {last.Block}; payouts are stopped."));

    protected override async Task ExecuteAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
            try
            {
                var report = await CompareAsync(stopping);
                trouble = null;
                await Task.Delay(report.Differences.Count > 0 ? Again : TimeSpan.FromSeconds(options.Books.CheckSeconds), time, stopping);
            }
            catch (Exception e) when (e is JsonRpcException or RpcTransportException or AbiException or NpgsqlException)
            {
                trouble = $"The comparison with the contract pauses: {e.Message}";
                log.LogWarning("{Trouble}", trouble);
                await Task.Delay(Again, time, stopping);
            }
    }

    /// <summary>The newest comparison, made now unless one was made within the last second. A difference is looked at again at its own block until it is gone or the patience is over.</summary>
    public async Task<ReconciliationReport> CompareAsync(CancellationToken cancellation)
    {
        await gate.WaitAsync(cancellation);
        try
        {
            if (last is not null && comparedAt is { } at && time.GetElapsedTime(at) < Again) return last;
            var before = last;
            var isWaiting = before is { Differences.Count: > 0, IsGood: true };
            var block = isWaiting ? before!.Block : (await feed.ClockAsync()).FinalisedNumber;
            // Before the first final block of ours the contract may not be there to be asked.
            if (block == 0 || block < (ulong)options.Chain.StartBlock) return new ReconciliationReport(block, 0, [], true);
            var (books, differences) = await DifferencesAsync(block, cancellation);
            DateTimeOffset? since = differences.Count == 0 ? null : before?.DifferentSince ?? time.GetUtcNow();
            var isGood = since is null || time.GetUtcNow() - since < TimeSpan.FromSeconds(options.Books.PatienceSeconds);
            if (!isGood && before is not { IsGood: false }) log.LogCritical("{Count} books differ from the contract at block {Block}; payouts stop", differences.Count, block);
            if (isGood && before is { IsGood: false }) log.LogInformation("The books agree again at block {Block}; payouts go on", block);
            comparedAt = time.GetTimestamp();
            return last = new ReconciliationReport(block, books, differences, isGood, since);
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task<(int, IReadOnlyList<Difference>)> DifferencesAsync(ulong block, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var jobs = await Reserves.InFlightAsync(connection, block);
        var ours = (await Ledger.BalancesAsync(connection, block)).Concat(Reserves.Of(jobs)).ToDictionary(b => (b.Account, b.Book), b => b.Balance);
        Address[] accounts = [.. ours.Keys.Select(k => k.Account).Where(a => a != domain.Escrow).Distinct()];
        var held = Reserves.Of(await escrow.InFlightAsync(jobs, block, cancellation));
        var theirs = (await escrow.BalancesAsync(accounts, block, cancellation)).Concat(held).ToDictionary(b => (b.Account, b.Book), b => b.Balance);
        return (theirs.Count, [.. ours.Keys.Union(theirs.Keys)
            .Select(k => new Difference(k.Account, k.Book, ours.GetValueOrDefault(k), theirs.GetValueOrDefault(k)))
            .Where(d => d.Ours != d.Contracts)
            .OrderBy(d => d.Account).ThenBy(d => d.Book)]);
    }
}
