using Assay.Hosting.Messaging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Assay.Hosting.Database;

public static class DatabaseServices
{
    /// <summary>
    /// Registers a service's database, its migration at start, and its inbox and feed.
    /// Call before anything that uses the tables: hosted services start in the order of registration.
    /// </summary>
    /// <param name="startSeconds">How long a start waits for a server that does not answer.</param>
    public static IServiceCollection AddServiceDatabase<TDatabase>(
        this IServiceCollection services, Func<IServiceProvider, TDatabase> create, int startSeconds = 30)
        where TDatabase : ServiceDatabase =>
        services
            .AddSingleton(create)
            .AddHostedService(provider => ActivatorUtilities.CreateInstance<MigrationAtStart<TDatabase>>(provider, startSeconds))
            .AddSingleton<Inbox<TDatabase>>()
            .AddSingleton<Feed<TDatabase>>();
}

internal sealed class MigrationAtStart<TDatabase>(TDatabase database, int seconds, ILogger<MigrationAtStart<TDatabase>> log) : ServerAtStart(seconds, log)
    where TDatabase : ServiceDatabase
{
    // A data source keeps its connection string without the password.
    private readonly NpgsqlConnectionStringBuilder server = new(database.Source.ConnectionString);

    protected override string Server => $"PostgreSQL at {server.Host}:{server.Port}, database {server.Database} as {server.Username} (Database:ConnectionString)";

    protected override Task TryAsync(CancellationToken cancellation) => database.MigrateAsync(cancellation);

    protected override bool? MayPass(Exception error) => (error as NpgsqlException)?.IsTransient;
}
