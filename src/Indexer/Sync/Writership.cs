using Assay.Indexer.Publication;
using Dapper;
using Npgsql;

namespace Assay.Indexer.Sync;

/// <summary>
/// One instance per chain reads blocks and announces events: the holder of an advisory lock. The others stand by. The lock says who should
/// write; the token in <c>chain.writer</c>, checked in every transaction, keeps an instance that lost the lock unawares from writing.
/// </summary>
public sealed class Writership(
    IndexerDatabase database, SyncLoop sync, HeadWatch heads, EventRelay relay, IndexerOptions options, IndexerStatus status, ILogger<Writership> log) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
            try
            {
                await using var connection = await database.OpenAsync(stopping);
                if (await TryLockAsync(connection))
                    await WriteAsync(connection, stopping);
                else
                    await StandByAsync(stopping);
            }
            catch (Exception e) when (e is NpgsqlException or NotTheWriterException)
            {
                status.Trouble = e.Message;
                log.LogWarning("No longer the writer: {Reason}", e.Message);
                await Task.Delay(Pause, stopping);
            }
    }

    private Task<bool> TryLockAsync(NpgsqlConnection connection) => connection.ExecuteScalarAsync<bool>(
        "select pg_try_advisory_lock(hashtextextended(@Name, 0))", new { Name = $"assay-indexer {database.Schema} {options.Chain.Id} {options.Chain.EscrowAddress}" });

    private async Task StandByAsync(CancellationToken stopping)
    {
        if (status.Role != IndexerRole.Standby)
            log.LogInformation("Another instance writes; standing by");
        (status.Role, status.Trouble) = (IndexerRole.Standby, null);
        await Task.Delay(Pause, stopping);
    }

    private async Task WriteAsync(NpgsqlConnection connection, CancellationToken stopping)
    {
        var token = Guid.NewGuid();
        await connection.ExecuteAsync("update chain set writer = @token", new { token });
        status.Role = IndexerRole.Writer;
        log.LogInformation("Writing chain {Chain}, escrow {Escrow}", options.Chain.Id, options.Chain.Escrow);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        Task[] work = [sync.RunAsync(new ChainStore(database, token), ending.Token), heads.RunAsync(ending.Token), relay.RunAsync(ending.Token), HoldAsync(connection, ending.Token)];
        try
        {
            await await Task.WhenAny(work);
        }
        finally
        {
            await ending.CancelAsync();
            await Task.WhenAll(work.Select(task => task.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default)));
        }
    }

    // The lock lives as long as its connection: a connection that died has to be noticed.
    internal static async Task HoldAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        while (true)
        {
            await Task.Delay(Pause, cancellation);
            await connection.ExecuteScalarAsync<int>(new CommandDefinition("select 1", cancellationToken: cancellation));
        }
    }
}
