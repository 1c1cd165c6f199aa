using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Dapper;

namespace Assay.Indexer.Api;

/// <param name="Amount">Sum of the signed movements, in token units.</param>
public sealed record ReasonSum(Book Book, Reason Reason, uint Movements, Amount Amount);

/// <summary>What an operator earned, paid and lost in a period, by book and reason. The lines are those of its statement.</summary>
/// <param name="First">First block of the period.</param>
/// <param name="Earned">Everything that came into the book Earned.</param>
/// <param name="Claimed">What was paid out of it.</param>
/// <param name="Lost">What slashes, penalties and cases took of the bond.</param>
public sealed record EarningsAnswer(Address Operator, ulong First, BlockView Last, Amount Earned, Amount Claimed, Amount Lost, IReadOnlyList<ReasonSum> Sums);

internal static class Earnings
{
    public static void MapEarnings(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/operators/{address}/earnings", AnswerAsync).WithName("getEarnings").WithTags("operators").ProducesProblem(400).ProducesProblem(404)
            .WithSummary("Earnings and losses of an operator over a period, for example month=2026-11.");

    private sealed record Row(string Book, string Reason, long Movements, Amount Amount)
    {
        public ReasonSum Sum() => new(Enum.Parse<Book>(Book), Enum.Parse<Reason>(Reason), (uint)Movements, Amount);
    }

    private static Task<EarningsAnswer> AnswerAsync(IndexerDatabase database, Address address, [AsParameters] Period period, CancellationToken cancellation) =>
        database.ReadAsync(async connection =>
        {
            var (first, last) = await connection.BlocksAsync(period);
            var sums = (await connection.QueryAsync<Row>(
                """
                select book as "Book", reason as "Reason", count(*) as "Movements", sum(amount)::text as "Amount"
                from ledger_moved join live using (sequence)
                where account = @address and book in ('Earned', 'Bond', 'Locked') and block_number between @First and @Last
                group by book, reason order by book, reason
                """, new { address, First = (long)first, Last = (long)last.Number })).Select(row => row.Sum()).ToList();
            return new EarningsAnswer(
                address, first, last,
                Total(sums, sum => sum is { Book: Book.Earned, Reason: not Reason.Claim }),
                -Total(sums, sum => sum is { Book: Book.Earned, Reason: Reason.Claim }),
                // What a case locks goes from one book to the other.
                -Total(sums, sum => sum is { Book: Book.Bond or Book.Locked, Reason: not (Reason.Bonding or Reason.BondWithdrawal) }),
                sums);
        }, cancellation);

    private static Amount Total(IEnumerable<ReasonSum> sums, Func<ReasonSum, bool> which) => Amount.Sum(sums.Where(which).Select(sum => sum.Amount));
}
