using Assay.Hosting.Database;
using Assay.Indexer.Sync;
using Dapper;
using Npgsql;

namespace Assay.Indexer;

/// <summary>The indexer's schema; written by one instance, read by all.</summary>
public sealed class IndexerDatabase(string connectionString, string readConnectionString = "")
    : ServiceDatabase(CreateSource(connectionString, SchemaName), SchemaName)
{
    public const string SchemaName = "indexer";

    private readonly NpgsqlDataSource? _read = readConnectionString == "" ? null : CreateSource(readConnectionString, SchemaName);

    /// <summary>For HTTP reads: the read-only role where one is configured.</summary>
    public async Task<NpgsqlConnection> OpenReadAsync(CancellationToken cancellation = default) => await (_read ?? Source).OpenConnectionAsync(cancellation);

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
        if (_read is not null)
            await _read.DisposeAsync();
        await base.DisposeAsync();
    }
}
