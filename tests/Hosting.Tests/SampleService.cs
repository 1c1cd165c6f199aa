using System.Collections.Concurrent;
using System.Globalization;
using Assay.Hosting.Database;
using Assay.Hosting.Messaging;
using Assay.Hosting.Options;
using Assay.Hosting.Telemetry;
using Assay.Testing;
using Dapper;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Assay.Hosting.Tests;

public sealed record Pinged(int Number);

public sealed record Unheard(string Why);

/// <summary>A service that sends to itself, with the production wiring.</summary>
internal sealed class SampleService(IHost host, SampleDatabase database) : IAsyncDisposable
{
    public const string Name = "sample";
    public const int Poison = -1;

    public ConcurrentQueue<(Guid Id, int Number)> Deliveries => host.Services.GetRequiredService<ConcurrentQueue<(Guid, int)>>();

    public Outbox<SampleDatabase> Outbox => host.Services.GetRequiredService<Outbox<SampleDatabase>>();

    public static async Task<SampleService> StartAsync(SampleDatabase database, BusOptions options, int startSeconds = 30, UnforeseenFailures? observer = null)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(new ConcurrentQueue<(Guid, int)>());
        builder.Services.AddServiceDatabase(_ => database.Again(), startSeconds);
        builder.Services.AddOutbox<SampleDatabase>(typeof(Pinged), typeof(Unheard));
        builder.Services.AddAssayBus(options, bus => bus.AddServiceConsumer<PingedConsumer>(Name));
        if (observer is not null)
            builder.Services.AddPublishObserver(_ => observer);
        var host = builder.Build();
        await host.StartAsync();
        return new(host, database);
    }

    public Task SendAsync(object message) => database.InTransactionAsync(transaction => Outbox.AddAsync(transaction, message));

    /// <summary>What <c>/health</c> says of the outbox.</summary>
    public Task<HealthState> OutboxHealthAsync() =>
        host.Services.GetServices<IHealthReport>().Single(report => report.Name == $"{database.Schema}-outbox").ReportAsync(CancellationToken.None);

    public async Task<int> UnsentAsync()
    {
        await using var connection = await database.OpenAsync();
        return await connection.ExecuteScalarAsync<int>("select count(*) from outbox where sent_at is null");
    }

    public async Task<IReadOnlyList<string>> EffectsAsync()
    {
        await using var connection = await database.OpenAsync();
        return (await connection.QueryAsync<string>("select what from effects order by id")).AsList();
    }

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync();
        if (host is IAsyncDisposable disposable)
            await disposable.DisposeAsync();
    }
}

public sealed class PingedConsumer(ConcurrentQueue<(Guid, int)> deliveries, Inbox<SampleDatabase> inbox) : IConsumer<Pinged>
{
    public Task Consume(ConsumeContext<Pinged> context)
    {
        var (id, number) = (context.MessageId!.Value, context.Message.Number);
        deliveries.Enqueue((id, number));
        if (number < 0)
            throw new PoisonMessageException("a ping counts from zero");
        return inbox.HandleAsync(id, "pinged", transaction => transaction.Connection!.ExecuteAsync(
            "insert into effects (what) values (@what)", new { what = number.ToString(CultureInfo.InvariantCulture) }, transaction));
    }
}
