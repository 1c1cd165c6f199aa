using System.Text.Json;
using Assay.Ethereum.Primitives;
using Assay.Hosting;
using Assay.Hosting.Messaging;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Assay.Verifier.Sampling;
using Dapper;
using Npgsql;

namespace Assay.Verifier.Redundancy;

/// <summary>Records what the bus tells. Every method may be called any number of times and in any order with the same end.</summary>
public sealed class Facts(Feed<VerifierDatabase> feed, TimeProvider time)
{
    public async Task OrderAsync(NpgsqlTransaction transaction, OrderReceived received)
    {
        await transaction.Connection!.ExecuteAsync(
            """
            insert into jobs (job, order_body, order_signature, wake_at) values (@Job, @order::jsonb, @Signature, @now)
            on conflict (job) do update set order_body = coalesce(jobs.order_body, excluded.order_body),
                order_signature = coalesce(jobs.order_signature, excluded.order_signature), active = true, wake_at = @now
            """,
            new { received.Job, order = JsonSerializer.Serialize(received.Order, AssayJson.Options), received.Signature, now = time.GetUtcNow() },
            transaction);
        await ClientAsync(transaction, received.Order.Client);
    }

    /// <summary>The acceptance is of no use; the loop looks for another operator.</summary>
    public Task OpenRefusedAsync(NpgsqlTransaction transaction, OpenRefused refused) => transaction.Connection!.ExecuteAsync(
        """
        update acceptances set refused = true where job = @Job and operator = @Operator;
        update jobs set wake_at = @now where job = @Job and active;
        """,
        new { refused.Job, refused.Operator, now = time.GetUtcNow() },
        transaction);

    public async Task EventAsync(NpgsqlTransaction transaction, IChainEvent e)
    {
        if (e is LedgerMoved moved)
        {
            if (moved.Book == Book.Available) await ClientAsync(transaction, moved.Account);
            return;
        }
        var job = (e as IJobEvent)?.Job;
        await feed.AppendAsync(transaction, new ChainEventRow(
            e.At.Sequence, e.At.BlockNumber, e.At.BlockHash, e.At.BlockTime, e.At.LogIndex, job, e.GetType().Name,
            JsonSerializer.Serialize(e, e.GetType(), AssayJson.Options)));
        if (e is SeedRecorded or OperatorRegistered or OperatorJoined or OperatorRetired or PoolMemberSet)
        {
            await Surroundings.ChangedAsync(transaction);
            await WakeAllAsync(transaction);
        }
        if (job is { } id) await WakeAsync(transaction, id);
    }

    public async Task OrphansAsync(NpgsqlTransaction transaction, BlocksOrphaned orphaned)
    {
        foreach (var hash in orphaned.BlockHashes)
            await feed.OrphanAsync(transaction, hash, orphaned.Sequence);
        await Surroundings.ChangedAsync(transaction);
        await transaction.Connection!.ExecuteAsync(
            """
            update jobs set active = true, wake_at = @now where job in (
                select job from jobs where active or job in (select job from feed where block_hash = any(@hashes)) order by job for update)
            """, new { now = time.GetUtcNow(), hashes = orphaned.BlockHashes.Select(h => h.ToArray()).ToArray() }, transaction);
    }

    public Task AdvanceAsync(NpgsqlTransaction transaction, ChainAdvanced advanced) =>
        feed.AdvanceAsync(transaction, advanced.HeadNumber, advanced.HeadTime, advanced.FinalisedNumber);

    /// <summary>Locks the job and makes it due. Whoever looks at it at this moment is waited for, so the next look sees this transaction.</summary>
    public Task WakeAsync(NpgsqlTransaction transaction, Bytes32 job) => transaction.Connection!.ExecuteAsync(
        """
        insert into jobs (job, wake_at) values (@job, @now) on conflict (job) do update set active = true, wake_at = @now
        """, new { job, now = time.GetUtcNow() }, transaction);

    // In one order, so that two that wake all cannot wait for each other.
    private Task WakeAllAsync(NpgsqlTransaction transaction) => transaction.Connection!.ExecuteAsync(
        "update jobs set wake_at = @now where job in (select job from jobs where active order by job for update)",
        new { now = time.GetUtcNow() }, transaction);

    private static Task ClientAsync(NpgsqlTransaction transaction, Address client) =>
        transaction.Connection!.ExecuteAsync("insert into clients (address) values (@client) on conflict do nothing", new { client }, transaction);
}
