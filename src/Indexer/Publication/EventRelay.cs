using Assay.Ethereum.Primitives;
using Assay.Hosting;
using Assay.Hosting.Messaging;
using Assay.Indexer.Sync;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Dapper;
using MassTransit;
using Npgsql;

namespace Assay.Indexer.Publication;

/// <summary>
/// Announces events and retractions in the order of their sequence, straight from the rows, each confirmed by the broker before the next.
/// The position is kept after the confirmation, so a crash in between repeats messages under the same ids.
/// </summary>
public sealed class EventRelay(
    IndexerDatabase database, SecondOpinion second, IBusControl bus, Hosting.Options.BusOptions busOptions, IndexerOptions options, IndexerStatus status, TimeProvider time,
    ILogger<EventRelay> log)
{
    private const int BatchSize = 200;

    private readonly SemaphoreSlim _news = new(0);
    private readonly HashSet<string> _unwanted = [];
    private ChainAdvanced? _lastProgress;

    /// <summary>New rows may be there.</summary>
    public void Wake() => _news.Release();

    public async Task RunAsync(CancellationToken stopping)
    {
        await bus.WaitUntilReadyAsync(stopping);
        // What an in-memory bus held went down with its process, so everything is announced again; receivers know what they had.
        var position = busOptions.InMemory ? 0 : await PositionAsync(stopping);
        var failures = 0;
        while (true)
        {
            stopping.ThrowIfCancellationRequested();
            try
            {
                status.Announced = position;
                var announced = await AnnounceBatchAsync(position, stopping);
                (status.AnnouncementTrouble, failures) = (null, 0);
                if (announced is null)
                    await _news.WaitAsync(TimeSpan.FromMilliseconds(options.PollMilliseconds), stopping);
                else
                    await KeepAsync(position = announced.Value, stopping);
            }
            // Whatever it was, the rows are where they were and are announced again; the loss of the database ends the writership beside us.
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                if (status.AnnouncementTrouble != e.Message)
                    log.LogWarning("Announcing pauses: {Reason}", e.Message);
                status.AnnouncementTrouble = e.Message;
                await Task.Delay(Backoff.After(++failures), time, stopping);
            }
        }
    }

    /// <summary>Announces the next rows, or the progress of the chain where there are none. Returns the new position, null when nothing was left.</summary>
    private async Task<long?> AnnounceBatchAsync(long position, CancellationToken stopping)
    {
        var rows = await RowsAsync(position, stopping);
        if (rows.Count == 0)
        {
            await AnnounceProgressAsync(stopping);
            return null;
        }
        if (_lastProgress is null)
            await AnnounceProgressAsync(stopping);
        var messages = rows.Select(row => row.Message()).ToList();
        await second.ConfirmAsync(messages.OfType<IChainEvent>(), stopping);
        foreach (var (row, message) in rows.Zip(messages))
            await AnnounceAsync(message, MessageIds.From("event", options.Chain.Id, row.Sequence, row.Key), row.Name, stopping);
        return rows[^1].Sequence;
    }

    private async Task AnnounceAsync(object message, Guid id, string name, CancellationToken stopping)
    {
        try
        {
            await bus.PublishConfirmedAsync(message, id, stopping);
        }
        catch (MessageReturnedException)
        {
            // Every service wants the chain's progress. If that finds a queue, this kind of event is simply wanted by nobody.
            _lastProgress = null;
            await AnnounceProgressAsync(stopping);
            if (_unwanted.Add(name))
                log.LogWarning("No queue takes {Event}; it is announced to nobody", name);
        }
    }

    /// <exception cref="NobodyListensException">No queue is bound at all: announcing now would lose everything.</exception>
    private async Task AnnounceProgressAsync(CancellationToken stopping)
    {
        if (await ProgressAsync(stopping) is not { } progress || progress == _lastProgress)
            return;
        try
        {
            await bus.PublishConfirmedAsync(progress, MessageIds.From("progress", options.Chain.Id, progress.HeadHash, progress.FinalisedNumber), stopping);
        }
        catch (MessageReturnedException)
        {
            throw new NobodyListensException();
        }
        _lastProgress = progress;
    }

    private async Task<IReadOnlyList<Announcement>> RowsAsync(long position, CancellationToken stopping)
    {
        await using var connection = await database.OpenAsync(stopping);
        return await Announcement.AfterAsync(connection, position, BatchSize, cancellation: stopping);
    }

    private async Task<ChainAdvanced?> ProgressAsync(CancellationToken stopping)
    {
        await using var connection = await database.OpenAsync(stopping);
        return await Announcement.ProgressAsync(connection, stopping);
    }

    private async Task<long> PositionAsync(CancellationToken stopping)
    {
        await using var connection = await database.OpenAsync(stopping);
        return await connection.ExecuteScalarAsync<long>(new CommandDefinition("select sequence from publication", cancellationToken: stopping));
    }

    private async Task KeepAsync(long position, CancellationToken stopping)
    {
        await using var connection = await database.OpenAsync(stopping);
        await connection.ExecuteAsync(new CommandDefinition("update publication set sequence = @position", new { position }, cancellationToken: stopping));
    }

    private sealed class NobodyListensException() : Exception("No queue takes ChainAdvanced: no service is listening yet.");
}
