using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Wallets;
using Assay.Hosting;
using Assay.Protocol;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Assay.Protocol.Nodes;
using Assay.Protocol.Work;
using Assay.Verifier.Redundancy;
using Dapper;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Assay.Verifier.Tests.Support;

/// <summary>The whole service over Kestrel and PostgreSQL on the in-memory bus. Only the start check of the chain and the clock are replaced.</summary>
internal sealed class VerifierApp : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly WebApplication _app;
    private readonly string _blobs;
    private readonly bool _keepBlobs;

    public Cast Cast { get; }
    public ShiftedTime Time { get; }
    public HttpClient Http { get; }
    public VerifierDatabase Database => _app.Services.GetRequiredService<VerifierDatabase>();
    public IServiceProvider Services => _app.Services;
    public string BlobFolder => _blobs;

    private VerifierApp(WebApplication app, Cast cast, ShiftedTime time, string blobs, bool keepBlobs)
    {
        (_app, Cast, Time, _blobs, _keepBlobs) = (app, cast, time, blobs, keepBlobs);
        var address = app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First();
        Http = new HttpClient { BaseAddress = new Uri(address) };
    }

    public static async Task<VerifierApp> StartAsync(
        string database, Cast? cast = null, ShiftedTime? time = null, string? blobs = null, Dictionary<string, string?>? settings = null)
    {
        cast ??= new Cast();
        time ??= new ShiftedTime();
        var folder = blobs ?? Directory.CreateTempSubdirectory("verifier-blobs-").FullName;
        foreach (var document in new[] { Cast.Workload.ToCanonical(), ComparisonPolicy.Exact.ToCanonical() })
            await new DirectoryBlobStore(folder).PutAsync(document);
        var described = VerifierService.Describe();
        var service = new Service<VerifierOptions>(described.Name)
        {
            Bus = described.Bus,
            Consumers = described.Consumers,
            Map = described.Map,
            Add = (services, options) =>
            {
                described.Add(services, options);
                services.Remove(services.Single(s => s.ImplementationType == typeof(ChainCheck)));
                services.AddSingleton<TimeProvider>(time);
            },
        };
        var app = ServiceHost.Build([], service, builder => builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(settings ?? [])
        {
            ["Urls"] = "http://127.0.0.1:0",
            ["Chain:RpcUrl"] = "http://127.0.0.1:1",
            ["Chain:Id"] = "31337",
            ["Chain:Escrow"] = cast.Domain.Escrow.ToString(),
            ["Database:ConnectionString"] = database,
            ["Blobs:Directory"] = folder,
            ["Nodes:PollMilliseconds"] = "50",
        }));
        app.Services.GetRequiredService<EscrowTerms>().Set(1, Situation.Windows);
        await app.StartAsync();
        return new VerifierApp(app, cast, time, folder, keepBlobs: blobs is not null);
    }

    /// <summary>What the chain said, in any order.</summary>
    public Task TellAsync(params IEnumerable<IChainEvent> events) => InFactsAsync(async (facts, transaction) =>
    {
        foreach (var e in events) await facts.EventAsync(transaction, e);
    });

    public Task OrphanAsync(params Bytes32[] blocks) => InFactsAsync((facts, transaction) =>
        facts.OrphansAsync(transaction, new BlocksOrphaned(Cast.NextSequence(), blocks)));

    public Task OrderAsync(Order order) => InFactsAsync((facts, transaction) =>
        facts.OrderAsync(transaction, new OrderReceived(Cast.JobOf(order), order, Cast.Sign(Cast.Client, order))));

    public Task RefuseOpenAsync(OpenRefused refused) => InFactsAsync((facts, transaction) => facts.OpenRefusedAsync(transaction, refused));

    private async Task InFactsAsync(Func<Facts, Npgsql.NpgsqlTransaction, Task> tell)
    {
        await Database.InTransactionAsync(transaction => tell(Services.GetRequiredService<Facts>(), transaction));
        Services.GetRequiredService<Wakeup>().Loop.Set();
    }

    /// <summary>A job that its first operator runs and whose result is on the chain and sampled, unless the rate says otherwise.</summary>
    public async Task<Bytes32> SubmittedAsync(Order order, Work work, uint ratePpm = 1_000_000, bool seed = true)
    {
        var (job, runner) = (Cast.JobOf(order), Cast.Operators[0]);
        await OrderAsync(order);
        await TellAsync(Cast.Opened(order, runner, ratePpm), Cast.Submitted(job, runner, work.Commitment));
        if (seed) await TellAsync(Cast.Seeds(2));
        return job;
    }

    public Task<HttpResponseMessage> PostAsync<T>(Actor actor, string path, T body) =>
        SendAsync(HttpMethod.Post, path, JsonSerializer.SerializeToUtf8Bytes(body, ProtocolJson.Options), actor.Address, actor.Hot);

    public async Task<HttpRequestMessage> SignedAsync(HttpMethod method, string path, byte[] body, Address who, LocalSigner key, Bytes32? digest = null)
    {
        var proof = await RequestProof.SignAsync(
            Cast.Domain, key, who, method.Method, path, digest ?? new Bytes32(SHA256.HashData(body)), Time.GetUtcNow());
        return Request(method, path, body, proof);
    }

    public static HttpRequestMessage Request(HttpMethod method, string path, byte[] body, RequestProof? proof)
    {
        var request = new HttpRequestMessage(method, path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new("application/json");
        foreach (var (name, value) in proof?.Headers() ?? []) request.Headers.Add(name, value);
        return request;
    }

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, byte[] body, Address who, LocalSigner key) =>
        await Http.SendAsync(await SignedAsync(method, path, body, who, key));

    public Task<HttpResponseMessage> PutBlobAsync(byte[] content, Address who, LocalSigner key) =>
        SendAsync(HttpMethod.Put, $"/blobs/{BlobAddress.Format(BlobAddress.Of(content))}", content, who, key);

    public async Task StoreAsync(Actor actor, byte[] content) =>
        Assert.Equal(HttpStatusCode.Created, (await PutBlobAsync(content, actor.Address, actor.Hot)).StatusCode);

    public async Task<IReadOnlyList<WorkItem>> LeaseAsync(Actor actor, int waitSeconds = 10, int capacity = 64)
    {
        using var response = await PostAsync(actor, "/nodes/lease", new LeaseRequest(capacity, waitSeconds));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return (await response.Content.ReadFromJsonAsync<LeaseResponse>(ProtocolJson.Options))!.Work;
    }

    /// <summary>Waits for the one item of this kind.</summary>
    public async Task<WorkItem> WorkAsync(Actor actor, WorkKind kind)
    {
        var until = DateTimeOffset.UtcNow + Patience;
        while (DateTimeOffset.UtcNow < until)
            if ((await LeaseAsync(actor, waitSeconds: 1)).SingleOrDefault(w => w.Kind == kind) is { } item)
                return item;
        throw new TimeoutException($"No {kind} for {actor.Address}.");
    }

    public static async Task AcceptedAsync(Task<HttpResponseMessage> answer)
    {
        using var response = await answer;
        Assert.True(response.StatusCode == HttpStatusCode.NoContent, $"{response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
    }

    /// <summary>A problem body with this code.</summary>
    public static async Task RefusedAsync(Task<HttpResponseMessage> answer, int status, string code)
    {
        using var response = await answer;
        var text = await response.Content.ReadAsStringAsync();
        Assert.True((int)response.StatusCode == status, $"expected {status} {code}, got {(int)response.StatusCode}: {text}");
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(code, JsonDocument.Parse(text).RootElement.GetProperty("code").GetString());
    }

    public async Task<IReadOnlyList<T>> SentAsync<T>()
    {
        await using var connection = await Database.OpenAsync();
        var bodies = await connection.QueryAsync<string>("select body from outbox where type = @type order by sequence", new { type = typeof(T).FullName });
        return [.. bodies.Select(body => JsonSerializer.Deserialize<T>(body, AssayJson.Options)!)];
    }

    /// <summary>Waits until a message of this type is on its way.</summary>
    public async Task<T> MessageAsync<T>()
    {
        IReadOnlyList<T> sent = [];
        await UntilAsync(async () => (sent = await SentAsync<T>()).Count > 0, $"message {typeof(T).Name}");
        return Assert.Single(sent);
    }

    public static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        var until = DateTimeOffset.UtcNow + Patience;
        while (!await condition())
        {
            if (DateTimeOffset.UtcNow > until) throw new TimeoutException($"Waited in vain for {what}.");
            await Task.Delay(20);
        }
    }

    /// <summary>Until every job has been looked at after all that was told before.</summary>
    public Task SettledAsync() => UntilAsync(async () =>
    {
        await using var connection = await Database.OpenAsync();
        return !await connection.ExecuteScalarAsync<bool>("select exists (select from jobs where active and wake_at <= @now)", new { now = Time.GetUtcNow() });
    }, "every job to be looked at");

    public IBus Bus => Services.GetRequiredService<IBus>();

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        if (!_keepBlobs) Directory.Delete(_blobs, recursive: true);
    }
}

/// <summary>The machine's clock, set to the time of the cast and moved on by hand.</summary>
internal sealed class ShiftedTime : TimeProvider
{
    private TimeSpan _shift = DateTimeOffset.FromUnixTimeSeconds((long)Cast.Start) - DateTimeOffset.UtcNow;

    public void Advance(TimeSpan by) => _shift += by;

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + _shift;
}
