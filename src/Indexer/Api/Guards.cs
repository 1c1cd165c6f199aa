using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using System.Threading.RateLimiting;
using Assay.Hosting;
using Assay.Hosting.Http;
using Microsoft.Net.Http.Headers;

namespace Assay.Indexer.Api;

/// <summary>What holds for every answer: nobody takes more than its share, and what a reader has already is not sent again.</summary>
internal static class Guards
{
    public static RouteGroupBuilder WithGuards(this RouteGroupBuilder routes)
    {
        var options = ((IEndpointRouteBuilder)routes).ServiceProvider.GetRequiredService<IndexerOptions>().Api;
        var requests = PartitionedRateLimiter.Create<HttpContext, IPAddress>(context => RateLimitPartition.GetTokenBucketLimiter(Caller(context), _ => new()
        {
            TokenLimit = options.RequestsPerSecond * 2, TokensPerPeriod = options.RequestsPerSecond, ReplenishmentPeriod = TimeSpan.FromSeconds(1),
        }));
        var longAnswers = PartitionedRateLimiter.Create<HttpContext, IPAddress>(context => RateLimitPartition.GetConcurrencyLimiter(Caller(context), _ => new() { PermitLimit = options.LongAnswers }));
        routes.AddEndpointFilter(async (context, next) =>
        {
            using var lease = requests.AttemptAcquire(context.HttpContext);
            if (!lease.IsAcquired)
                return TooMany(context.HttpContext, $"More than {options.RequestsPerSecond} requests a second from one address.");
            return await next(context) is var answer && answer is IResult rows ? Long(context.HttpContext, longAnswers, rows) : Tagged(context.HttpContext, answer);
        });
        return routes;
    }

    private static IResult Long(HttpContext context, PartitionedRateLimiter<HttpContext> limiter, IResult answer)
    {
        var lease = limiter.AttemptAcquire(context);
        // Held until the last row is out.
        context.Response.RegisterForDispose(lease);
        return lease.IsAcquired ? answer : TooMany(context, "Too many long answers to one address at the same time.");
    }

    private static IResult TooMany(HttpContext context, string why)
    {
        context.Response.Headers.RetryAfter = "1";
        return Problems.Problem(StatusCodes.Status429TooManyRequests, "too_many_requests", why);
    }

    // The tag is the content's own, so that it cannot say that something is unchanged which is not.
    private static IResult Tagged(HttpContext context, object? answer)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(answer, AssayJson.Options);
        var tag = $"\"{Convert.ToHexStringLower(SHA256.HashData(body).AsSpan(0, 16))}\"";
        context.Response.Headers.ETag = tag;
        context.Response.Headers.CacheControl = "no-cache";
        return EntityTagHeaderValue.TryParseList(context.Request.Headers.IfNoneMatch, out var known) && known.Any(entry => entry.Tag == tag || entry == EntityTagHeaderValue.Any)
            ? Results.StatusCode(StatusCodes.Status304NotModified)
            : Results.Bytes(body, "application/json; charset=utf-8");
    }

    private static IPAddress Caller(HttpContext context) => context.Connection.RemoteIpAddress ?? IPAddress.None;
}
