using System.Text.Json;
using Assay.Ethereum.Primitives;
using Assay.Hosting;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Dapper;
using Npgsql;

namespace Assay.Settlement.Payouts;

/// <param name="Unreadable">What was left out, a job or <c>SeedRecorded</c>, and why this release cannot read a row of it.</param>
public sealed record RunningJobs(IReadOnlyList<JobView> Views, IReadOnlyDictionary<string, string> Unreadable);

/// <summary>Reads the views that the plan needs: of one job, or of all that are not closed.</summary>
public static class JobViews
{
    private sealed record EventRow(Bytes32? Job, string Name, string Body);
    private sealed record OrderRow(Bytes32 Job, string Body, byte[] Signature);
    private sealed record RefusalRow(Bytes32 Subject, string Transition, short Slot, Bytes32 Digest, string Code, bool Waits);

    public static Task<RunningJobs> RunningAsync(NpgsqlConnection connection) =>
        ReadAsync(connection, "select job from jobs where closed_at is null", new { });

    /// <returns>Null for a job that is not known.</returns>
    /// <exception cref="JsonException">A row of the job cannot be read.</exception>
    public static async Task<JobView?> OfAsync(NpgsqlConnection connection, Bytes32 job)
    {
        var read = await ReadAsync(connection, "select job from jobs where job = @job", new { job });
        return read.Unreadable.TryGetValue(job.ToString(), out var reason) ? throw new JsonException(reason) : read.Views.SingleOrDefault();
    }

    private static async Task<RunningJobs> ReadAsync(NpgsqlConnection connection, string wanted, object values)
    {
        // One snapshot, so that a refusal, a document and the event that answers it are seen together or not at all.
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead);
        var jobs = await connection.QueryAsync<Bytes32>(wanted, values, transaction);
        var orders = (await connection.QueryAsync<OrderRow>(
            $"select job as Job, body::text as Body, signature as Signature from orders where job in ({wanted})", values, transaction)).ToDictionary(o => o.Job);
        var documents = (await connection.QueryAsync<Documents.Row>(
            $"select job as Job, kind as Kind, body::text as Body from documents where job in ({wanted}) order by position desc", values, transaction)).ToLookup(d => d.Job);
        var events = (await connection.QueryAsync<EventRow>(
            $"select job as Job, name as Name, body::text as Body from feed_live where job in ({wanted}) order by block_number, log_index", values, transaction)).ToLookup(e => e.Job!.Value);
        var seeds = (await connection.QueryAsync<EventRow>(
            $"""
            select job as Job, name as Name, body::text as Body from feed_live where name = 'SeedRecorded'
              and block_number >= (select coalesce(min(block_number), 0) from feed where job in ({wanted})) order by block_number, log_index
            """, values, transaction)).AsList();
        var refusals = (await connection.QueryAsync<RefusalRow>(
            $"""
            select subject as Subject, transition as Transition, slot as Slot, digest as Digest, code as Code,
                   (retry_at is null or retry_at > now()) as Waits
            from actions where state = 'Refused' and (transition = 'RecordSeed' or subject in ({wanted})) order by id desc
            """, values, transaction)).ToList();
        await transaction.CommitAsync();

        // What one row spoils is its own job.
        var unreadable = new Dictionary<string, string>();
        T? Readable<T>(string what, Func<T> read) where T : class
        {
            try
            {
                return read();
            }
            catch (Exception e) when (e is JsonException or OverflowException)
            {
                unreadable[what] = e.Message;
                return null;
            }
        }

        var ofJobs = refusals.Where(r => r.Transition != nameof(Transition.RecordSeed)).ToLookup(r => r.Subject);
        IReadOnlyList<Refusal> ofSeeds = [.. refusals.Where(r => r.Transition == nameof(Transition.RecordSeed) && r.Waits).Select(Refusal)];
        var recorded = seeds.Select(e => Readable(nameof(SeedRecorded), () => (SeedRecorded)Read(e))).OfType<SeedRecorded>()
            .GroupBy(s => s.Epoch).ToDictionary(g => g.Key, g => g.Last());
        JobView View(Bytes32 job)
        {
            List<IJobEvent> history = [.. events[job].Select(e => (IJobEvent)Read(e))];
            return new JobView(
                JobFold.Fold(job, history),
                orders.TryGetValue(job, out var order) ? new(JsonSerializer.Deserialize<Order>(order.Body, AssayJson.Options)!, order.Signature) : null,
                Documents.Read(documents[job]),
                recorded,
                [.. ofJobs[job].Select(Refusal), .. ofSeeds],
                history.OfType<SeatsSealed>().LastOrDefault()?.At);
        }

        return new([.. jobs.Select(job => Readable(job.ToString(), () => View(job))).OfType<JobView>()], unreadable);
    }

    private static IChainEvent Read(EventRow row) => ChainEvents.Types.TryGetValue(row.Name, out var type)
        ? (IChainEvent)(JsonSerializer.Deserialize(row.Body, type, AssayJson.Options) ?? throw new JsonException($"The body of {row.Name} is null."))
        : throw new JsonException($"{row.Name} is no event of this release.");

    private static Refusal Refusal(RefusalRow row) => Enum.TryParse<Transition>(row.Transition, out var transition)
        ? new(transition, (byte)row.Slot, row.Digest, row.Code, row.Waits)
        : throw new JsonException($"{row.Transition} is no step of this release.");
}
