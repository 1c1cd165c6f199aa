using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Primitives;
using Assay.Protocol;
using Assay.Protocol.Chain;
using Assay.Protocol.Nodes;

namespace Assay.NodeAgent.Verifiers;

/// <summary>The Verifier gave no usable answer; the same request may work later.</summary>
public sealed class VerifierUnreachableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The Verifier understood the request and refused it.</summary>
public sealed class VerifierRefusedException(HttpStatusCode status, string code, string detail)
    : Exception($"the Verifier refuses with {(int)status} {code}: {detail}")
{
    public HttpStatusCode Status => status;

    public string Code => code;
}

/// <summary>The node's side of the signed HTTP interface. What the Verifier answers is bounded and checked, never trusted.</summary>
internal sealed class VerifierClient(HttpClient http, EscrowDomain domain, ISigner signer, Address @operator, TimeProvider time)
{
    private const int MaxAnswer = 1 << 20;
    private const int MaxProblem = 16 << 10;
    private const int Tries = 8;
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private sealed record Problem(string? Code, string? Detail);

    /// <summary>Asks for work, waiting at most <paramref name="waitSeconds"/> for it. One try.</summary>
    /// <exception cref="VerifierUnreachableException">No usable answer.</exception>
    /// <exception cref="VerifierRefusedException">Refused, e.g. not registered yet.</exception>
    public async Task<IReadOnlyList<WorkItem>> LeaseAsync(int capacity, int waitSeconds, CancellationToken cancellation)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new LeaseRequest(capacity, waitSeconds), ProtocolJson.Options);
        var answer = await SendAsync("/nodes/lease", body, AnswerTime + TimeSpan.FromSeconds(waitSeconds), cancellation);
        try
        {
            var lease = JsonSerializer.Deserialize<LeaseResponse>(answer, ProtocolJson.Options)
                ?? throw new VerifierUnreachableException("the lease is null");
            return lease.Work.Count <= capacity && lease.Work.All(item => item is not null)
                ? lease.Work
                : throw new VerifierUnreachableException($"the lease holds more than the {capacity} items asked for, or null");
        }
        catch (Exception e) when (e is JsonException or FormatException or OverflowException)
        {
            throw new VerifierUnreachableException($"the lease is not readable: {NodeLog.Clean(e.Message, 200)}", e);
        }
    }

    /// <summary>Posts an answer, again with growing pauses while the Verifier is away, about half a minute in all.</summary>
    /// <exception cref="VerifierUnreachableException">Still no answer.</exception>
    /// <exception cref="VerifierRefusedException">Refused for good.</exception>
    public Task PostAsync<T>(string path, T body, CancellationToken cancellation) => AnswerAsync(path, body, cancellation);

    /// <summary>As <see cref="PostAsync{T}"/>, where the answer says something.</summary>
    /// <exception cref="VerifierUnreachableException">Still no answer, or none that can be read.</exception>
    /// <exception cref="VerifierRefusedException">Refused for good.</exception>
    public async Task<TAnswer> AskAsync<T, TAnswer>(string path, T body, CancellationToken cancellation) where TAnswer : class
    {
        var answer = await AnswerAsync(path, body, cancellation);
        try
        {
            return JsonSerializer.Deserialize<TAnswer>(answer, ProtocolJson.Options) ?? throw new VerifierUnreachableException($"{path}: the answer is null");
        }
        catch (Exception e) when (e is JsonException or FormatException or OverflowException)
        {
            throw new VerifierUnreachableException($"{path}: the answer is not readable: {NodeLog.Clean(e.Message, 200)}", e);
        }
    }

    private async Task<byte[]> AnswerAsync<T>(string path, T body, CancellationToken cancellation)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(body, ProtocolJson.Options);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await SendAsync(path, bytes, AnswerTime, cancellation);
            }
            catch (Exception e) when (attempt < Tries && MayWorkLater(e))
            {
                await Task.Delay(Backoff.Pause(attempt, FirstPause, LongestPause), time, cancellation);
            }
        }
    }

    /// <summary>Adds the headers that prove who sends this request.</summary>
    public async ValueTask SignAsync(HttpRequestMessage request, Bytes32 body, CancellationToken cancellation)
    {
        var path = request.RequestUri is { IsAbsoluteUri: true } uri ? uri.PathAndQuery : request.RequestUri!.OriginalString;
        var proof = await RequestProof.SignAsync(
            domain, signer, @operator, request.Method.Method, path, body, time.GetUtcNow(), cancellation);
        foreach (var (name, value) in proof.Headers()) request.Headers.Add(name, value);
    }

    // A nonce seen before is ours from a try whose answer was lost on the way, or chance; the next try brings a new one.
    private static bool MayWorkLater(Exception e) =>
        e is VerifierUnreachableException || (e is VerifierRefusedException refused && refused.Code == "replayed");

    private async Task<byte[]> SendAsync(string path, byte[] body, TimeSpan limit, CancellationToken cancellation)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(limit);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            await SignAsync(request, new Bytes32(SHA256.HashData(body)), timeout.Token);
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timeout.Token);
            if (response.IsSuccessStatusCode) return await ReadAsync(response, MaxAnswer, timeout.Token);
            throw await FailureAsync(response, timeout.Token);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new VerifierUnreachableException($"{path}: {e.Message}", e);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new VerifierUnreachableException($"{path}: no answer within {limit.TotalSeconds:0} s", e);
        }
    }

    private static async Task<Exception> FailureAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var status = (int)response.StatusCode;
        if (status >= 500 || status is 408 or 429) return new VerifierUnreachableException($"the Verifier answers {status}");
        if (status is < 400) return new VerifierUnreachableException($"the Verifier answers {status}, which the interface does not know");
        var problem = ReadProblem(await ReadAsync(response, MaxProblem, cancellation));
        return new VerifierRefusedException(
            response.StatusCode, NodeLog.Clean(problem.Code ?? "unknown", 64), NodeLog.Clean(problem.Detail ?? "no detail", 300));
    }

    private static Problem ReadProblem(byte[] body)
    {
        try
        {
            return JsonSerializer.Deserialize<Problem>(body, JsonSerializerOptions.Web) ?? new Problem(null, null);
        }
        catch (JsonException)
        {
            // A proxy in between may answer in its own form; the status alone must do then.
            return new Problem(null, "the answer is no problem document");
        }
    }

    private static async Task<byte[]> ReadAsync(HttpResponseMessage response, int limit, CancellationToken cancellation)
    {
        if (response.Content.Headers.ContentLength > limit) throw TooLarge(limit);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
        using var content = new MemoryStream();
        var buffer = new byte[16 << 10];
        int read;
        while ((read = await stream.ReadAsync(buffer, cancellation)) > 0)
        {
            if (content.Length + read > limit) throw TooLarge(limit);
            content.Write(buffer, 0, read);
        }
        return content.ToArray();
    }

    private static VerifierUnreachableException TooLarge(int limit) => new($"the answer is larger than {limit} bytes");
}

internal static class Backoff
{
    /// <summary>Doubles with each attempt, with up to a quarter of chance so that many nodes do not come back at once.</summary>
    public static TimeSpan Pause(int attempt, TimeSpan first, TimeSpan longest)
    {
        var doubled = first.TotalMilliseconds * Math.Pow(2, Math.Min(attempt - 1, 20));
        return TimeSpan.FromMilliseconds(Math.Min(doubled, longest.TotalMilliseconds) * (1 + Random.Shared.NextDouble() / 4));
    }
}
