using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Indexer.Sync;
using Npgsql;

namespace Assay.Indexer.Sources;

/// <summary>Reads the past of a source in pages, then follows its head, again and again.</summary>
internal sealed class SourceLoop(IndexerDatabase database, SourceDefinition definition, SourceStatus status, int pollMilliseconds, TimeProvider time, ILogger log)
{
    private const int HeadBlocks = 50;

    // More than this waits in memory for the commit before it.
    private const int MostPagesWaiting = 8;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly RangeSizer _sizer = new();

    /// <param name="untilHead">Ends when the source is as far as its node; otherwise it never does.</param>
    /// <exception cref="NotTheWriterException">Another instance took over.</exception>
    public async Task RunAsync(bool untilHead, CancellationToken stopping)
    {
        using var pipe = new NodePipe(definition.RpcUrl, time);
        using var client = new JsonRpcClient(definition.RpcUrl);
        status.Requests = () => pipe.Requests;
        var store = await SourceStore.OpenAsync(database, definition, stopping);
        while (true)
            try
            {
                await CheckChainAsync(client, stopping);
                using var decoder = new LogDecoder(definition);
                foreach (var born in (await store.BornAsync()).GroupBy(born => born.Contract))
                    decoder.Know(born.Key, born.Select(contract => (contract.Address, contract.Since)));
                var reader = new BlockReader(definition, pipe, new EthApi(client), decoder, _sizer);
                if (await FollowAsync(store, reader, untilHead, stopping))
                    return;
            }
            catch (Exception e) when (e is RpcTransportException or JsonRpcException or ChainInconsistentException or FinalityBrokenException or OverflowException
                || e is NpgsqlException { IsTransient: true })
            {
                status.Trouble = e.Message;
                log.LogWarning("Source {Source}: reading pauses: {Reason}", definition.Name, e.Message);
                await Task.Delay(Pause, time, stopping);
            }
    }

    private async Task CheckChainAsync(JsonRpcClient client, CancellationToken stopping)
    {
        var id = await new EthApi(client).ChainIdAsync(stopping);
        if (id != (ulong)definition.ChainId)
            throw new ChainInconsistentException($"The node reports chain id {id}, expected {definition.ChainId}.");
    }

    /// <summary>True when the head is reached and that was all; false when the reader has to begin anew.</summary>
    private async Task<bool> FollowAsync(SourceStore store, BlockReader reader, bool untilHead, CancellationToken stopping)
    {
        var follower = new ChainFollower<Page>(reader, HeadBlocks, definition.Confirmations, store.HashAsync);
        var state = await store.StateAsync();
        while (true)
        {
            var head = (await reader.HeadAsync(stopping)).Number;
            (status.State, status.NodeHead, status.Trouble) = (state, head, null);
            if (head > state.Next + 2 * ChainFollower<Page>.SettledDepth)
            {
                if (await ReadPastAsync(store, reader, state, head - ChainFollower<Page>.SettledDepth, stopping) is { } read)
                {
                    state = read;
                    continue;
                }
                await store.RewindAsync(new ChainStep.Reorged(await follower.FirstOrphanAsync(await store.StateAsync(), stopping)), stopping);
                return false;
            }
            switch (await follower.NextAsync(state, stopping))
            {
                case ChainStep.Advanced<Page> advanced:
                    using (var page = advanced.Blocks)
                        state = await store.AppendAsync([page], stopping);
                    break;
                case ChainStep.Reorged reorged:
                    log.LogInformation("Source {Source}: blocks from {From} on left the chain", definition.Name, reorged.From);
                    await store.RewindAsync(reorged, stopping);
                    return false;
                case ChainStep.Finalised finalised:
                    state = await store.FinaliseAsync(finalised, stopping);
                    break;
                default:
                    if (!status.Shown)
                        await ShowAsync(store, stopping);
                    if (untilHead)
                        return true;
                    await Task.Delay(pollMilliseconds, stopping);
                    break;
            }
        }
    }

    private async Task ShowAsync(SourceStore store, CancellationToken stopping)
    {
        await store.ShowAsync(stopping);
        status.Shown = true;
    }

    /// <summary>Null when a page does not follow what is stored: the chain has changed below.</summary>
    private async Task<ChainState?> ReadPastAsync(SourceStore store, BlockReader reader, ChainState state, ulong to, CancellationToken stopping)
    {
        var (tip, commit, waiting) = (state.Tip?.Hash, Task.FromResult(state), new List<Page>());
        try
        {
            await foreach (var page in reader.PagesAsync(state.Next, to, stopping))
            {
                waiting.Add(page);
                if (tip is { } expected && page.ParentHash != expected)
                    return null;
                tip = page.Tip.Hash;
                if (!commit.IsCompleted && waiting.Count < MostPagesWaiting)
                    continue;
                status.Note(await commit);
                (commit, waiting) = (CommitAsync(store, waiting, stopping), []);
            }
            await commit;
            return waiting.Count > 0 ? await CommitAsync(store, waiting, stopping) : await commit;
        }
        finally
        {
            await commit.ContinueWith(_ => { }, TaskScheduler.Default);
            waiting.ForEach(page => page.Dispose());
        }
    }

    private static async Task<ChainState> CommitAsync(SourceStore store, IReadOnlyList<Page> pages, CancellationToken stopping)
    {
        try
        {
            return await store.AppendAsync(pages, stopping);
        }
        finally
        {
            foreach (var page in pages)
                page.Dispose();
        }
    }
}
