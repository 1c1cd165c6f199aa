using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Dapper;
using Npgsql;

namespace Assay.Indexer.Api;

/// <summary>A job that the seed had chosen for a check and that was paid without one.</summary>
/// <param name="Outcome">Unchecked: the drawn re-executors were silent, as the protocol allows. Anything else contradicts the contract's rules.</param>
public sealed record UncheckedJob(
    Bytes32 Job, Address Client, Address Operator, Outcome Outcome, uint RatePpm, Amount Price, ulong EndedAt, Bytes32 TransactionHash, bool Final);

/// <summary>A job that is not at its end.</summary>
/// <param name="AgeSeconds">From its opening to the newest block.</param>
public sealed record UnsettledJob(Bytes32 Job, Address Client, Address Operator, JobState State, ulong OpenedBlock, ulong OpenedAt, ulong AgeSeconds, Bytes32 TransactionHash);

/// <summary>A verdict with the digest of the bundle that it was decided on; whether that bundle is there and gives this verdict shows the command reconcile.</summary>
public sealed record VerdictLine(
    Bytes32 Job, Verdict Verdict, Bytes32 Evidence, ulong BlockNumber, Bytes32 BlockHash, ulong BlockTime, Bytes32 TransactionHash, uint LogIndex, bool Final);

/// <summary>What an auditor asks first about jobs.</summary>
internal static class Findings
{
    private const int PageRows = 500;

    public static void MapFindings(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/reconciliation/unchecked", (IndexerDatabase database, [AsParameters] Period period, string? format, CancellationToken cancellation) =>
                RowStream.Of(database.Stream(connection => UncheckedAsync(connection, period), cancellation), format))
            .WithName("getUnchecked").WithTags("reconciliation").ProducesRows<UncheckedJob>()
            .WithSummary("Jobs ended in a period that should have been checked and were not.");
        routes.MapGet("/reconciliation/unsettled", (IndexerDatabase database, ulong? olderThan, string? format, CancellationToken cancellation) =>
                RowStream.Of(database.Stream(connection => UnsettledAsync(connection, olderThan ?? 0), cancellation), format))
            .WithName("getUnsettled").WithTags("reconciliation").ProducesRows<UnsettledJob>()
            .WithSummary("Jobs that have not ended, the oldest first, at least olderThan seconds old.");
        routes.MapGet("/reconciliation/verdicts", (IndexerDatabase database, [AsParameters] Period period, string? format, CancellationToken cancellation) =>
                RowStream.Of(database.Stream(connection => VerdictsAsync(connection, period), cancellation), format))
            .WithName("getVerdicts").WithTags("reconciliation").ProducesRows<VerdictLine>()
            .WithSummary("Verdicts of a period with the digests of their bundles.");
    }

    public static async IAsyncEnumerable<UncheckedJob> UncheckedAsync(NpgsqlConnection connection, Period period)
    {
        var (first, last) = await connection.BlocksAsync(period);
        var (block, job) = ((long)first, Bytes32.Zero);
        for (IReadOnlyList<JobRow>? rows = null; rows is null or { Count: PageRows };)
        {
            rows = (await connection.QueryAsync<JobRow>(
                $"""
                {JobRow.Select}
                where j.state = 'Released' and j.reexecutor = @Nobody and j.accused_at is null and j.ended_block <= @Last and (j.ended_block, j.job) > (@block, @job)
                order by j.ended_block, j.job limit @PageRows
                """, new { Nobody = Address.Zero, Last = (long)last.Number, block, job, PageRows })).AsList();
            foreach (var view in rows.Select(row => row.View()).Where(view => view.Sampled == true))
                yield return new(view.Job, view.Client, view.Operator, view.Outcome, view.RatePpm, view.Price!.Value, view.EndedAt!.Value, view.EndedTransaction!.Value, view.Final);
            if (rows.Count > 0)
                (block, job) = (rows[^1].EndedBlock!.Value, rows[^1].Job);
        }
    }

    private sealed record UnsettledRow(Bytes32 Job, Address Client, Address Operator, string State, long OpenedBlock, int OpenedLogIndex, long OpenedAt, long Age, Bytes32 Transaction);

    public static async IAsyncEnumerable<UnsettledJob> UnsettledAsync(NpgsqlConnection connection, ulong olderThan)
    {
        var (block, index) = (-1L, -1);
        for (IReadOnlyList<UnsettledRow>? rows = null; rows is null or { Count: PageRows };)
        {
            rows = (await connection.QueryAsync<UnsettledRow>(
                """
                select j.job as "Job", j.client as "Client", j.operator as "Operator", j.state as "State", j.opened_block as "OpenedBlock", j.opened_log_index as "OpenedLogIndex",
                    j.opened_at as "OpenedAt", c.indexed_time - j.opened_at as "Age", j.opened_transaction as "Transaction"
                from jobs j cross join chain c
                where j.ended_block is null and (j.opened_block, j.opened_log_index) > (@block, @index) and c.indexed_time - j.opened_at >= @OlderThan
                order by j.opened_block, j.opened_log_index limit @PageRows
                """, new { block, index, OlderThan = (long)Math.Min(olderThan, long.MaxValue), PageRows })).AsList();
            foreach (var row in rows)
                yield return new(row.Job, row.Client, row.Operator, Enum.Parse<JobState>(row.State), (ulong)row.OpenedBlock, (ulong)row.OpenedAt, (ulong)row.Age, row.Transaction);
            if (rows.Count > 0)
                (block, index) = (rows[^1].OpenedBlock, rows[^1].OpenedLogIndex);
        }
    }

    private sealed record VerdictRow(Bytes32 Job, string Verdict, Bytes32 Evidence, long BlockNumber, Bytes32 BlockHash, long BlockTime, Bytes32 TransactionHash, int LogIndex, bool Final);

    public static async IAsyncEnumerable<VerdictLine> VerdictsAsync(NpgsqlConnection connection, Period period)
    {
        var (first, last) = await connection.BlocksAsync(period);
        var (block, index) = ((long)first, -1);
        for (IReadOnlyList<VerdictRow>? rows = null; rows is null or { Count: PageRows };)
        {
            rows = (await connection.QueryAsync<VerdictRow>(
                """
                select v.job as "Job", v.verdict as "Verdict", v.evidence as "Evidence", v.block_number as "BlockNumber", live.block_hash as "BlockHash",
                    live.block_time as "BlockTime", live.transaction_hash as "TransactionHash", v.log_index as "LogIndex", v.block_number <= c.finalised_number as "Final"
                from verdict_reached v join live using (sequence) cross join chain c
                where v.block_number <= @Last and (v.block_number, v.log_index) > (@block, @index)
                order by v.block_number, v.log_index limit @PageRows
                """, new { Last = (long)last.Number, block, index, PageRows })).AsList();
            foreach (var row in rows)
                yield return new(row.Job, Enum.Parse<Verdict>(row.Verdict), row.Evidence, (ulong)row.BlockNumber, row.BlockHash, (ulong)row.BlockTime, row.TransactionHash, (uint)row.LogIndex, row.Final);
            if (rows.Count > 0)
                (block, index) = (rows[^1].BlockNumber, rows[^1].LogIndex);
        }
    }
}
