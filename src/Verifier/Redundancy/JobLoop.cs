using System.Security.Cryptography;
using System.Text.Json;
using Assay.Ethereum.Primitives;
using Assay.Hosting;
using Assay.Hosting.Messaging;
using Assay.Hosting.Telemetry;
using Assay.Protocol.Messages;
using Assay.Protocol.Nodes;
using Assay.Verifier.Nodes;
using Assay.Verifier.Sampling;
using Assay.Verifier.Verdicts;
using Dapper;
using Npgsql;

namespace Assay.Verifier.Redundancy;

/// <summary>
/// Looks at every job that is due, decides, and records work and messages in one transaction. What it knows between two looks is in the
/// database only, so it may be killed at any point, and several may run: a job's row is locked while it is looked at.
/// </summary>
public sealed class JobLoop(
    VerifierDatabase database, JobStore jobs, Surroundings surroundings, Feed<VerifierDatabase> feed, Outbox<VerifierDatabase> outbox,
    WorkStore work, EvidenceStore evidence, EscrowTerms terms, VerifierOptions options, Wakeup wakeup, TimeProvider time,
    ILogger<JobLoop> log)
    : BackgroundService, IHealthReport
{
    private const int BatchSize = 200;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    // Windows end by time alone, without an event.
    private static readonly TimeSpan NextLook = TimeSpan.FromSeconds(1);

    private volatile string? _trouble;

    public string Name => "verifier-jobs";

    public Task<HealthState> ReportAsync(CancellationToken cancellation) =>
        Task.FromResult(new HealthState(Alive: true, Ready: _trouble is null, _trouble));

    protected override async Task ExecuteAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
            try
            {
                var woken = wakeup.Loop.WaitAsync(TimeSpan.FromMilliseconds(options.Nodes.PollMilliseconds), time, stopping);
                await RunDueAsync(stopping);
                _trouble = null;
                await woken;
            }
            catch (NpgsqlException e)
            {
                _trouble = e.Message;
                log.LogWarning("Jobs pause: {Reason}", e.Message);
                await Task.Delay(Pause, time, stopping);
            }
    }

    /// <summary>Looks once at every job that is due.</summary>
    public async Task RunDueAsync(CancellationToken stopping = default)
    {
        await using var connection = await database.OpenAsync(stopping);
        var due = (await connection.QueryAsync<Bytes32>(
            "select job from jobs where active and wake_at <= @now order by wake_at limit @BatchSize",
            new { now = time.GetUtcNow(), BatchSize })).AsList();
        foreach (var job in due)
        {
            stopping.ThrowIfCancellationRequested();
            try
            {
                await LookAsync(job, stopping);
            }
            // One job that cannot be read must not stand in the way of the others, nor end the service; trouble with the database concerns them all.
            catch (Exception e) when (e is PostgresException { IsTransient: false } or not (NpgsqlException or OperationCanceledException))
            {
                log.LogError(e, "Job {Job} cannot be decided", job);
                _trouble = $"job {job}: {e.Message}";
                await database.InTransactionAsync(transaction => SleepAsync(transaction, job, active: true, TimeSpan.FromMinutes(1)), stopping);
            }
        }
    }

    private async Task LookAsync(Bytes32 job, CancellationToken stopping)
    {
        var asked = await database.InTransactionAsync(async transaction =>
        {
            // What changes the job waits for this lock before it wakes the job, so no wake-up is lost.
            var locked = await transaction.Connection!.ExecuteScalarAsync<int?>(
                "select 1 from jobs where job = @job and active for update skip locked", new { job }, transaction);
            if (locked is null) return false;
            if (await jobs.LoadAsync(transaction, job) is not { } view)
            {
                await SleepAsync(transaction, job, active: false, TimeSpan.Zero);
                return false;
            }
            var world = await WorldAsync(transaction, view);
            return await TakeAsync(transaction, view, world, Decision.Decide(view, world), stopping);
        }, stopping);
        if (asked) wakeup.Nodes.Set();
    }

    private async Task<World> WorldAsync(NpgsqlTransaction transaction, JobView view)
    {
        var snapshot = await surroundings.ReadAsync(transaction);
        var clock = await feed.ClockAsync(transaction);
        var now = time.GetUtcNow();
        var standings = view.Chain.Opened is null ? await work.StandingsAsync(transaction) : new Dictionary<Address, Standing>();
        var windows = view.Chain.Opened is { } opened ? await terms.WindowsAsync(opened.Version) : ChainWindows.Unopened;
        return new World(
            snapshot.Roster, snapshot.Seeds, standings, windows, options.Nodes.Policy,
            new ChainClock(Math.Max(clock.HeadTime, (ulong)now.ToUnixTimeSeconds()), now));
    }

    private async Task<bool> TakeAsync(
        NpgsqlTransaction transaction, JobView view, World world, IReadOnlyList<Step> steps, CancellationToken stopping)
    {
        foreach (var lapse in steps.OfType<Lapse>())
            await work.LapseAsync(transaction, lapse.WorkId, lapse.Operator, world.Clock.Wall);
        var asked = await work.ReconcileAsync(transaction, view.Job, [.. steps.OfType<Ask>()], world.Clock.Wall);
        foreach (var publish in steps.OfType<Publish>())
            await PublishAsync(transaction, view.Job, publish.Message);
        foreach (var certify in steps.OfType<Certify>())
            await CertifyAsync(transaction, view, world, certify, stopping);
        await HoldAsync(transaction, view, steps);
        await SleepAsync(transaction, view.Job, active: !steps.Any(s => s is Rest), NextLook);
        return asked;
    }

    private Task PublishAsync(NpgsqlTransaction transaction, Bytes32 job, object message) =>
        PublishOnceAsync(transaction, job, message.GetType().Name, JsonSerializer.Serialize(message, message.GetType(), AssayJson.Options), () => Task.FromResult(message));

    // The content that makes a certificate is who opened what; building its evidence is worth doing once.
    private Task CertifyAsync(NpgsqlTransaction transaction, JobView view, World world, Certify certify, CancellationToken stopping) =>
        PublishOnceAsync(transaction, view.Job, nameof(CertificateSigned), JsonSerializer.Serialize(certify.Seats, AssayJson.Options), async () =>
        {
            var digest = await evidence.GatherAsync(transaction, view, world, certify.Seats, stopping);
            return Ruling.Certificate(view.Job, view.Chain.Round, certify.Seats, digest);
        });

    private async Task PublishOnceAsync(NpgsqlTransaction transaction, Bytes32 job, string type, string content, Func<Task<object>> message)
    {
        var digest = SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(type + content));
        var sent = await transaction.Connection!.ExecuteAsync(
            "insert into sent (job, content, type, sent_at) values (@job, @digest, @type, @now) on conflict do nothing",
            new { job, digest, type, now = time.GetUtcNow() }, transaction);
        if (sent == 0) return;
        await outbox.AddAsync(transaction, await message(), MessageIds.From(type, job, Convert.ToHexStringLower(digest)));
        log.LogInformation("Job {Job}: {Message}", job, type);
    }

    private static Task HoldAsync(NpgsqlTransaction transaction, JobView view, IReadOnlyList<Step> steps)
    {
        Address? holder = view.Chain.State switch
        {
            Protocol.Chain.JobState.None => steps.OfType<Ask>().FirstOrDefault()?.Operator
                ?? steps.OfType<Publish>().Select(p => p.Message).OfType<OrderAccepted>().FirstOrDefault()?.Acceptance.Operator,
            Protocol.Chain.JobState.Open => view.Operator,
            _ => null,
        };
        Address? accused = view.Chain.State is Protocol.Chain.JobState.Accused or Protocol.Chain.JobState.Convicted or Protocol.Chain.JobState.Appealed ? view.Chain.Opened?.Operator : null;
        return transaction.Connection!.ExecuteAsync(
            "update jobs set holder = @holder, accused = @accused where job = @Job", new { holder, accused, view.Job }, transaction);
    }

    private Task SleepAsync(NpgsqlTransaction transaction, Bytes32 job, bool active, TimeSpan until) => transaction.Connection!.ExecuteAsync(
        "update jobs set active = @active, wake_at = @wakeAt where job = @job",
        new { job, active, wakeAt = time.GetUtcNow() + until }, transaction);
}
