using System.Net.Http.Json;
using System.Text.Json;
using Assay.Circle.Stack;
using Assay.Hosting;
using Assay.Hosting.Messaging;
using Assay.Hosting.Options;
using Assay.Indexer.Commands;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Assay.Indexer.Tests;

/// <summary>The indexer with its production wiring, on a free port, announcing to whoever <c>consumers</c> registers.</summary>
internal sealed class TestIndexer : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly WebApplication _app;
    private readonly TestEscrow _escrow;
    private bool _stopped;

    private TestIndexer(WebApplication app, TestEscrow escrow, HttpClient http) => (_app, _escrow, Http) = (app, escrow, http);

    public HttpClient Http { get; }

    public IndexerDatabase Database => _app.Services.GetRequiredService<IndexerDatabase>();

    public static async Task<TestIndexer> StartAsync(
        TestEscrow escrow, string connectionString, Action<IDictionary<string, string?>>? settings = null, Action<IBusRegistrationConfigurator>? consumers = null,
        Action<IServiceCollection>? services = null)
    {
        var values = Settings(escrow, connectionString);
        settings?.Invoke(values);
        var service = IndexerService.Describe() with { Consumers = consumers ?? (_ => { }) };
        var app = ServiceHost.Build([], service, builder =>
        {
            builder.Configuration.AddInMemoryCollection(values);
            builder.Logging.ClearProviders();
            services?.Invoke(builder.Services);
        });
        await app.StartAsync();
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return new(app, escrow, new HttpClient { BaseAddress = new Uri(address) });
    }

    public static IDictionary<string, string?> Settings(TestEscrow escrow, string connectionString) => new Dictionary<string, string?>
    {
        ["Chain:RpcUrl"] = escrow.Anvil.RpcUrl.ToString(),
        ["Chain:Id"] = escrow.Anvil.ChainId.ToString(),
        ["Chain:Escrow"] = escrow.Address.ToString(),
        ["Chain:StartBlock"] = escrow.StartBlock.ToString(),
        ["Chain:Confirmations"] = "4",
        ["Database:ConnectionString"] = connectionString,
        ["PollMilliseconds"] = "50",
        ["Urls"] = "http://127.0.0.1:0",
    };

    public static IndexerOptions Options(TestEscrow escrow, string connectionString) =>
        OptionsReader.Read<IndexerOptions>(new ConfigurationBuilder().AddInMemoryCollection(Settings(escrow, connectionString)).Build());

    /// <summary>Waits until the index ends at the chain's own newest block.</summary>
    public Task CaughtUpAsync() => Waiting.Until(async () =>
    {
        var head = await _escrow.Anvil.RpcAsync("eth_getBlockByNumber", "latest", false);
        await using var connection = await Database.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "select '0x' || encode(indexed_hash, 'hex') from chain";
        return await command.ExecuteScalarAsync() as string == head.GetProperty("hash").GetString();
    }, Patience, "the index to catch up");

    public async Task<JsonElement> GetAsync(string path, int status = 200)
    {
        using var response = await Http.GetAsync(path);
        var body = await response.Content.ReadAsStringAsync();
        Assert.True((int)response.StatusCode == status, $"GET {path}: {(int)response.StatusCode} {body}");
        return JsonSerializer.Deserialize<JsonElement>(body);
    }

    /// <summary>The indexer's own part of <c>/health</c>, ready or not.</summary>
    public async Task<JsonElement> HealthAsync()
    {
        using var response = await Http.GetAsync("/health");
        return JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync()).GetProperty("parts").GetProperty("indexer");
    }

    public async Task<IReadOnlyDictionary<string, string>> DigestAsync()
    {
        await using var connection = await Database.OpenAsync();
        return await Digest.OfAsync(connection);
    }

    public async ValueTask DisposeAsync()
    {
        if (_stopped)
            return;
        _stopped = true;
        Http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
