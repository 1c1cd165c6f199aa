using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Hosting.Http;
using Assay.Protocol.Chain;
using Dapper;

namespace Assay.Indexer.Api;

/// <summary>The books against the token, after one block, in token units.</summary>
/// <param name="Books">Sum of the balances by book; Reserved is what jobs in flight hold, the max price and the fee of each.</param>
/// <param name="Obligations">Sum over all books.</param>
/// <param name="Movements">Sum of all signed movements; with what is reserved, it equals the obligations unless a movement is missing.</param>
/// <param name="Brought">What deposits, bonds and donations brought less what withdrawals and claims took; equals the obligations unless an event is missing.</param>
/// <param name="Held">What the token says the escrow holds.</param>
/// <param name="Surplus">Held less obligations: tokens sent to the contract past its functions; never negative.</param>
/// <param name="Conserved">Held covers the obligations; movements and reserve, and what was brought, add up to them.</param>
public sealed record ReconciliationAnswer(
    BlockView Block, Address Token, IReadOnlyDictionary<Book, Amount> Books, Amount Obligations, Amount Movements, Amount Brought, Amount Held, Amount Surplus, bool Conserved);

internal static class Reconciliation
{
    public static void MapReconciliation(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/reconciliation", AfterAsync).WithName("getReconciliation").WithTags("reconciliation")
            .ProducesProblem(400).ProducesProblem(404).ProducesProblem(502)
            .WithSummary("Compares the sum of all books with the token's balance of the escrow after a block.");

    private sealed record Sums(string Book, Amount Balance, Amount Moved, Amount Brought);

    // Why tokens come and go; every other movement is between books.
    private static readonly string[] InAndOut =
        [.. new[] { Reason.Deposit, Reason.Withdrawal, Reason.Bonding, Reason.BondWithdrawal, Reason.Claim, Reason.Donation }.Select(reason => reason.ToString())];

    public static async Task<ReconciliationAnswer> AfterAsync(IndexerDatabase database, EscrowOnChain escrow, [AsParameters] AsOf asOf, CancellationToken cancellation)
    {
        var (at, token, reserved, sums) = await database.ReadAsync(async connection =>
        {
            var at = await connection.BlockAsync(asOf);
            return (at, await connection.QuerySingleAsync<Address>("select token from chain"), await connection.ReservedAsync(at), (await connection.QueryAsync<Sums>(
                """
                select book as "Book", sum(balance)::text as "Balance", sum(moved)::text as "Moved", sum(brought)::text as "Brought"
                from (
                    select account, book, sum(amount) as moved, coalesce(sum(amount) filter (where reason = any(@InAndOut)), 0) as brought,
                        (array_agg(balance order by block_number desc, log_index desc))[1] as balance
                    from ledger_moved join live using (sequence) where block_number <= @Number
                    group by account, book) accounts
                group by book
                """, new { at.Number, InAndOut })).AsList());
        }, cancellation);

        var held = await HeldAsync(escrow, token, at);
        var books = Enum.GetValues<Book>().ToDictionary(book => book, book => Amount.Sum(sums.Where(s => s.Book == book.ToString()).Select(s => s.Balance)));
        books[Book.Reserved] = reserved;
        var (obligations, moved, brought) = (Amount.Sum(books.Values), Amount.Sum(sums.Select(s => s.Moved)), Amount.Sum(sums.Select(s => s.Brought)));
        return new(
            at, token, books, obligations, moved, brought, held, held - obligations,
            held >= obligations && moved + reserved == obligations && brought == obligations);
    }

    private static async Task<Amount> HeldAsync(EscrowOnChain escrow, Address token, BlockView at)
    {
        try
        {
            return await escrow.HoldingAsync(token, at.Hash);
        }
        catch (Exception e) when (e is RpcTransportException or JsonRpcException)
        {
            throw new ProblemException(502, "chain_unavailable", $"The node did not tell the balance after block {at.Number}: {e.Message}");
        }
    }
}
