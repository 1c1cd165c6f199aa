using Assay.Hosting;
using Assay.Indexer.Sources;

namespace Assay.Indexer.Commands;

internal static class SourcesCommand
{
    /// <summary>Reads each configured source up to its node's head, one after the other, and ends; nothing else of the service runs.</summary>
    public static async Task<int> RunAsync(IndexerOptions options, IConfiguration configuration, ILoggerFactory logs)
    {
        await using var database = new IndexerDatabase(options.Database.ConnectionString);
        foreach (var definition in options.SourceDefinitions())
        {
            await using var holding = await database.OpenAsync();
            if (!await SourceWriter.TryLockAsync(holding, definition))
                throw new StartRefusedException($"Another instance writes the source {definition.Name}.");
            var status = new SourceStatus(definition.Name, TimeProvider.System);
            await new SourceLoop(database, definition, status, options.PollMilliseconds, TimeProvider.System, logs.CreateLogger("Assay.Indexer.Sources"))
                .RunAsync(untilHead: true, CancellationToken.None);
            Console.WriteLine($"{definition.Name}: up to block {status.State!.Tip?.Number}, {status.Requests()} requests");
        }
        return 0;
    }
}
