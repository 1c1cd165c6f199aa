using Assay.Ethereum.Primitives;
using Assay.Hosting.Messaging;
using Assay.Protocol.Chain;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Assay.Settlement.Books;

/// <param name="Spendable">Available less what orders will take that are not open yet.</param>
/// <param name="Balances">Every book of the account, after the newest block that was read.</param>
public sealed record AccountStatus(Address Account, Amount Spendable, IReadOnlyDictionary<Book, Amount> Balances, ulong HeadNumber, ulong FinalisedNumber);

public static class BooksEndpoints
{
    public static void MapBooks(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/settlement/accounts/{address}", AccountAsync).WithSummary("An account's books as read from the chain, and what it can still spend.");
        routes.MapGet("/settlement/reconciliation", ReconcileAsync).WithSummary("Compares every book with the contract's views at the last final block, now.");
    }

    private static async Task<Ok<AccountStatus>> AccountAsync(
        Address address, SettlementDatabase database, Feed<SettlementDatabase> feed, CancellationToken cancellation) =>
        TypedResults.Ok(await database.InTransactionAsync(async transaction =>
        {
            var clock = await feed.ClockAsync(transaction);
            var balances = await Ledger.BalancesAsync(transaction.Connection!, long.MaxValue, address);
            var spendable = await Ledger.SpendableAsync(address, transaction);
            var reserved = Reserves.Of(await Reserves.InFlightAsync(transaction.Connection!, long.MaxValue)).Where(b => b.Account == address);
            return new AccountStatus(address, spendable, balances.Concat(reserved).ToDictionary(b => b.Book, b => b.Balance), clock.HeadNumber, clock.FinalisedNumber);
        }, cancellation));

    private static async Task<Ok<ReconciliationReport>> ReconcileAsync(Reconciliation reconciliation, CancellationToken cancellation) =>
        TypedResults.Ok(await reconciliation.CompareAsync(cancellation));
}
