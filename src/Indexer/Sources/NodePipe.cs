using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using Assay.Ethereum.JsonRpc;

namespace Assay.Indexer.Sources;

/// <summary>An answer's bytes, borrowed until disposed.</summary>
internal sealed class NodeAnswer(byte[] bytes, int length) : IDisposable
{
    private byte[]? _bytes = bytes;

    public int Length => length;

    public ReadOnlySpan<byte> Span => _bytes.AsSpan(0, length);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _bytes, null) is { } borrowed)
            ArrayPool<byte>.Shared.Return(borrowed);
    }
}

/// <summary>JSON-RPC over HTTP as bytes: nothing is parsed here. Failures that may pass are tried again, as the node's Retry-After asks.</summary>
internal sealed class NodePipe : IDisposable
{
    private const int Attempts = 5;
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly HttpClient _http;
    private readonly Uri _node;
    private readonly int _mostBytes;
    private readonly TimeProvider _time;
    private long _requests;

    /// <param name="mostBytes">Longest answer that is read.</param>
    public NodePipe(string node, TimeProvider time, int mostBytes = 64 << 20)
    {
        (_node, _time, _mostBytes) = (new Uri(node), time, mostBytes);
        _http = new HttpClient(new SocketsHttpHandler
        {
            PooledConnectionLifetime = TimeSpan.FromMinutes(5), AutomaticDecompression = DecompressionMethods.All, AllowAutoRedirect = false,
        })
        { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>HTTP requests so far, repeated ones included.</summary>
    public long Requests => Interlocked.Read(ref _requests);

    public void Dispose() => _http.Dispose();

    /// <exception cref="RpcTransportException">No answer after the attempts, or one that is too long.</exception>
    public async Task<NodeAnswer> PostAsync(ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
            try
            {
                return await TryAsync(body, cancellation);
            }
            catch (PassingException e) when (attempt < Attempts)
            {
                var doubled = FirstDelay * (1 << (attempt - 1));
                var delay = e.RetryAfter > doubled ? e.RetryAfter.Value : doubled;
                await Task.Delay(delay < LongestDelay ? delay : LongestDelay, _time, cancellation);
            }
            catch (PassingException e)
            {
                throw new RpcTransportException(e.Failure, e.Message, e.InnerException);
            }
    }

    private async Task<NodeAnswer> TryAsync(ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(Patience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        Interlocked.Increment(ref _requests);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, _node) { Content = new ReadOnlyMemoryContent(body) { Headers = { ContentType = Json } } };
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            if (response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout || (int)response.StatusCode >= 500)
                throw new PassingException(RpcFailure.HttpStatus, $"The node answered HTTP {(int)response.StatusCode}.", RetryAfter(response));
            if (!response.IsSuccessStatusCode)
                throw new RpcTransportException(RpcFailure.HttpStatus, $"The node answered HTTP {(int)response.StatusCode}.");
            return await ReadAsync(response.Content, either.Token);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new PassingException(RpcFailure.Timeout, $"The node gave no answer in {Patience.TotalSeconds} s.", null, e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new PassingException(RpcFailure.Unreachable, $"The node is unreachable: {e.Message}", null, e);
        }
    }

    private async Task<NodeAnswer> ReadAsync(HttpContent content, CancellationToken cancellation)
    {
        // One byte more than announced shows an end that is one.
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(content.Headers.ContentLength + 1 ?? 1 << 16, _mostBytes));
        var length = 0;
        try
        {
            await using var stream = await content.ReadAsStreamAsync(cancellation);
            while (await stream.ReadAsync(buffer.AsMemory(length), cancellation) is > 0 and var count)
            {
                length += count;
                if (length < buffer.Length)
                    continue;
                if (length >= _mostBytes)
                    throw new RpcTransportException(RpcFailure.TooLarge, $"The node's answer exceeds {_mostBytes} bytes.");
                var larger = ArrayPool<byte>.Shared.Rent(Math.Min(2 * buffer.Length, _mostBytes));
                buffer.CopyTo(larger, 0);
                ArrayPool<byte>.Shared.Return(buffer);
                buffer = larger;
            }
            return new NodeAnswer(buffer, length);
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(buffer);
            throw;
        }
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response) =>
        response.Headers.RetryAfter is { } wish ? wish.Delta ?? wish.Date - _time.GetUtcNow() : null;

    private sealed class PassingException(RpcFailure failure, string message, TimeSpan? retryAfter, Exception? inner = null) : Exception(message, inner)
    {
        public RpcFailure Failure => failure;
        public TimeSpan? RetryAfter => retryAfter;
    }
}
