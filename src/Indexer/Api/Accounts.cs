using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Dapper;
using Npgsql;

namespace Assay.Indexer.Api;

/// <summary>The books of one account after a block, in token units.</summary>
/// <param name="Books">Balance by book; a book that was never moved is zero. Reserved is the max price and fee of each of the account's jobs in flight.</param>
public sealed record AccountAnswer(Address Account, BlockView Block, IReadOnlyDictionary<Book, Amount> Books);

/// <summary>One movement of one book. Reserved has none: it follows from the jobs.</summary>
/// <param name="Job">Left out where the movement belongs to no job.</param>
/// <param name="Balance">Of the book, after the movement.</param>
public sealed record LedgerEntry(
    Bytes32? Job, Book Book, Reason Reason, Amount Amount, Amount Balance, ulong BlockNumber, Bytes32 BlockHash, ulong BlockTime, Bytes32 TransactionHash, uint LogIndex, bool Final);

internal static class Accounts
{
    public static void MapAccounts(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/accounts/{address}", OneAsync).WithName("getAccount").WithTags("accounts").ProducesProblem(400).ProducesProblem(404)
            .WithSummary("Balances of an account after a block or at a time, now by default.");
        routes.MapGet("/accounts/{address}/ledger", LedgerAsync).WithName("getLedger").WithTags("accounts").ProducesProblem(400).ProducesProblem(404)
            .WithSummary("Movements of an account's books, newest first, filtered by book or reason.");
    }

    private static Task<AccountAnswer> OneAsync(IndexerDatabase database, Address address, [AsParameters] AsOf asOf, CancellationToken cancellation) =>
        database.ReadAsync(async connection =>
        {
            var at = await connection.BlockAsync(asOf);
            var books = Enum.GetValues<Book>().ToDictionary(book => book, _ => Amount.Zero);
            foreach (var (book, balance) in await BalancesAsync(connection, address, asOf is { Block: null, Time: null } ? null : at.Number))
                books[Enum.Parse<Book>(book)] = balance;
            books[Book.Reserved] = await connection.ReservedAsync(at, address);
            return new AccountAnswer(address, at, books);
        }, cancellation);

    internal static Task<IEnumerable<(string Book, Amount Balance)>> BalancesAsync(NpgsqlConnection connection, Address account, ulong? block) =>
        block is null
            ? connection.QueryAsync<(string, Amount)>("select book, balance::text from balances where account = @account", new { account })
            : connection.QueryAsync<(string, Amount)>(
                """
                select distinct on (book) book, balance::text from ledger_moved join live using (sequence)
                where account = @account and block_number <= @block
                order by book, block_number desc, log_index desc
                """, new { account, block });

    internal sealed record LedgerRow(
        Bytes32 Job, string Book, string Reason, Amount Amount, Amount Balance,
        long BlockNumber, Bytes32 BlockHash, long BlockTime, Bytes32 TransactionHash, int LogIndex, bool Final)
    {
        public const string Select =
            """
            select m.job as "Job", m.book as "Book", m.reason as "Reason", m.amount::text as "Amount", m.balance::text as "Balance",
                m.block_number as "BlockNumber", live.block_hash as "BlockHash", live.block_time as "BlockTime",
                live.transaction_hash as "TransactionHash", m.log_index as "LogIndex", m.block_number <= c.finalised_number as "Final"
            from ledger_moved m join live using (sequence) cross join chain c
            """;

        public LedgerEntry Entry() => new(
            Job.IsZero ? null : Job, Enum.Parse<Book>(Book), Enum.Parse<Reason>(Reason), Amount, Balance,
            (ulong)BlockNumber, BlockHash, (ulong)BlockTime, TransactionHash, (uint)LogIndex, Final);
    }

    private static async Task<Page<LedgerEntry>> LedgerAsync(
        IndexerDatabase database, Address address, Book? book, Reason? reason, [AsParameters] AsOf asOf, string? after, int? limit, CancellationToken cancellation)
    {
        var (cursor, count) = (Cursor.Parse(after), Paging.Limit(limit));
        var rows = await database.ReadAsync(async connection => (await connection.QueryAsync<LedgerRow>(
            $"""
            {LedgerRow.Select}
            where m.account = @address and (m.block_number, m.log_index) < (@Block, @LogIndex) and m.block_number <= @At
                {(book is null ? "" : "and m.book = @Book")} {(reason is null ? "" : "and m.reason = @Reason")}
            order by m.block_number desc, m.log_index desc limit @Take
            """,
            new
            {
                address, cursor.Block, cursor.LogIndex, (await connection.PastAsync(asOf)).At, Take = count + 1, Book = book?.ToString(), Reason = reason?.ToString(),
            })).AsList(), cancellation);
        return Paging.Of(rows, count, row => row.Entry(), row => new Cursor(row.BlockNumber, row.LogIndex).ToString());
    }
}
