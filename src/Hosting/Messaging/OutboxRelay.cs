using System.Text.Json;
using Assay.Hosting.Database;
using Assay.Hosting.Telemetry;
using Dapper;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Assay.Hosting.Messaging;

/// <summary>
/// Sends the rows of one outbox. A row is marked only after the broker confirmed it, so a crash between the two sends it again under the same id.
/// Several instances share the work: rows are taken with <c>skip locked</c>.
/// </summary>
public sealed class OutboxRelay<TDatabase>(
    TDatabase database, OutboxMessages<TDatabase> messages, IBusControl bus, Options.BusOptions options, ILogger<OutboxRelay<TDatabase>> log)
    : BackgroundService, IHealthReport where TDatabase : ServiceDatabase
{
    private const int BatchSize = 64;
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);

    private volatile string? _trouble;
    private int _failures;

    public string Name => $"{database.Schema}-outbox";

    public Task<HealthState> ReportAsync(CancellationToken cancellation) =>
        Task.FromResult(new HealthState(Alive: true, Ready: _trouble is null, _trouble));

    protected override async Task ExecuteAsync(CancellationToken stopping)
    {
        await bus.WaitUntilReadyAsync(stopping);
        if (options.InMemory)
            await ForgetSentAsync(stopping);
        while (!stopping.IsCancellationRequested)
            try
            {
                await RelayAsync(stopping);
            }
            // Whatever it was, the rows are where they were: only the end of the process ends their relay.
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                _trouble = e.Message;
                log.LogWarning("Outbox of {Schema} pauses: {Reason}", database.Schema, e.Message);
                await Task.Delay(Backoff.After(++_failures), stopping);
            }
    }

    // What an in-memory bus held is gone with its process; inboxes make the repetition harmless.
    private Task ForgetSentAsync(CancellationToken stopping) =>
        database.InTransactionAsync(transaction => transaction.Connection!.ExecuteAsync(
            new CommandDefinition("update outbox set sent_at = null where sent_at is not null", transaction: transaction, cancellationToken: stopping)), stopping);

    private async Task RelayAsync(CancellationToken stopping)
    {
        await using var connection = await database.OpenAsync(stopping);
        await connection.ExecuteAsync($"listen {Outbox<TDatabase>.Channel}");
        while (true)
        {
            while (await SendBatchAsync(connection, stopping) == BatchSize) { }
            (_trouble, _failures) = (null, 0);
            await connection.WaitAsync(Poll, stopping);
        }
    }

    private sealed record Row(long Sequence, Guid MessageId, string Type, string Body);

    /// <summary>Sends the oldest unsent rows; returns how many it took.</summary>
    internal async Task<int> SendBatchAsync(NpgsqlConnection connection, CancellationToken stopping)
    {
        await using var transaction = await connection.BeginTransactionAsync(stopping);
        var rows = (await connection.QueryAsync<Row>(
            """
            select sequence, message_id as MessageId, type, body from outbox
            where sent_at is null and (not_before is null or not_before <= now())
            order by sequence limit @BatchSize for update skip locked
            """, new { BatchSize }, transaction)).AsList();
        foreach (var row in rows)
            await SendAsync(row, transaction, stopping);
        await transaction.CommitAsync(stopping);
        return rows.Count;
    }

    private async Task SendAsync(Row row, NpgsqlTransaction transaction, CancellationToken stopping)
    {
        try
        {
            await PublishAsync(row, stopping);
            await transaction.Connection!.ExecuteAsync("update outbox set sent_at = now(), last_error = null where sequence = @Sequence", row, transaction);
        }
        catch (Exception e) when (e is MessageReturnedException or JsonException or UnknownMessageException)
        {
            // This row alone is in trouble (nobody listens yet, or a newer release wrote it): the others go on.
            log.LogWarning("Message {MessageId} of type {Type} stays in the outbox: {Reason}", row.MessageId, row.Type, e.Message);
            await transaction.Connection!.ExecuteAsync(
                """
                update outbox set attempts = attempts + 1, last_error = @Message,
                    not_before = now() + make_interval(secs => least(60, power(2, least(attempts, 6))))
                where sequence = @Sequence
                """, new { row.Sequence, e.Message }, transaction);
        }
    }

    private async Task PublishAsync(Row row, CancellationToken stopping)
    {
        var type = messages.Find(row.Type) ?? throw new UnknownMessageException($"{row.Type} is not a message of this release");
        var message = JsonSerializer.Deserialize(row.Body, type, AssayJson.Options) ?? throw new JsonException("The body is null.");
        await bus.PublishConfirmedAsync(message, row.MessageId, stopping);
    }

    private sealed class UnknownMessageException(string message) : Exception(message);
}

public static class OutboxServices
{
    /// <summary>Names the messages a service sends through its outbox and starts the relay.</summary>
    public static IServiceCollection AddOutbox<TDatabase>(this IServiceCollection services, params Type[] messages) where TDatabase : ServiceDatabase =>
        services
            .AddSingleton(new OutboxMessages<TDatabase>(messages))
            .AddSingleton<Outbox<TDatabase>>()
            .AddSingleton<OutboxRelay<TDatabase>>()
            .AddSingleton<IHealthReport>(provider => provider.GetRequiredService<OutboxRelay<TDatabase>>())
            .AddHostedService(provider => provider.GetRequiredService<OutboxRelay<TDatabase>>());
}
