using System.Text.Json;
using Assay.Ethereum.Primitives;
using Assay.Hosting;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Dapper;
using Npgsql;

namespace Assay.Settlement.Payouts;

/// <summary>Reads the views that the plan needs: of one job, or of all that are not closed.</summary>
public static class JobViews
{
    private sealed record EventRow(Bytes32? Job, string Name, string Body);
    private sealed record OrderRow(Bytes32 Job, string Body, byte[] Signature);
    private sealed record RefusalRow(Bytes32 Subject, string Transition, short Slot, Bytes32 Digest, string Code, bool Waits);

    public static Task<IReadOnlyList<JobView>> RunningAsync(NpgsqlConnection connection) =>
        ReadAsync(connection, "select job from jobs where closed_at is null", new { });

    public static async Task<JobView?> OfAsync(NpgsqlConnection connection, Bytes32 job) =>
        (await ReadAsync(connection, "select job from jobs where job = @job", new { job })) is [var view] ? view : null;

    private static async Task<IReadOnlyList<JobView>> ReadAsync(NpgsqlConnection connection, string wanted, object values)
    {
        // One snapshot, so that a refusal, a document and the event that answers it are seen together or not at all.
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead);
        var jobs = await connection.QueryAsync<Bytes32>(wanted, values, transaction);
        var orders = (await connection.QueryAsync<OrderRow>(
            $"select job as Job, body::text as Body, signature as Signature from orders where job in ({wanted})", values, transaction)).ToDictionary(o => o.Job);
        var documents = (await connection.QueryAsync<Documents.Row>(
            $"select job as Job, kind as Kind, body::text as Body from documents where job in ({wanted}) order by position desc", values, transaction)).ToLookup(d => d.Job);
        var events = (await connection.QueryAsync<EventRow>(
            $"select job as Job, name as Name, body::text as Body from feed_live where job in ({wanted}) order by block_number, log_index", values, transaction))
            .ToLookup(e => e.Job!.Value, e => (IJobEvent)Read(e));
        var seeds = (await connection.QueryAsync<EventRow>(
            $"""
            select job as Job, name as Name, body::text as Body from feed_live where name = 'SeedRecorded'
              and block_number >= (select coalesce(min(block_number), 0) from feed where job in ({wanted})) order by block_number, log_index
            """, values, transaction)).Select(e => (SeedRecorded)Read(e)).GroupBy(s => s.Epoch).ToDictionary(g => g.Key, g => g.Last());
        var refusals = (await connection.QueryAsync<RefusalRow>(
            $"""
            select subject as Subject, transition as Transition, slot as Slot, digest as Digest, code as Code,
                   (retry_at is null or retry_at > now()) as Waits
            from actions where state = 'Refused' and (transition = 'RecordSeed' or subject in ({wanted})) order by id desc
            """, values, transaction)).ToList();
        await transaction.CommitAsync();

        var ofJobs = refusals.Where(r => r.Transition != nameof(Transition.RecordSeed)).ToLookup(r => r.Subject, Refusal);
        IReadOnlyList<Refusal> ofSeeds = [.. refusals.Where(r => r.Transition == nameof(Transition.RecordSeed) && r.Waits).Select(Refusal)];
        return [.. jobs.Select(job => new JobView(
            JobFold.Fold(job, events[job]),
            orders.TryGetValue(job, out var order) ? new(JsonSerializer.Deserialize<Order>(order.Body, AssayJson.Options)!, order.Signature) : null,
            Documents.Read(documents[job]),
            seeds,
            [.. ofJobs[job], .. ofSeeds],
            events[job].OfType<SeatsSealed>().LastOrDefault()?.At))];
    }

    private static IChainEvent Read(EventRow row) =>
        (IChainEvent)(JsonSerializer.Deserialize(row.Body, ChainEvents.Types[row.Name], AssayJson.Options) ?? throw new JsonException($"The body of {row.Name} is null."));

    private static Refusal Refusal(RefusalRow row) =>
        new(Enum.Parse<Transition>(row.Transition), (byte)row.Slot, row.Digest, row.Code, row.Waits);
}
