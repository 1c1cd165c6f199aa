using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Dapper;
using Npgsql;

namespace Assay.Indexer.Api;

public enum InvoiceKind { Job, Total }

/// <summary>One job that ended in the period and whose money was reserved from the account, or the sum of them as the last line. Amounts in token units.</summary>
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
            .WithSummary("What an account paid for the jobs that ended in a period, for example month=2026-11, in the order of their openings, and the sum.");

    private sealed record Row(
        Bytes32 Job, Address Operator, Bytes32 Workload, string Outcome, ulong? Units, Amount UnitPrice, Amount? Price, Amount Charged,
        long BlockNumber, Bytes32 BlockHash, long BlockTime, Bytes32 TransactionHash, int LogIndex, bool Final, long ReservedBlock, int ReservedIndex)
    {
        public InvoiceLine Line() => new(
            InvoiceKind.Job, Job, Operator, Workload, Enum.Parse<Outcome>(Outcome), Units, UnitPrice, Price, Charged,
            (ulong)BlockNumber, BlockHash, (ulong)BlockTime, TransactionHash, (uint)LogIndex, Final);
    }

    private static async IAsyncEnumerable<InvoiceLine> LinesAsync(NpgsqlConnection connection, Address account, Period period)
    {
        var (first, last) = await connection.BlocksAsync(period);
        var (charged, final, block, index) = (Amount.Zero, last.Final, -1L, -1);
        for (IReadOnlyList<Row>? rows = null; rows is null or { Count: PageJobs };)
        {
            rows = await PageAsync(connection, account, (long)first, (long)last.Number, block, index);
            foreach (var row in rows)
            {
                charged += row.Charged;
                yield return row.Line();
            }
            if (rows.Count > 0)
                (block, index) = (rows[^1].ReservedBlock, rows[^1].ReservedIndex);
        }
        yield return new(InvoiceKind.Total, null, null, null, null, null, null, null, charged, last.Number, last.Hash, last.Time, null, null, final);
    }

    // Whoever's money was reserved pays; the last of a job's end events is the one that counts.
    private static async Task<IReadOnlyList<Row>> PageAsync(NpgsqlConnection connection, Address account, long first, long last, long block, int index) =>
        (await connection.QueryAsync<Row>(
            """
            select j.job as "Job", j.operator as "Operator", j.workload as "Workload", j.outcome as "Outcome", j.units::text as "Units",
                j.unit_price::text as "UnitPrice", j.price::text as "Price",
                (select -sum(p.amount) from ledger_moved p join live using (sequence) where p.job = j.job and p.account = m.account and p.book = 'Available')::text as "Charged",
                ended.block_number as "BlockNumber", ended.block_hash as "BlockHash", ended.block_time as "BlockTime", ended.transaction_hash as "TransactionHash",
                ended.log_index as "LogIndex", ended.block_number <= c.finalised_number as "Final", m.block_number as "ReservedBlock", m.log_index as "ReservedIndex"
            from ledger_moved m
            join live using (sequence)
            join jobs j on j.job = m.job and j.ended_block between @first and @last
            cross join chain c
            cross join lateral (
                select e.* from events e
                where e.job = j.job and e.name in ('RewardReleased', 'JobRefunded', 'StakeSlashed') and e.orphaned_by is null
                order by e.block_number desc, e.log_index desc limit 1) ended
            where m.account = @account and m.book = 'Available' and m.reason = 'Reservation' and (m.block_number, m.log_index) > (@block, @index)
            order by m.block_number, m.log_index limit @PageJobs
            """, new { account, first, last, block, index, PageJobs })).AsList();
}
