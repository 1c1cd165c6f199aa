using Assay.Ethereum.JsonRpc;

namespace Assay.Circle.Bench;

/// <summary>Notes when each block comes, from now until it is stopped.</summary>
internal sealed class BlockWatch : IAsyncDisposable
{
    /// <summary>How much later than it came a block may be noted.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly List<SeenBlock> blocks = [];
    private readonly CancellationTokenSource stopping = new();
    private readonly Task loop;

    private BlockWatch(EthApi chain, SeenBlock first)
    {
        blocks.Add(first);
        loop = WatchAsync(chain);
    }

    public static async Task<BlockWatch> StartAsync(JsonRpcClient rpc, CancellationToken cancellation)
    {
        var chain = new EthApi(rpc);
        var number = await chain.BlockNumberAsync(cancellation);
        return new BlockWatch(chain, await BlockAsync(chain, number, DateTimeOffset.UtcNow, cancellation));
    }

    /// <exception cref="RpcTransportException">The chain could not be asked in between.</exception>
    public async Task<IReadOnlyList<SeenBlock>> StopAsync()
    {
        await stopping.CancelAsync();
        await loop;
        return blocks;
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await loop.ContinueWith(_ => { }, TaskScheduler.Default);
        stopping.Dispose();
    }

    private async Task WatchAsync(EthApi chain)
    {
        try
        {
            while (true)
            {
                await Task.Delay(Interval, stopping.Token);
                var head = await chain.BlockNumberAsync(stopping.Token);
                var seen = DateTimeOffset.UtcNow;
                for (var number = blocks[^1].Number + 1; number <= head; number++) blocks.Add(await BlockAsync(chain, number, seen, stopping.Token));
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Stopped.
        }
    }

    private static async Task<SeenBlock> BlockAsync(EthApi chain, ulong number, DateTimeOffset seen, CancellationToken cancellation)
    {
        var header = await chain.GetBlockByNumberAsync(number, cancellation)
            ?? throw new InvalidOperationException($"The chain names block {number} as its head and does not have it.");
        return new SeenBlock(number, header.Timestamp, seen);
    }
}
