using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Assay.Circle.Network;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Wallets;
using Assay.Protocol;
using Assay.Protocol.Nodes;
using Assay.Protocol.Work;

namespace Assay.EndToEnd.Tests;

/// <summary>What a service said: its status, and the stable code of a refusal.</summary>
internal sealed record Answer(int Status, string? Code)
{
    public static async Task<Answer> OfAsync(HttpResponseMessage response)
    {
        var body = await response.Content.ReadAsStringAsync();
        if (response.IsSuccessStatusCode) return new Answer((int)response.StatusCode, null);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        using var problem = JsonDocument.Parse(body);
        return new Answer((int)response.StatusCode, problem.RootElement.GetProperty("code").GetString());
    }
}

/// <summary>A registered operator's hot key in hostile hands: the node interface spoken directly, every part of a request open to forgery.</summary>
internal sealed class HostileNode : IDisposable
{
    private readonly RunningCircle circle;
    private readonly HttpClient http;

    public HostileNode(RunningCircle circle, int index)
    {
        this.circle = circle;
        Address = circle.Cast.Owner(index).Address;
        Key = circle.Cast.Signer(index);
        // A body that is refused early is not read: without this the client would send all of it first and see a broken pipe.
        http = new HttpClient(new SocketsHttpHandler { Expect100ContinueTimeout = TimeSpan.FromSeconds(5) }) { BaseAddress = circle.Services.Verifier };
    }

    public Address Address { get; }

    public LocalSigner Key { get; }

    public Task<byte[]> SignAsync<T>(T document) where T : notnull => circle.Domain.SignAsync(Key, document).AsTask();

    public async Task<IReadOnlyList<WorkItem>> LeaseAsync(int capacity, int waitSeconds, CancellationToken cancellation)
    {
        using var request = await RequestAsync(HttpMethod.Post, "/nodes/lease", JsonSerializer.SerializeToUtf8Bytes(new LeaseRequest(capacity, waitSeconds), ProtocolJson.Options));
        using var response = await http.SendAsync(request, cancellation);
        response.EnsureSuccessStatusCode();
        return JsonSerializer.Deserialize<LeaseResponse>(await response.Content.ReadAsByteArrayAsync(cancellation), ProtocolJson.Options)!.Work;
    }

    public Task<Answer> PostAsync<T>(string path, T body) => PostAsync(path, JsonSerializer.SerializeToUtf8Bytes(body, ProtocolJson.Options));

    public async Task<Answer> PostAsync(string path, byte[] body) => await SendAsync(await RequestAsync(HttpMethod.Post, path, body));

    public async Task<Answer> SendAsync(HttpRequestMessage request)
    {
        using (request)
        {
            using var response = await http.SendAsync(request);
            return await Answer.OfAsync(response);
        }
    }

    public async Task<Answer> UploadAsync(byte[] content)
    {
        var digest = BlobAddress.Of(content);
        var request = await RequestAsync(HttpMethod.Put, $"/blobs/{BlobAddress.Format(digest)}", content, digest);
        request.Headers.ExpectContinue = content.Length > 1 << 20;
        return await SendAsync(request);
    }

    /// <param name="by">Who signs; the hot key when left out.</param>
    /// <param name="deadline">Unix seconds; in half a minute when left out.</param>
    /// <param name="nonce">Random when left out.</param>
    public async Task<HttpRequestMessage> RequestAsync(
        HttpMethod method, string path, byte[] body, Bytes32? digest = null, LocalSigner? by = null, ulong? deadline = null, Bytes32? nonce = null)
    {
        var signed = new NodeRequest(
            method.Method, path, digest ?? new Bytes32(SHA256.HashData(body)), nonce ?? new Bytes32(RandomNumberGenerator.GetBytes(32)),
            deadline ?? (ulong)DateTimeOffset.UtcNow.AddSeconds(30).ToUnixTimeSeconds());
        var signature = await (by ?? Key).SignDigestAsync(TypedData.Of(circle.Domain.Requests, signed).Digest);
        var request = new HttpRequestMessage(method, path) { Content = new ByteArrayContent(body), Version = HttpVersion.Version11 };
        foreach (var (name, value) in new RequestProof(Address, signed.Nonce, signed.Deadline, signature.ToArray()).Headers()) request.Headers.Add(name, value);
        return request;
    }

    public void Dispose()
    {
        http.Dispose();
        Key.Dispose();
    }
}
