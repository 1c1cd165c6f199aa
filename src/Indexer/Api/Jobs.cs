using System.Text.Json;
using Assay.Ethereum.Primitives;
using Assay.Hosting.Http;
using Assay.Protocol.Chain;
using Dapper;
using Microsoft.AspNetCore.Mvc;
using Npgsql;

namespace Assay.Indexer.Api;

/// <summary>A job as the chain tells it. Times are Unix seconds; what has not happened is left out. The record that calls about the job carry is among its fields.</summary>
/// <param name="Fee">Reserved beside the max price.</param>
/// <param name="RatePpm">Sampling rate in parts per million, frozen at the opening like the roster's length.</param>
/// <param name="Version">Of the parameters under which the job was opened.</param>
/// <param name="Sampled">Whether the job is checked by a drawn re-executor; left out until the seed that decides it is recorded.</param>
/// <param name="Epoch">Of the submission.</param>
/// <param name="Bound">Payer, pool or witness are named.</param>
/// <param name="Payer">Whose money it is, if not the client's own.</param>
/// <param name="Pool">Whose members only may order and work, if it is not everybody.</param>
/// <param name="Final">The transaction that ended the job is final.</param>
public sealed record JobView(
    Bytes32 Job, Address Client, Address Operator, Address NodeKey, Bytes32 Workload, Bytes32 Policy, Comparison Comparison,
    Amount UnitPrice, Amount MaxPrice, Amount Fee, uint RunWindow, uint RatePpm, uint RosterLength, uint Version, JobState State, Outcome Outcome, bool? Sampled, bool Final,
    ulong OpenedBlock, ulong OpenedAt, Bytes32 OpenedTransaction,
    ulong? SubmittedAt, Bytes32? SubmittedTransaction, Bytes32? Commitment, Bytes32? Manifest, ulong? Epoch,
    Address? Accuser, ulong? AccusedAt, Bytes32? AccusedTransaction,
    Verdict? Verdict, Bytes32? Evidence, ulong? VerdictAt, Bytes32? VerdictTransaction,
    Bytes32? OutputsRoot, ulong? Units, Amount? Price, Address? Reexecutor, Amount? Refund, Amount? Penalty,
    Amount? Slashed, Amount? Compensation, Amount? AccuserReward, Amount? Insured,
    ulong? EndedAt, Bytes32? EndedTransaction,
    bool Bound = false, Address? Payer = null, uint? Pool = null, Address? Witness = null);

/// <summary>One event of a job's history. <see cref="Orphaned"/>: its block is no longer part of the chain.</summary>
/// <param name="Data">The event's own fields.</param>
public sealed record HistoryEntry(
    string Event, ulong BlockNumber, Bytes32 BlockHash, ulong BlockTime, Bytes32 TransactionHash, uint LogIndex, bool Final, bool Orphaned, JsonElement Data);

public sealed record JobAnswer(JobView Job, IReadOnlyList<Bytes32> Transactions, IReadOnlyList<HistoryEntry> History);

internal static class Jobs
{
    public static void MapJobs(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/jobs", ListAsync).WithName("listJobs").WithTags("jobs").ProducesProblem(400)
            .WithSummary("Jobs, newest first, filtered by state, outcome, client or operator.");
        routes.MapGet("/jobs/{job}", OneAsync).WithName("getJob").WithTags("jobs").ProducesProblem(400).ProducesProblem(404)
            .WithSummary("One job with its history, the transactions and the finality of each.");
    }

    private static async Task<Page<JobView>> ListAsync(
        IndexerDatabase database, JobState? state, Outcome? outcome, Address? client, [FromQuery(Name = "operator")] Address? operatorAddress,
        [AsParameters] AsOf asOf, string? after, int? limit, CancellationToken cancellation)
    {
        var (cursor, count) = (Cursor.Parse(after), Paging.Limit(limit));
        var rows = await database.ReadAsync(async connection =>
        {
            var past = await connection.PastAsync(asOf);
            return (await connection.QueryAsync<JobRow>(
                $"""
                {past.With} {JobRow.Select}
                where (j.opened_block, j.opened_log_index) < (@Block, @LogIndex)
                    {(state is null ? "" : "and j.state = @State")} {(outcome is null ? "" : "and j.outcome = @Outcome")}
                    {(client is null ? "" : "and j.client = @Client")} {(operatorAddress is null ? "" : "and j.operator = @Operator")}
                order by j.opened_block desc, j.opened_log_index desc limit @Take
                """,
                new
                {
                    cursor.Block, cursor.LogIndex, State = state?.ToString(), Outcome = outcome?.ToString(),
                    Client = client, Operator = operatorAddress, Take = count + 1, past.At,
                })).AsList();
        }, cancellation);
        return Paging.Of(rows, count, row => row.View(), row => new Cursor(row.OpenedBlock, row.OpenedLogIndex).ToString());
    }

    private static Task<JobAnswer> OneAsync(
        IndexerDatabase database, Bytes32 job, bool? orphaned, [AsParameters] AsOf asOf, CancellationToken cancellation) =>
        database.ReadAsync(async connection =>
        {
            var past = await connection.PastAsync(asOf);
            var row = await connection.QuerySingleOrDefaultAsync<JobRow>($"{past.With} {JobRow.Select} where j.job = @job", new { job, past.At })
                ?? throw new ProblemException(404, "job_not_found", $"No job {job} has been opened.");
            var history = await HistoryAsync(connection, job, past.At, orphaned ?? false);
            return new JobAnswer(row.View(), [.. history.Where(e => !e.Orphaned).Select(e => e.TransactionHash).Distinct()], history);
        }, cancellation);

    private sealed record EventRow(
        string Name, long BlockNumber, Bytes32 BlockHash, long BlockTime, Bytes32 TransactionHash, int LogIndex, bool Final, bool Orphaned, string Data);

    private static async Task<IReadOnlyList<HistoryEntry>> HistoryAsync(NpgsqlConnection connection, Bytes32 job, long at, bool orphaned)
    {
        var rows = await connection.QueryAsync<EventRow>(
            $"""
            select e.name as "Name", e.block_number as "BlockNumber", e.block_hash as "BlockHash", e.block_time as "BlockTime",
                e.transaction_hash as "TransactionHash", e.log_index as "LogIndex",
                e.orphaned_by is null and e.block_number <= c.finalised_number as "Final", e.orphaned_by is not null as "Orphaned",
                (e.body - 'at' - 'job')::text as "Data"
            from events e cross join chain c
            where e.job = @job and e.block_number <= @at {(orphaned ? "" : "and e.orphaned_by is null")}
            order by e.block_number, e.log_index, e.sequence
            """, new { job, at });
        return [.. rows.Select(row => new HistoryEntry(
            row.Name, (ulong)row.BlockNumber, row.BlockHash, (ulong)row.BlockTime, row.TransactionHash, (uint)row.LogIndex, row.Final, row.Orphaned,
            JsonSerializer.Deserialize<JsonElement>(row.Data)))];
    }
}
