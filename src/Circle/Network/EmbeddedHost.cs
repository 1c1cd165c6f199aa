using Assay.Hosting.Http;
using Assay.Hosting.Messaging;
using Assay.Hosting.Options;
using Assay.Hosting.Telemetry;
using Assay.Indexer;
using Assay.Settlement;
using Assay.Verifier;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Assay.Circle.Network;

/// <summary>The three services, unchanged, in this process: one container, one HTTP address, the in-memory bus instead of RabbitMQ.</summary>
public sealed class EmbeddedHost : IAsyncDisposable
{
    private readonly WebApplication app;

    private EmbeddedHost(WebApplication app) => this.app = app;

    public Uri Address => new(app.Urls.First());

    /// <param name="settings">By service, as each would be told as a process.</param>
    /// <param name="logFile">The services' logs, one JSON line each.</param>
    public static async Task<EmbeddedHost> StartAsync(
        IReadOnlyDictionary<string, Dictionary<string, string>> settings, string logFile, CancellationToken cancellation)
    {
        var builder = WebApplication.CreateBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders().AddProvider(new FileLogs(logFile));
        var (indexer, verifier, settlement) = (
            Read<IndexerOptions>(settings[Stack.Services.Indexer]),
            Read<VerifierOptions>(settings[Stack.Services.Verifier]),
            Read<SettlementOptions>(settings[Stack.Services.Settlement]));

        builder.Services.AddSingleton(TimeProvider.System).AddAssayHttp();
        builder.Services.AddIndexer(indexer).AddVerifier(verifier).AddSettlement(settlement, SettlementService.RelayerOf(settlement));
        builder.Services.AddAssayBus(new BusOptions(), bus =>
        {
            bus.AddVerifierConsumers();
            bus.AddSettlementConsumers();
        });
        var app = builder.Build();
        app.UseAssayProblems();
        app.MapHealth();
        app.MapIndexer();
        app.MapVerifier();
        app.MapSettlement();
        await app.StartAsync(cancellation);
        return new EmbeddedHost(app);
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }

    private static T Read<T>(Dictionary<string, string> settings) where T : class, new() =>
        OptionsReader.Read<T>(new ConfigurationBuilder().AddInMemoryCollection(settings!).Build());
}
