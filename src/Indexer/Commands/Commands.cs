using Assay.Ethereum;
using Assay.Hosting;
using Assay.Indexer.Sources;
using Assay.Indexer.Sync;
using Dapper;

namespace Assay.Indexer.Commands;

internal static class RebuildCommand
{
    /// <summary>Reads everything again from the chain; exit code 1 when a table came out different from before.</summary>
    public static async Task<int> RunAsync(IndexerOptions options, IConfiguration configuration, ILoggerFactory logs)
    {
        await using var database = new IndexerDatabase(options.Database.ConnectionString);
        await database.MigrateAsync();
        using var escrow = new EscrowOnChain(new Web3(options.Chain.RpcUrl), options.Chain.EscrowAddress);
        await new ChainCheck(database, escrow, options, logs.CreateLogger<ChainCheck>()).RunAsync(CancellationToken.None);
        var outcome = await new Rebuild(database, escrow.Reader, options).RunAsync(CancellationToken.None);
        foreach (var (table, digest) in outcome.After)
            Console.WriteLine($"{digest}  {table}{(outcome.Different.Contains(table) ? "  DIFFERENT" : "")}");
        return outcome.Different.Count == 0 ? 0 : 1;
    }
}

internal static class DigestCommand
{
    /// <summary>Prints one SHA-256 per table.</summary>
    public static async Task<int> RunAsync(IndexerOptions options, IConfiguration configuration, ILoggerFactory logs)
    {
        await using var database = new IndexerDatabase(options.Database.ConnectionString);
        await using var connection = await database.OpenAsync();
        foreach (var (table, digest) in await Digest.OfAsync(connection))
            Console.WriteLine($"{digest}  {table}");
        foreach (var definition in options.SourceDefinitions())
            foreach (var (table, digest) in await SourceDigest.OfAsync(database, definition))
                Console.WriteLine($"{digest}  {definition.Name}.{table}");
        return 0;
    }
}

internal static class AnnounceCommand
{
    /// <summary>For a service whose queue came later or whose database was dropped: the indexer's next start announces every event again.</summary>
    public static async Task<int> RunAsync(IndexerOptions options, IConfiguration configuration, ILoggerFactory logs)
    {
        await using var database = new IndexerDatabase(options.Database.ConnectionString);
        await using var connection = await database.OpenAsync();
        var announced = await connection.ExecuteScalarAsync<long>(
            "update publication p set sequence = 0 from publication before returning before.sequence");
        Console.WriteLine($"{announced} events and retractions are announced again when the indexer starts; receivers leave out what they had.");
        return 0;
    }
}

internal static class AcceptReorgCommand
{
    /// <summary>An operator's decision after a reorg deeper than finality: blocks above <c>--From</c> may be given up.</summary>
    public static async Task<int> RunAsync(IndexerOptions options, IConfiguration configuration, ILoggerFactory logs)
    {
        if (!long.TryParse(configuration["From"], out var from) || from < 0)
            throw new StartRefusedException("accept-reorg needs --From=BLOCK, the last block that both chains share.");
        await using var database = new IndexerDatabase(options.Database.ConnectionString);
        await using var connection = await database.OpenAsync();
        var changed = await connection.ExecuteAsync(
            "update chain set finalised_number = least(finalised_number, @from), halted = null where halted is not null", new { from });
        if (changed == 0)
            throw new StartRefusedException("Indexing has not stopped; there is nothing to decide.");
        Console.WriteLine($"Blocks above {from} may be given up now.");
        return 0;
    }
}
