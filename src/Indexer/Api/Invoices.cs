using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Dapper;
using Npgsql;

namespace Assay.Indexer.Api;

public enum InvoiceKind { Job, Total }

/// <summary>One job that ended in the period and that the account paid for, or the sum of them as the last line. Amounts in token units.</summary>
/// <param name="Charged">What the account paid for the job in the end: reserved less returned, compensation included; negative where it got more than it paid.</param>
/// <param name="Price">Of the work, paid to the operator.</param>
/// <param name="BlockNumber">Of the event that ended the job, like the rest of the place.</param>
public sealed record InvoiceLine(
    InvoiceKind Kind, Bytes32? Job, Address? Operator, Bytes32? Workload, Outcome? Outcome, ulong? Units, Amount? UnitPrice, Amount? Price, Amount Charged,
    ulong? BlockNumber, Bytes32? BlockHash, ulong? BlockTime, Bytes32? TransactionHash, uint? LogIndex, bool Final);

internal static class Invoices
{
    private const int PageJobs = 500;

    public static void MapInvoices(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/accounts/{address}/invoice", (IndexerDatabase database, Address address, [AsParameters] Period period, string? format, CancellationToken cancellation) =>
                RowStream.Of(database.Stream(connection => LinesAsync(connection, address, period), cancellation), format))
            .WithName("getInvoice").WithTags("accounts").ProducesRows<InvoiceLine>()
            .WithSummary("What an account paid for the jobs that ended in a period, for example month=2026-11, in the order of their ends, and the sum.");

    private sealed record Row(
        Bytes32 Job, Address Operator, Bytes32 Workload, string Outcome, ulong? Units, Amount UnitPrice, Amount? Price, Amount Charged,
        long BlockNumber, Bytes32 BlockHash, long BlockTime, Bytes32 TransactionHash, int LogIndex, bool Final)
    {
        public InvoiceLine Line() => new(
            InvoiceKind.Job, Job, Operator, Workload, Enum.Parse<Outcome>(Outcome), Units, UnitPrice, Price, Charged,
            (ulong)BlockNumber, BlockHash, (ulong)BlockTime, TransactionHash, (uint)LogIndex, Final);
    }

    private static async IAsyncEnumerable<InvoiceLine> LinesAsync(NpgsqlConnection connection, Address account, Period period)
    {
        var (first, last) = await connection.BlocksAsync(period);
        var (charged, block, job) = (Amount.Zero, (long)first, Bytes32.Zero);
        for (IReadOnlyList<Row>? rows = null; rows is null or { Count: PageJobs };)
        {
            rows = await PageAsync(connection, account, (long)last.Number, block, job);
            foreach (var row in rows)
            {
                charged += row.Charged;
                yield return row.Line();
            }
            if (rows.Count > 0)
                (block, job) = (rows[^1].BlockNumber, rows[^1].Job);
        }
        yield return new(InvoiceKind.Total, null, null, null, null, null, null, null, charged, last.Number, last.Hash, last.Time, null, null, last.Final);
    }

    private static async Task<IReadOnlyList<Row>> PageAsync(NpgsqlConnection connection, Address account, long last, long block, Bytes32 job) =>
        (await connection.QueryAsync<Row>(
            """
            select j.job as "Job", j.operator as "Operator", j.workload as "Workload", j.outcome as "Outcome", j.units::text as "Units",
                j.unit_price::text as "UnitPrice", j.price::text as "Price",
                (select -sum(p.amount) from ledger_moved p join live using (sequence) where p.job = j.job and p.account = j.purse and p.book = 'Available')::text as "Charged",
                ended.block_number as "BlockNumber", ended.block_hash as "BlockHash", ended.block_time as "BlockTime", ended.transaction_hash as "TransactionHash",
                ended.log_index as "LogIndex", ended.block_number <= c.finalised_number as "Final"
            from jobs j cross join chain c
            cross join lateral (
                select e.* from events e
                where e.job = j.job and e.name in ('RewardReleased', 'JobRefunded', 'StakeSlashed') and e.orphaned_by is null
                order by e.block_number desc, e.log_index desc limit 1) ended
            where j.purse = @account and j.ended_block <= @last and (j.ended_block, j.job) > (@block, @job)
            order by j.ended_block, j.job limit @PageJobs
            """, new { account, last, block, job, PageJobs })).AsList();
}
