using Assay.Hosting.Database;
using Assay.Indexer.Sync;
using Dapper;
using Npgsql;

namespace Assay.Indexer;

/// <summary>The indexer's schema; written by one instance, read by all.</summary>
/// <param name="readConnectionString">Empty: the first one; either way reading connections can do nothing else.</param>
/// <param name="querySeconds">That a query of a reading connection may take.</param>
public sealed class IndexerDatabase(string connectionString, string readConnectionString = "", int querySeconds = 10)
    : ServiceDatabase(CreateSource(connectionString, SchemaName), SchemaName)
{
    public const string SchemaName = "indexer";

    private readonly NpgsqlDataSource _read = CreateSource(ReadOnly(readConnectionString == "" ? connectionString : readConnectionString, querySeconds), SchemaName);

    /// <summary>For HTTP reads: the read-only role where one is configured.</summary>
    public async Task<NpgsqlConnection> OpenReadAsync(CancellationToken cancellation = default) => await _read.OpenConnectionAsync(cancellation);

    private static string ReadOnly(string connectionString, int querySeconds)
    {
        var builder = new NpgsqlConnectionStringBuilder(connectionString);
        // Readers ask the same again and again, and leave nothing behind in a session.
        (builder.MaxAutoPrepare, builder.NoResetOnClose) = (100, true);
        builder.Options = $"{builder.Options} -c default_transaction_read_only=on -c statement_timeout={querySeconds}s".TrimStart();
        return builder.ConnectionString;
    }

    /// <inheritdoc/>
    public override async Task MigrateAsync(CancellationToken cancellation = default)
    {
        await base.MigrateAsync(cancellation);
        await InTransactionAsync(async transaction =>
        {
            await transaction.Connection!.ExecuteAsync("select pg_advisory_xact_lock(hashtext('assay-event-tables'), hashtext(@Schema))", new { Schema }, transaction);
            await EventTables.CreateMissingAsync(transaction);
        }, cancellation);
    }

    public override async ValueTask DisposeAsync()
    {
        await _read.DisposeAsync();
        await base.DisposeAsync();
    }
}
