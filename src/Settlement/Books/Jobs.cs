using Assay.Ethereum.Primitives;
using Dapper;
using Npgsql;

namespace Assay.Settlement.Books;

/// <summary>Table <c>jobs</c>: which jobs still need us.</summary>
public static class Jobs
{
    public const string Rejected = "Rejected";

    public static Task OrderedAsync(NpgsqlTransaction transaction, Bytes32 job) => transaction.Connection!.ExecuteAsync(
        "insert into jobs (job) values (@job) on conflict do nothing", new { job }, transaction);

    /// <summary>The chain outranks our rejection: the order was opened by somebody else, or later than we waited.</summary>
    public static Task OpenedAsync(NpgsqlTransaction transaction, Bytes32 job) => transaction.Connection!.ExecuteAsync(
        """
        insert into jobs (job) values (@job)
        on conflict (job) do update set closed_at = null, outcome = null where jobs.outcome = @Rejected;
        update orders set rejected = null where job = @job and rejected is not null;
        """, new { job, Rejected }, transaction);

    /// <summary>Its end was read back from a final block.</summary>
    public static Task CloseAsync(NpgsqlTransaction transaction, Bytes32 job, string outcome) => transaction.Connection!.ExecuteAsync(
        "update jobs set closed_at = now(), outcome = @outcome where job = @job and closed_at is null", new { job, outcome }, transaction);

    /// <summary>An end that was read from one of these blocks may be no end: the retraction came after we had counted its block as final.</summary>
    public static Task ReopenAsync(NpgsqlTransaction transaction, IReadOnlyList<Bytes32> orphaned) => transaction.Connection!.ExecuteAsync(
        """
        update jobs set closed_at = null, outcome = null
        where closed_at is not null and outcome <> @Rejected and job in (select job from feed where block_hash = any(@hashes))
        """, new { hashes = orphaned.Select(h => h.ToArray()).ToArray(), Rejected }, transaction);

    /// <summary>Ends an order that never reached the chain and frees what was kept for it.</summary>
    public static async Task RejectAsync(NpgsqlTransaction transaction, Bytes32 job, string reason)
    {
        // The row lock makes an opening that arrives now wait; the second statement then sees one that came before.
        await transaction.Connection!.ExecuteAsync("select from jobs where job = @job for update", new { job }, transaction);
        await transaction.Connection!.ExecuteAsync(
            """
            with ended as (
                update jobs set closed_at = now(), outcome = @Rejected
                where job = @job and closed_at is null and not exists (select from feed_live f where f.job = @job and f.name = 'JobOpened')
                returning job)
            update orders set rejected = @reason where job in (select job from ended)
            """, new { job, reason, Rejected }, transaction);
    }
}
