using System.Net;
using System.Text;
using System.Text.Json;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Wallets;
using Assay.Protocol;
using Assay.Protocol.Nodes;
using Assay.Protocol.Work;
using Assay.Testing;
using Assay.Verifier.Tests.Support;
using static Assay.Verifier.Tests.Support.VerifierApp;

namespace Assay.Verifier.Tests;

public sealed class RequestTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private const string Lease = "/nodes/lease";

    private VerifierApp _app = null!;

    private Cast Cast => _app.Cast;
    private Actor Node => Cast.Operators[0];
    private static LocalSigner Stranger => Support.Cast.Key("stranger");

    public async Task InitializeAsync()
    {
        _app = await VerifierApp.StartAsync(postgres.Services["verifier"], settings: new() { ["Nodes:RequestsPerSecond"] = "20" });
        await _app.TellAsync(Cast.Registrations());
    }

    public async Task DisposeAsync() => await _app.DisposeAsync();

    [Fact]
    public async Task A_request_signed_by_the_registered_hot_key_is_answered() => Assert.Empty(await _app.LeaseAsync(Node, waitSeconds: 0));

    [Fact]
    public async Task An_unsigned_request_is_refused() => await RefusedAsync(_app.Http.SendAsync(Request(HttpMethod.Post, Lease, Body(), null)), 401, "unsigned");

    [Fact]
    public async Task A_request_signed_by_another_key_is_refused() =>
        await RefusedAsync(_app.SendAsync(HttpMethod.Post, Lease, Body(), Node.Address, Node.Own), 401, "bad_signature");

    [Fact]
    public async Task A_stranger_is_refused() =>
        await RefusedAsync(_app.SendAsync(HttpMethod.Post, Lease, Body(), Stranger.Address, Stranger), 403, "unknown_address");

    [Fact]
    public async Task A_client_takes_no_work()
    {
        await _app.OrderAsync(Cast.Order());
        await RefusedAsync(_app.SendAsync(HttpMethod.Post, Lease, Body(), Cast.Client.Address, Cast.Client), 403, "not_an_operator");
    }

    [Fact]
    public async Task A_request_that_comes_twice_is_answered_once()
    {
        var proof = await ProofAsync(Lease, Body());
        using var first = await _app.Http.SendAsync(Request(HttpMethod.Post, Lease, Body(), proof));
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        await RefusedAsync(_app.Http.SendAsync(Request(HttpMethod.Post, Lease, Body(), proof)), 409, "replayed");
    }

    [Fact]
    public async Task A_signature_serves_for_its_own_path_and_body_only()
    {
        await RefusedAsync(_app.Http.SendAsync(Request(HttpMethod.Post, "/nodes/refusals", Body(), await ProofAsync(Lease, Body()))), 401, "bad_signature");
        await RefusedAsync(_app.Http.SendAsync(Request(HttpMethod.Post, Lease, Body(2), await ProofAsync(Lease, Body(1)))), 401, "bad_signature");
        await RefusedAsync(_app.Http.SendAsync(Request(HttpMethod.Post, Lease + "?a=b", Body(), await ProofAsync(Lease, Body()))), 401, "bad_signature");
    }

    [Fact]
    public async Task A_deadline_that_is_past_or_far_is_refused()
    {
        var proof = await ProofAsync(Lease, Body());
        _app.Time.Advance(TimeSpan.FromSeconds(31));
        await RefusedAsync(_app.Http.SendAsync(Request(HttpMethod.Post, Lease, Body(), proof)), 401, "deadline_passed");
        var far = await RequestProof.SignAsync(
            Cast.Domain, Node.Hot, Node.Address, "POST", Lease, BlobAddress.Of(Body()), _app.Time.GetUtcNow().AddSeconds(40));
        await RefusedAsync(_app.Http.SendAsync(Request(HttpMethod.Post, Lease, Body(), far)), 401, "deadline_too_far");
    }

    [Fact]
    public async Task A_signature_for_another_contract_is_refused()
    {
        var other = new Protocol.Chain.EscrowDomain(1, Cast.Domain.Escrow);
        var proof = await RequestProof.SignAsync(other, Node.Hot, Node.Address, "POST", Lease, BlobAddress.Of(Body()), _app.Time.GetUtcNow());
        await RefusedAsync(_app.Http.SendAsync(Request(HttpMethod.Post, Lease, Body(), proof)), 401, "bad_signature");
    }

    [Fact]
    public async Task A_body_over_the_limit_is_refused() =>
        await RefusedAsync(_app.SendAsync(HttpMethod.Post, Lease, new byte[(64 << 10) + 1], Node.Address, Node.Hot), 413, "too_large");

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("{\"capacity\":1}")]
    [InlineData("{\"capacity\":\"x\",\"waitSeconds\":0}")]
    [InlineData("{\"capacity\":99999999999,\"waitSeconds\":0}")]
    public async Task Garbage_is_refused(string body) =>
        await RefusedAsync(_app.SendAsync(HttpMethod.Post, Lease, Encoding.UTF8.GetBytes(body), Node.Address, Node.Hot), 400, "bad_body");

    [Theory]
    [InlineData(0, 0, "bad_capacity")]
    [InlineData(65, 0, "bad_capacity")]
    [InlineData(1, 11, "bad_wait")]
    [InlineData(1, -1, "bad_wait")]
    public async Task A_lease_beyond_its_bounds_is_refused(int capacity, int wait, string code) =>
        await RefusedAsync(_app.PostAsync(Node, Lease, new LeaseRequest(capacity, wait)), 400, code);

    [Fact]
    public async Task An_operator_that_asks_too_often_is_slowed_down_and_others_are_not()
    {
        var statuses = new List<HttpStatusCode>();
        for (var i = 0; i < 200 && !statuses.Contains(HttpStatusCode.TooManyRequests); i++)
            statuses.AddRange(await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
            {
                using var response = await _app.PostAsync(Node, Lease, new LeaseRequest(1, 0));
                return response.StatusCode;
            })));
        Assert.Contains(HttpStatusCode.TooManyRequests, statuses);
        // With or without work from another test's order.
        using var other = await _app.PostAsync(Cast.Operators[1], Lease, new LeaseRequest(1, 0));
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
    }

    [Fact]
    public async Task Content_is_stored_under_its_digest_by_operators_and_clients_only()
    {
        var content = Encoding.UTF8.GetBytes("some content");
        var path = $"/blobs/{BlobAddress.Format(BlobAddress.Of(content))}";
        await RefusedAsync(_app.Http.GetAsync(path), 404, "no_such_blob");
        await RefusedAsync(_app.PutBlobAsync(content, Stranger.Address, Stranger), 403, "unknown_address");

        await _app.OrderAsync(Cast.Order());
        using var put = await _app.PutBlobAsync(content, Cast.Client.Address, Cast.Client);
        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        Assert.Equal(content, await _app.Http.GetByteArrayAsync(path));
        using var head = await _app.Http.SendAsync(new HttpRequestMessage(HttpMethod.Head, path));
        Assert.Equal((HttpStatusCode.OK, content.Length), (head.StatusCode, (int)head.Content.Headers.ContentLength!));
    }

    [Fact]
    public async Task Content_with_another_digest_is_not_kept()
    {
        var digest = BlobAddress.Of("promised"u8);
        var path = $"/blobs/{BlobAddress.Format(digest)}";
        await RefusedAsync(_app.Http.SendAsync(await _app.SignedAsync(HttpMethod.Put, path, "sent"u8.ToArray(), Node.Address, Node.Hot, digest)), 422, "wrong_digest");
        await RefusedAsync(_app.Http.GetAsync(path), 404, "no_such_blob");
    }

    [Theory]
    [InlineData("..")]
    [InlineData("%2e%2e%2fetc%2fpasswd")]
    [InlineData("ABCD")]
    public async Task A_blob_has_no_other_name_than_its_digest(string name)
    {
        using var response = await _app.Http.GetAsync($"/blobs/{name}");
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_hundred_megabytes_are_refused_whether_announced_or_not(bool announced)
    {
        var digest = new Bytes32(Enumerable.Repeat((byte)7, 32).ToArray());
        var path = $"/blobs/{BlobAddress.Format(digest)}";
        var proof = await RequestProof.SignAsync(Cast.Domain, Node.Hot, Node.Address, "PUT", path, digest, _app.Time.GetUtcNow());
        using var request = Request(HttpMethod.Put, path, [], proof);
        request.Content = new EndlessContent(100 << 20, announced);
        try
        {
            await RefusedAsync(_app.Http.SendAsync(request), 413, "too_large");
        }
        catch (HttpRequestException e) when (e.InnerException is IOException)
        {
            // The server may hang up on a body it will not read before its answer is through.
        }
        await RefusedAsync(_app.Http.GetAsync(path), 404, "no_such_blob");
        Assert.Empty(Directory.GetFiles(Path.Combine(_app.BlobFolder, "incoming")));
    }

    [Fact]
    public async Task The_interface_describes_itself()
    {
        var document = JsonDocument.Parse(await _app.Http.GetStringAsync("/openapi/verifier.json"));
        var paths = document.RootElement.GetProperty("paths").EnumerateObject().Select(p => p.Name).ToList();
        Assert.Superset(
            new HashSet<string>
            {
                "/nodes/lease", "/nodes/acceptances", "/nodes/refusals", "/nodes/results", "/nodes/openings", "/nodes/seals", "/nodes/attestations",
                "/blobs/{digest}", "/evidence/{job}",
            },
            paths.ToHashSet());
    }

    private static byte[] Body(int capacity = 1) => JsonSerializer.SerializeToUtf8Bytes(new LeaseRequest(capacity, 0), ProtocolJson.Options);

    private async Task<RequestProof> ProofAsync(string path, byte[] body) =>
        await RequestProof.SignAsync(Cast.Domain, Node.Hot, Node.Address, "POST", path, BlobAddress.Of(body), _app.Time.GetUtcNow());

    private sealed class EndlessContent(long size, bool announced) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            var chunk = new byte[1 << 16];
            for (var sent = 0L; sent < size; sent += chunk.Length) await stream.WriteAsync(chunk);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = size;
            return announced;
        }
    }
}
