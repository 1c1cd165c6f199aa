using Assay.Indexer.Sync;
using Dapper;
using Npgsql;

namespace Assay.Indexer.Sources;

/// <summary>Follows every configured source for which no other instance holds the advisory lock.</summary>
internal sealed class SourceWriter(
    IndexerDatabase database, IndexerOptions options, IReadOnlyList<(SourceDefinition Definition, SourceStatus Status)> sources, TimeProvider time, ILogger<SourceWriter> log)
    : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    protected override Task ExecuteAsync(CancellationToken stopping) =>
        Task.WhenAll(sources.Select(source => FollowAsync(source.Definition, source.Status, stopping)));

    private async Task FollowAsync(SourceDefinition definition, SourceStatus status, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
            try
            {
                await using var connection = await database.OpenAsync(stopping);
                status.StandsBy = !await TryLockAsync(connection, definition);
                if (!status.StandsBy)
                    await WriteAsync(connection, definition, status, stopping);
                await Task.Delay(Pause, time, stopping);
            }
            catch (Exception e) when (e is NpgsqlException or NotTheWriterException)
            {
                status.Trouble = e.Message;
                log.LogWarning("Source {Source}: no longer the writer: {Reason}", definition.Name, e.Message);
                await Task.Delay(Pause, time, stopping);
            }
    }

    private async Task WriteAsync(NpgsqlConnection holding, SourceDefinition definition, SourceStatus status, CancellationToken stopping)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var loop = new SourceLoop(database, definition, status, options.PollMilliseconds, time, log);
        Task[] work = [loop.RunAsync(untilHead: false, ending.Token), Writership.HoldAsync(holding, ending.Token)];
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

    internal static Task<bool> TryLockAsync(NpgsqlConnection connection, SourceDefinition definition) => connection.ExecuteScalarAsync<bool>(
        "select pg_try_advisory_lock(hashtextextended(@Name, 0))", new { Name = $"assay-source {definition.Schema}" });
}
