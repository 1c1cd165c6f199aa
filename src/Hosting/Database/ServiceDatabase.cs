using Npgsql;

namespace Assay.Hosting.Database;

/// <summary>One service's schema in PostgreSQL. Each service derives its own type, so that several can live in one process.</summary>
public abstract class ServiceDatabase(NpgsqlDataSource source, string schema) : IAsyncDisposable
{
    static ServiceDatabase() => DapperTypes.Register();

    /// <summary>Connections whose search path is the service's schema.</summary>
    public NpgsqlDataSource Source { get; } = source;

    public string Schema { get; } = schema;

    /// <summary>A pool for <paramref name="schema"/>: unqualified names in SQL mean that schema.</summary>
    public static NpgsqlDataSource CreateSource(string connectionString, string schema)
    {
        var builder = new NpgsqlConnectionStringBuilder(connectionString) { SearchPath = schema };
        builder.ApplicationName ??= $"assay-{schema}";
        return NpgsqlDataSource.Create(builder);
    }

    public async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellation = default) => await Source.OpenConnectionAsync(cancellation);

    /// <summary>Runs <paramref name="work"/> in one transaction, committed when it returns and rolled back when it throws.</summary>
    public async Task<T> InTransactionAsync<T>(Func<NpgsqlTransaction, Task<T>> work, CancellationToken cancellation = default)
    {
        await using var connection = await Source.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var result = await work(transaction);
        await transaction.CommitAsync(cancellation);
        return result;
    }

    /// <inheritdoc cref="InTransactionAsync{T}"/>
    public Task InTransactionAsync(Func<NpgsqlTransaction, Task> work, CancellationToken cancellation = default) =>
        InTransactionAsync(async transaction =>
        {
            await work(transaction);
            return true;
        }, cancellation);

    /// <summary>Brings the schema to the newest script of Hosting and of the service's own assembly (<c>Sql/NNN_name.sql</c>).</summary>
    /// <exception cref="StartRefusedException">A script that was applied before has changed, or numbers clash.</exception>
    public virtual Task MigrateAsync(CancellationToken cancellation = default) => new Migration(this).RunAsync(cancellation);

    public virtual async ValueTask DisposeAsync()
    {
        await Source.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
