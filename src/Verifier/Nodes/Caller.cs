using System.Security.Cryptography;
using System.Threading.RateLimiting;
using Assay.Ethereum.Primitives;
using Assay.Hosting.Http;
using Assay.Protocol.Nodes;
using Assay.Verifier.Sampling;
using Dapper;
using Microsoft.AspNetCore.Http.Features;

namespace Assay.Verifier.Nodes;

/// <summary>Who sent a request, proven by its signature.</summary>
/// <param name="Signer">The operator's registered hot key; a client's own address.</param>
public sealed record Caller(Address Address, Address Signer, bool IsOperator);

/// <summary>
/// Lets a request through once, if an operator's hot key or a client signed just this method, path and body for the next minute.
/// </summary>
public sealed class RequestGate(
    VerifierDatabase database, Surroundings surroundings, EscrowTerms terms, VerifierOptions options, TimeProvider time) : IDisposable
{
    private readonly PartitionedRateLimiter<Address> _limiter = PartitionedRateLimiter.Create<Address, Address>(who =>
        RateLimitPartition.GetTokenBucketLimiter(who, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = 2 * options.Nodes.RequestsPerSecond,
            TokensPerPeriod = options.Nodes.RequestsPerSecond,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            QueueLimit = 0,
        }));

    /// <param name="body">SHA-256 of the body that came, or that the path promises.</param>
    /// <exception cref="ProblemException">Not signed, not known, too late, seen before or too often.</exception>
    public async Task<Caller> AdmitAsync(HttpContext http, Bytes32 body)
    {
        if (!RequestProof.TryRead(name => http.Request.Headers[name], out var proof))
            throw new ProblemException(401, "unsigned", "A signed request needs the four Assay headers, each once and well formed.");
        CheckDeadline(proof);
        var caller = await FindAsync(proof.Address);
        var signer = proof.SignerOf(terms.Domain, http.Request.Method, PathOf(http), body);
        if (signer != caller.Signer)
            throw new ProblemException(401, "bad_signature", $"Expected the signature of {caller.Signer}, got {signer?.ToString() ?? "none that is canonical"}.");
        using var lease = _limiter.AttemptAcquire(caller.Address);
        if (!lease.IsAcquired)
            throw new ProblemException(429, "too_many_requests", $"More than {options.Nodes.RequestsPerSecond} requests per second.");
        await UseNonceAsync(proof);
        return caller;
    }

    private void CheckDeadline(RequestProof proof)
    {
        var now = (ulong)time.GetUtcNow().ToUnixTimeSeconds();
        if (proof.Deadline < now) throw new ProblemException(401, "deadline_passed", $"The deadline {proof.Deadline} is past, it is {now}.");
        if (proof.Deadline > now + RequestProof.MaxSeconds)
            throw new ProblemException(401, "deadline_too_far", $"The deadline may lie at most {RequestProof.MaxSeconds} s ahead.");
    }

    private async Task<Caller> FindAsync(Address address)
    {
        if ((await surroundings.ReadAsync()).Roster.SignerOf(address) is { } signer) return new Caller(address, signer, IsOperator: true);
        await using var connection = await database.OpenAsync();
        return await connection.ExecuteScalarAsync<bool>("select exists (select from clients where address = @address)", new { address })
            ? new Caller(address, address, IsOperator: false)
            : throw new ProblemException(403, "unknown_address", $"{address} is neither a registered operator nor a client with an account.");
    }

    private async Task UseNonceAsync(RequestProof proof)
    {
        await using var connection = await database.OpenAsync();
        var inserted = await connection.ExecuteAsync(
            "insert into request_nonces (address, nonce, deadline) values (@Address, @Nonce, to_timestamp(@deadline)) on conflict do nothing",
            new { proof.Address, proof.Nonce, deadline = (double)proof.Deadline });
        if (inserted == 0) throw new ProblemException(409, "replayed", "This request was received before.");
    }

    // The raw target: what the client signed is what it put on the wire, escapes included.
    private static string PathOf(HttpContext http) => http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;

    public void Dispose() => _limiter.Dispose();
}

/// <summary>Reads a bounded body, admits its sender and leaves both for the handler.</summary>
public sealed class SignedBodyFilter(RequestGate gate, VerifierOptions options) : IEndpointFilter
{
    private const string BodyItem = "assay.body";
    private const string CallerItem = "assay.caller";

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var body = await ReadAsync(http.Request, options.Nodes.MaxBodyBytes, http.RequestAborted);
        var caller = await gate.AdmitAsync(http, new Bytes32(SHA256.HashData(body)));
        if (!caller.IsOperator) throw new ProblemException(403, "not_an_operator", $"{caller.Address} is not a registered operator.");
        (http.Items[BodyItem], http.Items[CallerItem]) = (body, caller);
        return await next(context);
    }

    public static byte[] BodyOf(HttpContext http) => (byte[])http.Items[BodyItem]!;

    public static Caller CallerOf(HttpContext http) => (Caller)http.Items[CallerItem]!;

    private static async Task<byte[]> ReadAsync(HttpRequest request, int limit, CancellationToken cancellation)
    {
        if (request.ContentLength > limit) throw TooLarge(limit);
        using var body = new MemoryStream();
        var buffer = new byte[8192];
        int read;
        while ((read = await request.Body.ReadAsync(buffer, cancellation)) > 0)
        {
            if (body.Length + read > limit) throw TooLarge(limit);
            body.Write(buffer, 0, read);
        }
        return body.ToArray();
    }

    private static ProblemException TooLarge(long limit) => new(413, "too_large", $"The body is larger than {limit} bytes.");
}

/// <summary>Forgets nonces whose deadline has passed: such a request is refused by its deadline.</summary>
public sealed class NonceSweep(VerifierDatabase database, TimeProvider time, ILogger<NonceSweep> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stopping))
            try
            {
                await using var connection = await database.OpenAsync(stopping);
                // A minute more than needed, for the clocks of several instances.
                await connection.ExecuteAsync("delete from request_nonces where deadline < @before", new { before = time.GetUtcNow() - Interval });
            }
            catch (Npgsql.NpgsqlException e)
            {
                log.LogWarning("Nonces are not swept: {Reason}", e.Message);
            }
    }
}
