using Assay.Hosting.Messaging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Assay.Hosting.Database;

public static class DatabaseServices
{
    /// <summary>
    /// Registers a service's database, its migration at start, and its inbox and feed.
    /// Call before anything that uses the tables: hosted services start in the order of registration.
    /// </summary>
    public static IServiceCollection AddServiceDatabase<TDatabase>(this IServiceCollection services, Func<IServiceProvider, TDatabase> create)
        where TDatabase : ServiceDatabase =>
        services
            .AddSingleton(create)
            .AddHostedService<MigrationAtStart<TDatabase>>()
            .AddSingleton<Inbox<TDatabase>>()
            .AddSingleton<Feed<TDatabase>>();
}

internal sealed class MigrationAtStart<TDatabase>(TDatabase database, ILogger<MigrationAtStart<TDatabase>> log) : IHostedService
    where TDatabase : ServiceDatabase
{
    private const int Attempts = 30;

    public async Task StartAsync(CancellationToken cancellation)
    {
        // Processes of one deployment start together: a server that is still coming up is not an error yet.
        for (var attempt = 1; ; attempt++)
            try
            {
                await database.MigrateAsync(cancellation);
                return;
            }
            catch (NpgsqlException e) when (e.IsTransient && attempt < Attempts)
            {
                log.LogWarning("Database of schema {Schema} not reachable yet: {Reason}", database.Schema, e.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), cancellation);
            }
    }

    public Task StopAsync(CancellationToken cancellation) => Task.CompletedTask;
}
