using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Dapper;
using Npgsql;

namespace Assay.Indexer.Api;

public enum LineKind { Opening, Movement, Closing }

/// <summary>One line of an account's statement, book by book: the balance before, every movement, the balance after.</summary>
/// <param name="Amount">Signed; of a closing line the sum of the movements.</param>
/// <param name="Balance">Of the book after the line, in token units.</param>
/// <param name="BlockNumber">Of a movement its block; of an opening line the block before the period, of a closing line the last of it.</param>
/// <param name="BlockHash">Left out for the block before the first that is indexed.</param>
/// <param name="Final">The line will not change any more.</param>
public sealed record StatementLine(
    LineKind Kind, Book Book, Reason? Reason, Amount? Amount, Amount Balance, Bytes32? Job,
    ulong BlockNumber, Bytes32? BlockHash, ulong? BlockTime, Bytes32? TransactionHash, uint? LogIndex, bool Final);

internal static class Statements
{
    private const int PageLines = 1000;

    public static void MapStatements(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/accounts/{address}/statement", (IndexerDatabase database, Address address, Book? book, [AsParameters] Period period, string? format, CancellationToken cancellation) =>
                RowStream.Of(database.Stream(connection => LinesAsync(connection, address, book, period), cancellation), format))
            .WithName("getStatement").WithTags("accounts").ProducesRows<StatementLine>()
            .WithSummary("Statement of an account over a period: for each book that was ever moved the opening balance, every movement, the closing balance. Reserved has no movements: it follows from the jobs.");

    private static async IAsyncEnumerable<StatementLine> LinesAsync(NpgsqlConnection connection, Address account, Book? only, Period period)
    {
        var (first, last) = await connection.BlocksAsync(period);
        var before = first == 0 ? null : await connection.FindBlockAsync(first - 1);
        var opening = await BooksAsync(connection, account, before);
        var closing = await BooksAsync(connection, account, last);
        foreach (var book in Enum.GetValues<Book>().Where(book => (only ?? book) == book && (opening.ContainsKey(book) || closing.ContainsKey(book))))
        {
            var balance = opening.GetValueOrDefault(book);
            yield return new(LineKind.Opening, book, null, null, balance, null, first == 0 ? 0 : first - 1, before?.Hash, before?.Time, null, null, before?.Final ?? true);
            var sum = Amount.Zero;
            await foreach (var entry in MovementsAsync(connection, account, book, first, last))
            {
                sum += entry.Amount;
                yield return new(LineKind.Movement, book, entry.Reason, entry.Amount, entry.Balance, entry.Job,
                    entry.BlockNumber, entry.BlockHash, entry.BlockTime, entry.TransactionHash, entry.LogIndex, entry.Final);
            }
            var end = closing.GetValueOrDefault(book);
            yield return new(LineKind.Closing, book, null, book == Book.Reserved ? end - balance : sum, end, null, last.Number, last.Hash, last.Time, null, null, last.Final);
        }
    }

    private static async Task<IReadOnlyDictionary<Book, Amount>> BooksAsync(NpgsqlConnection connection, Address account, BlockView? at)
    {
        if (at is null)
            return new Dictionary<Book, Amount>();
        var books = (await Accounts.BalancesAsync(connection, account, at.Number)).ToDictionary(row => Enum.Parse<Book>(row.Book), row => row.Balance);
        if (await connection.ReservedAsync(at, account) is { IsZero: false } reserved)
            books[Book.Reserved] = reserved;
        return books;
    }

    // Page by page, so that no single query runs as long as its reader is slow.
    private static async IAsyncEnumerable<LedgerEntry> MovementsAsync(NpgsqlConnection connection, Address account, Book book, ulong first, BlockView last)
    {
        var (block, index) = ((long)first, -1);
        while (true)
        {
            var rows = (await connection.QueryAsync<Accounts.LedgerRow>(
                $"""
                {Accounts.LedgerRow.Select}
                where m.account = @account and m.book = @Book and (m.block_number, m.log_index) > (@block, @index) and m.block_number <= @Last
                order by m.block_number, m.log_index limit @PageLines
                """, new { account, Book = book.ToString(), block, index, Last = (long)last.Number, PageLines })).AsList();
            foreach (var row in rows)
                yield return row.Entry();
            if (rows.Count < PageLines)
                yield break;
            (block, index) = (rows[^1].BlockNumber, rows[^1].LogIndex);
        }
    }
}
