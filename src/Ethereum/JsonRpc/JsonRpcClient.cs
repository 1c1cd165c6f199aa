using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Assay.Ethereum.JsonRpc;

/// <summary>JSON-RPC 2.0 over HTTP: single calls and batches, ids checked, answers limited in size, retries by kind of failure. Thread-safe.</summary>
public sealed class JsonRpcClient : IJsonRpc, IDisposable
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly HttpClient _http;
    private readonly bool _ownsHttp;
    private readonly TimeProvider _time;
    private long _lastId;

    /// <param name="endpoint">http or https.</param>
    /// <param name="options">Limits and retries.</param>
    /// <param name="http">A client to share; its own timeout should exceed the options'.</param>
    /// <param name="time">Clock of timeouts and delays.</param>
    public JsonRpcClient(Uri endpoint, JsonRpcOptions? options = null, HttpClient? http = null, TimeProvider? time = null)
    {
        if (endpoint.Scheme is not ("http" or "https"))
            throw new ArgumentException($"JSON-RPC endpoint: expected http or https, actual {endpoint.Scheme}.", nameof(endpoint));
        (Endpoint, Options, _time, _ownsHttp) = (endpoint, options ?? new JsonRpcOptions(), time ?? TimeProvider.System, http is null);
        _http = http ?? new HttpClient(new SocketsHttpHandler
        {
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            AutomaticDecompression = DecompressionMethods.All,
            AllowAutoRedirect = false,
        })
        { Timeout = System.Threading.Timeout.InfiniteTimeSpan };
    }

    public JsonRpcClient(string endpoint, JsonRpcOptions? options = null) : this(new Uri(endpoint), options) { }

    public Uri Endpoint { get; }
    public JsonRpcOptions Options { get; }

    public void Dispose()
    {
        if (_ownsHttp)
            _http.Dispose();
    }

    /// <exception cref="JsonRpcException">The node answered with an error.</exception>
    /// <exception cref="RpcTransportException">No usable answer after the retries.</exception>
    public async Task<T> SendAsync<T>(RpcCall<T> call, CancellationToken cancellation = default)
    {
        var id = Interlocked.Increment(ref _lastId);
        using var answer = await PostAsync(Request([(id, call.Method, call.Parameters)], batch: false), RpcRetry.IsRepeatable(call.Method), cancellation);
        return ReadAnswer(answer.RootElement, id, call);
    }

    /// <summary>Sends many calls in few requests; results in the order of the calls, each with its own error.</summary>
    /// <exception cref="RpcTransportException">No usable answer to a whole request.</exception>
    public async Task<IReadOnlyList<RpcResult<T>>> BatchAsync<T>(IReadOnlyList<RpcCall<T>> calls, CancellationToken cancellation = default)
    {
        var results = new List<RpcResult<T>>(calls.Count);
        foreach (var chunk in calls.Chunk(Options.MaxBatch))
            results.AddRange(await SendBatchAsync(chunk, cancellation));
        return results;
    }

    private async Task<RpcResult<T>[]> SendBatchAsync<T>(RpcCall<T>[] calls, CancellationToken cancellation)
    {
        var firstId = Interlocked.Add(ref _lastId, calls.Length) - calls.Length + 1;
        var body = Request([.. calls.Select((c, i) => (firstId + i, c.Method, c.Parameters))], batch: true);
        using var answer = await PostAsync(body, calls.All(c => RpcRetry.IsRepeatable(c.Method)), cancellation);
        var root = answer.RootElement;
        if (root.ValueKind == JsonValueKind.Object && ErrorOf(root) is { } error)
            throw error;
        if (root.ValueKind != JsonValueKind.Array)
            throw Malformed($"expected an array in answer to a batch, actual {root.ValueKind}");

        var answers = new JsonElement?[calls.Length];
        foreach (var item in root.EnumerateArray())
        {
            var index = IdOf(item) - firstId;
            if (index is null || index < 0 || index >= calls.Length || answers[(int)index] is not null)
                throw Malformed("a batch answer carries an id that was not asked for, or twice the same");
            answers[(int)index] = item;
        }
        return [.. calls.Select((call, i) => Outcome(answers[i], firstId + i, call))];
    }

    private static RpcResult<T> Outcome<T>(JsonElement? answer, long id, RpcCall<T> call)
    {
        if (answer is not { } item)
            return RpcResult<T>.Failure(Malformed($"the batch answer lacks the result of {call.Method}"));
        try
        {
            return RpcResult<T>.Success(ReadAnswer(item, id, call));
        }
        catch (Exception error) when (error is JsonRpcException or RpcTransportException)
        {
            return RpcResult<T>.Failure(error);
        }
    }

    private static T ReadAnswer<T>(JsonElement answer, long id, RpcCall<T> call)
    {
        if (answer.ValueKind != JsonValueKind.Object)
            throw Malformed($"expected an object in answer to {call.Method}, actual {answer.ValueKind}");
        // An error that arose before the node read the id carries a null id.
        if (ErrorOf(answer) is { } error)
            throw error;
        if (IdOf(answer) != id)
            throw Malformed($"the answer to {call.Method} carries another id");
        if (!answer.TryGetProperty("result", out var result))
            throw Malformed($"the answer to {call.Method} has neither result nor error");
        return Read(call, result);
    }

    internal static T Read<T>(RpcCall<T> call, JsonElement result)
    {
        try
        {
            return call.Read(result);
        }
        catch (Exception error) when (error is FormatException or InvalidOperationException or KeyNotFoundException or JsonException or OverflowException)
        {
            throw Malformed($"{call.Method}: {error.Message}", error);
        }
    }

    private static JsonRpcException? ErrorOf(JsonElement answer)
    {
        if (!answer.Has("error"))
            return null;
        var error = answer.GetProperty("error");
        return error.ValueKind == JsonValueKind.Object ? JsonRpcException.Of(error) : throw Malformed("the error is not an object");
    }

    private static long? IdOf(JsonElement answer) =>
        answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.Number && id.TryGetInt64(out var value)
            ? value
            : null;

    private static byte[] Request((long Id, string Method, IReadOnlyList<object?> Parameters)[] calls, bool batch)
    {
        var requests = calls.Select(c => new { jsonrpc = "2.0", id = c.Id, method = c.Method, @params = c.Parameters }).ToArray();
        return batch ? JsonSerializer.SerializeToUtf8Bytes(requests, RpcJson.Options) : JsonSerializer.SerializeToUtf8Bytes(requests[0], RpcJson.Options);
    }

    // ---- transport ----

    private async Task<JsonDocument> PostAsync(byte[] body, bool repeatable, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            var (answer, failure) = await TryPostAsync(body, cancellation);
            if (answer is not null)
                return answer;
            if (attempt >= Options.MaxAttempts || !RpcRetry.IsWorthwhile(failure!.Failure, failure.Status, repeatable))
                throw failure!;
            await Task.Delay(RpcRetry.Delay(attempt, failure.RetryAfter, Random.Shared.NextDouble(), Options), _time, cancellation);
        }
    }

    private async Task<(JsonDocument? Answer, RpcTransportException? Failure)> TryPostAsync(byte[] body, CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource(Options.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, Endpoint) { Content = new ByteArrayContent(body) { Headers = { ContentType = Json } } };
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            if (!response.IsSuccessStatusCode)
                return (null, new RpcTransportException(RpcFailure.HttpStatus, $"The node answered HTTP {(int)response.StatusCode}.")
                {
                    Status = response.StatusCode,
                    RetryAfter = RetryAfter(response),
                });
            return (JsonDocument.Parse(await ReadAsync(response, either.Token)), null);
        }
        catch (OperationCanceledException error) when (!cancellation.IsCancellationRequested)
        {
            return (null, new RpcTransportException(RpcFailure.Timeout, $"The node gave no answer in {Options.Timeout.TotalSeconds} s.", error));
        }
        catch (HttpRequestException error)
        {
            // Only a connection that was never made is sure not to have carried the request.
            var unsent = error.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError;
            return (null, new RpcTransportException(unsent ? RpcFailure.Unreachable : RpcFailure.Timeout, $"The node is unreachable: {error.Message}", error));
        }
        catch (IOException error)
        {
            return (null, new RpcTransportException(RpcFailure.Timeout, $"The connection broke: {error.Message}", error));
        }
        catch (JsonException error)
        {
            return (null, Malformed($"not JSON: {error.Message}", error));
        }
        catch (RpcTransportException error)
        {
            return (null, error);
        }
    }

    private async Task<ReadOnlyMemory<byte>> ReadAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
        var buffer = new ArrayBufferWriter<byte>(8192);
        while (true)
        {
            var count = await stream.ReadAsync(buffer.GetMemory(8192), cancellation);
            if (count == 0)
                return buffer.WrittenMemory;
            buffer.Advance(count);
            if (buffer.WrittenCount > Options.MaxResponseBytes)
                throw new RpcTransportException(RpcFailure.TooLarge, $"The node's answer exceeds {Options.MaxResponseBytes} bytes.");
        }
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date - _time.GetUtcNow(),
        _ => null,
    };

    private static RpcTransportException Malformed(string message, Exception? inner = null) => new(RpcFailure.Malformed, $"JSON-RPC: {message}.", inner);
}
