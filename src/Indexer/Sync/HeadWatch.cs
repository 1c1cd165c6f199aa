using System.Net.WebSockets;
using Assay.Hosting.Messaging;

namespace Assay.Indexer.Sync;

/// <summary>
/// Wakes whoever follows the chain when the node has a new block. What the node says is not believed, only taken as a reason to look; without the subscription,
/// and while it is broken, looking goes on at intervals.
/// </summary>
public sealed class HeadWatch(IndexerOptions options, IndexerStatus status, TimeProvider time, ILogger<HeadWatch> log) : IDisposable
{
    private static readonly byte[] Subscribe = """{"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["newHeads"]}"""u8.ToArray();

    private readonly SemaphoreSlim _news = new(0);

    /// <summary>Returns at the next new block, or after an interval.</summary>
    public async Task NextAsync(CancellationToken cancellation)
    {
        await _news.WaitAsync(TimeSpan.FromMilliseconds(options.PollMilliseconds), cancellation);
        // Several heads are one reason to look.
        while (_news.Wait(0, CancellationToken.None))
        {
        }
    }

    /// <summary>Keeps the subscription, for ever.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        if (options.HeadsUrl == "")
            await Task.Delay(Timeout.Infinite, stopping);
        for (var failures = 0; ; failures++)
            try
            {
                using var socket = new ClientWebSocket();
                await socket.ConnectAsync(new Uri(options.HeadsUrl), stopping);
                await socket.SendAsync(Subscribe, WebSocketMessageType.Text, endOfMessage: true, stopping);
                for (; ; failures = 0)
                    await HeadAsync(socket, stopping);
            }
            catch (WebSocketException e)
            {
                status.Heads = e.Message;
                log.LogWarning("No news of blocks, looking every {Milliseconds} ms: {Reason}", options.PollMilliseconds, e.Message);
                await Task.Delay(Backoff.After(failures + 1), time, stopping);
            }
    }

    public void Dispose() => _news.Dispose();

    // The first message answers the subscription itself, which is no worse a reason to look than any other.
    private async Task HeadAsync(ClientWebSocket socket, CancellationToken stopping)
    {
        var buffer = new byte[4096];
        for (WebSocketReceiveResult? part = null; part is not { EndOfMessage: true };)
            if ((part = await socket.ReceiveAsync(buffer, stopping)).MessageType == WebSocketMessageType.Close)
                throw new WebSocketException($"The node closed the subscription: {part.CloseStatusDescription}");
        status.Heads = null;
        _news.Release();
    }
}
