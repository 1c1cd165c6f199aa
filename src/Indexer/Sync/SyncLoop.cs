using Assay.Ethereum.JsonRpc;
using Assay.Indexer.Publication;
using Dapper;
using Npgsql;

namespace Assay.Indexer.Sync;

/// <summary>Looks at the chain, stores what it finds, again and again.</summary>
public sealed class SyncLoop(
    IndexerDatabase database, ChainReader reader, IndexerOptions options, IndexerStatus status, EventRelay relay, HeadWatch heads, TimeProvider time, ILogger<SyncLoop> log)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    // One wrong answer, from one node behind a load balancer for example, must not stop everything for good.
    private const int LooksBeforeHalting = 3;

    private int _finalityBroken;

    /// <exception cref="NotTheWriterException">Another instance took over.</exception>
    public async Task RunAsync(ChainStore store, CancellationToken stopping)
    {
        var follower = new ChainFollower<EscrowBlocks>(
            reader, options.BatchBlocks, options.Finality == Finality.Depth ? options.Chain.Confirmations : null, store.HashAsync);
        while (true)
        {
            stopping.ThrowIfCancellationRequested();
            await WhileHaltedAsync(stopping);
            try
            {
                await FollowAsync(store, follower, stopping);
            }
            catch (FinalityBrokenException e)
            {
                status.Trouble = e.Message;
                log.LogCritical("{Reason}", e.Message);
                if (++_finalityBroken >= LooksBeforeHalting)
                    await store.HaltAsync(e.Message);
                else
                    await Task.Delay(Pause, time, stopping);
            }
            catch (Exception e) when (e is RpcTransportException or JsonRpcException or ChainInconsistentException or OverflowException
                || e is NpgsqlException { IsTransient: true })
            {
                status.Trouble = e.Message;
                log.LogWarning("Reading pauses: {Reason}", e.Message);
                await Task.Delay(Pause, time, stopping);
            }
        }
    }

    private async Task FollowAsync(ChainStore store, ChainFollower<EscrowBlocks> follower, CancellationToken stopping)
    {
        var state = await store.StateAsync();
        while (true)
        {
            var step = await follower.NextAsync(state, stopping);
            state = step switch
            {
                ChainStep.Advanced<EscrowBlocks> advanced => await store.AppendAsync(advanced.Blocks, stopping),
                ChainStep.Reorged reorged => await RewindAsync(store, reorged, stopping),
                ChainStep.Finalised finalised => await store.FinaliseAsync(finalised, stopping),
                _ => state,
            };
            (status.Trouble, _finalityBroken) = (null, 0);
            status.Note(state, step);
            if (step is ChainStep.Quiet)
                await heads.NextAsync(stopping);
            else
                relay.Wake();
        }
    }

    private Task<ChainState> RewindAsync(ChainStore store, ChainStep.Reorged reorged, CancellationToken stopping)
    {
        log.LogInformation("Blocks from {From} on left the chain", reorged.From);
        return store.RewindAsync(reorged, stopping);
    }

    private async Task WhileHaltedAsync(CancellationToken stopping)
    {
        while ((status.Halted = await HaltedAsync(stopping)) is not null)
            await Task.Delay(Pause, time, stopping);
    }

    private async Task<string?> HaltedAsync(CancellationToken stopping)
    {
        await using var connection = await database.OpenAsync(stopping);
        return await connection.ExecuteScalarAsync<string?>("select halted from chain");
    }
}
