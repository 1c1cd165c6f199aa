using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Assay.Hosting;
using Assay.Hosting.Http;
using Assay.Indexer.Publication;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Dapper;
using Microsoft.AspNetCore.Mvc;

namespace Assay.Indexer.Api;

/// <summary>
/// Events and retractions as server-sent events, in the order in which they were stored, each under its sequence as id. Who comes back with the last id
/// misses nothing and gets nothing twice: one transaction stores the events of a block and gives the sequences, one writer after the other.
/// </summary>
internal static class LiveStream
{
    private const int PageRows = 500;
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);

    public static void MapStream(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/stream", (IndexerDatabase database, IndexerOptions options, TimeProvider time, HttpContext context, IHostApplicationLifetime host,
                long? after, [FromQuery(Name = "event")] string[]? names, CancellationToken cancellation) =>
            {
                var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation, host.ApplicationStopping);
                context.Response.RegisterForDispose(ending);
                return TypedResults.ServerSentEvents(ItemsAsync(database, options, time, Cursor(context) ?? after, Known(names), ending.Token));
            })
            .WithName("stream").WithTags("stream").ProducesProblem(400)
            .WithSummary("Events and retractions (BlocksOrphaned) from now on, or from after= or Last-Event-ID on, filtered by name; ChainAdvanced, without id, whenever the chain advances.");

    private static long? Cursor(HttpContext context) => context.Request.Headers["Last-Event-ID"].ToString() is not { Length: > 0 } text ? null
        : long.TryParse(text, out var id) && id >= 0 ? id
        : throw new ProblemException(400, "bad_cursor", "Last-Event-ID must be the id of an earlier event.");

    private static string[]? Known(string[]? names) => names?.FirstOrDefault(name => !ChainEvents.Types.ContainsKey(name)) is { } unknown
        ? throw new ProblemException(400, "bad_request", $"There is no event {unknown}.")
        : names is { Length: > 0 } ? names : null;

    private static async IAsyncEnumerable<SseItem<string>> ItemsAsync(
        IndexerDatabase database, IndexerOptions options, TimeProvider time, long? after, string[]? names, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var (position, told, spoken) = (after ?? await NewestAsync(database, cancellation), (ChainAdvanced?)null, time.GetTimestamp());
        while (!cancellation.IsCancellationRequested)
        {
            var (rows, progress) = await ReadAsync(database, position, names, cancellation);
            foreach (var row in rows)
                yield return new(row.Body, row.Name) { EventId = (position = row.Sequence).ToString() };
            if (rows.Count == PageRows)
                continue;
            // Said again in silence, so that whoever listens knows that somebody speaks.
            if (progress is not null && (progress != told || time.GetElapsedTime(spoken) > Silence))
            {
                (told, spoken) = (progress, time.GetTimestamp());
                yield return new(JsonSerializer.Serialize(progress, AssayJson.Options), nameof(ChainAdvanced));
            }
            await Task.Delay(TimeSpan.FromMilliseconds(options.PollMilliseconds), time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static Task<(IReadOnlyList<Announcement>, ChainAdvanced?)> ReadAsync(IndexerDatabase database, long position, string[]? names, CancellationToken cancellation) =>
        database.ReadAsync(async connection => (
            await Announcement.AfterAsync(connection, position, PageRows, names, cancellation), await Announcement.ProgressAsync(connection, cancellation)), cancellation);

    private static Task<long> NewestAsync(IndexerDatabase database, CancellationToken cancellation) =>
        database.ReadAsync(connection => connection.ExecuteScalarAsync<long>("select coalesce((select sequence from chain), 0)"), cancellation);
}
