using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using System.Threading.Channels;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Wallets;
using Assay.Protocol;
using Assay.Protocol.Chain;
using Assay.Protocol.Nodes;
using Assay.Protocol.Work;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Assay.NodeAgent.Tests;

/// <summary>The other end of the node interface, which a test can make answer as wrongly as it likes. It checks every signature.</summary>
internal sealed class ScriptedVerifier : IAsyncDisposable
{
    public static readonly EscrowDomain Domain = new(31337, Address.Parse("0x00000000000000000000000000000000000000e5"));
    public static readonly Address Operator = Address.Parse("0x0000000000000000000000000000000000000001");

    private readonly ConcurrentQueue<WorkItem> _work = new();
    private readonly Channel<(string Path, byte[] Body)> _answers = Channel.CreateUnbounded<(string, byte[])>();
    private readonly ConcurrentDictionary<Bytes32, bool> _nonces = new();
    private readonly string _url;
    private WebApplication? _server;

    private ScriptedVerifier(string folder, LocalSigner signer, string url)
    {
        (Signer, _url) = (signer, url);
        Blobs = new DirectoryBlobStore(folder);
    }

    public LocalSigner Signer { get; }

    public DirectoryBlobStore Blobs { get; }

    public Uri Url => new(_server!.Urls.Single());

    /// <summary>Signs what the store holds; null: nobody does.</summary>
    public LocalSigner? Witness { get; set; }

    /// <summary>Every signed request that came, in order.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>Answers before anything else does; true: it did.</summary>
    public Func<HttpContext, Task<bool>>? Interfere { get; set; }

    public static async Task<ScriptedVerifier> StartAsync(Folder folder, LocalSigner? signer = null, string url = "http://127.0.0.1:0")
    {
        var verifier = new ScriptedVerifier(folder.Sub("verifier"), signer ?? LocalSigner.Generate(), url);
        await verifier.StartAsync();
        return verifier;
    }

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(_server is null ? _url : Url.ToString());
        var server = builder.Build();
        server.Run(AnswerAsync);
        await server.StartAsync();
        _server = server;
    }

    private int _given;

    public Task StopAsync() => _server!.StopAsync();

    public Bytes32 Give(SampleJob job, WorkKind kind, byte round = 0, byte seat = 0, Claim? claim = null, Order? order = null)
    {
        var id = Domain.Digest(order ?? job.Order);
        // An item of the same name may still be in the agent's hand, which would take the new one for it; a real verifier offers it again.
        Give(new WorkItem($"{kind}-{id}-{round}-{seat}-{Interlocked.Increment(ref _given)}", kind, id, order ?? job.Order, round, seat, null, claim));
        return id;
    }

    public void Give(WorkItem item) => _work.Enqueue(item);

    /// <summary>The next answer, which must be of this kind.</summary>
    public async Task<T> NextAsync<T>()
    {
        var (path, body) = await _answers.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60));
        var expected = PathOf<T>();
        Assert.True(path == expected, $"expected {expected}, got {path}: {System.Text.Encoding.UTF8.GetString(body)}");
        return JsonSerializer.Deserialize<T>(body, ProtocolJson.Options)!;
    }

    public bool HasAnswers => _answers.Reader.Count > 0;

    private static string PathOf<T>() => typeof(T).Name switch
    {
        nameof(AcceptanceRequest) => "/nodes/acceptances",
        nameof(RefusalRequest) => "/nodes/refusals",
        nameof(ResultRequest) => "/nodes/results",
        nameof(OpeningRequest) => "/nodes/openings",
        nameof(SealRequest) => "/nodes/seals",
        nameof(AttestationRequest) => "/nodes/attestations",
        nameof(FailureRequest) => "/nodes/failures",
        nameof(AppealRequest) => "/nodes/appeals",
        var other => throw new InvalidOperationException(other),
    };

    private async Task AnswerAsync(HttpContext context)
    {
        if (context.Request.Method == "GET")
        {
            if (Interfere is { } first && await first(context)) return;
            await SendBlobAsync(context);
            return;
        }
        var body = await ReadAsync(context.Request);
        RequireSignature(context.Request, body);
        Requests.Enqueue(context.Request.Path);
        if (Interfere is { } interfere && await interfere(context)) return;
        if (context.Request.Path == "/nodes/lease") await LeaseAsync(context, JsonSerializer.Deserialize<LeaseRequest>(body, ProtocolJson.Options)!);
        else if (context.Request.Path == "/nodes/witness") await SayStoredAsync(context, JsonSerializer.Deserialize<WitnessRequest>(body, ProtocolJson.Options)!);
        else if (context.Request.Method == "PUT") await Blobs.PutAsync(body);
        else _answers.Writer.TryWrite((context.Request.Path, body));
    }

    private async Task LeaseAsync(HttpContext context, LeaseRequest request)
    {
        var work = new List<WorkItem>();
        while (work.Count < request.Capacity && _work.TryDequeue(out var item)) work.Add(item);
        if (work.Count == 0) await Task.Delay(50, context.RequestAborted);
        await context.Response.WriteAsJsonAsync(new LeaseResponse(work), ProtocolJson.Options);
    }

    private async Task SayStoredAsync(HttpContext context, WitnessRequest request)
    {
        Assert.True(await Blobs.ExistsAsync(request.Opening.OutputsRoot));
        var word = new Stored(request.Job, Values.Commitment(request.Opening));
        await context.Response.WriteAsJsonAsync(new WitnessResponse(await Domain.SignAsync(Witness!, word)), ProtocolJson.Options);
    }

    private async Task SendBlobAsync(HttpContext context)
    {
        var digest = BlobAddress.Parse(context.Request.Path.Value!["/blobs/".Length..]);
        if (await Blobs.ExistsAsync(digest)) await context.Response.SendFileAsync(Blobs.PathOf(digest));
        else context.Response.StatusCode = (int)HttpStatusCode.NotFound;
    }

    private void RequireSignature(HttpRequest request, byte[] body)
    {
        Assert.True(RequestProof.TryRead(name => request.Headers[name], out var proof));
        Assert.Equal(Signer.Address, proof.SignerOf(Domain, request.Method, request.Path + request.QueryString, new Bytes32(SHA256.HashData(body))));
        Assert.Equal(Operator, proof.Address);
        Assert.True(_nonces.TryAdd(proof.Nonce, true), "a nonce was used twice");
    }

    private static async Task<byte[]> ReadAsync(HttpRequest request)
    {
        using var content = new MemoryStream();
        await request.Body.CopyToAsync(content);
        return content.ToArray();
    }

    public async ValueTask DisposeAsync()
    {
        await _server!.DisposeAsync();
        Signer.Dispose();
    }
}
