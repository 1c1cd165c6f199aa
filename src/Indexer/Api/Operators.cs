using Assay.Ethereum.Primitives;
using Assay.Hosting.Http;
using Assay.Protocol.Chain;
using Dapper;

namespace Assay.Indexer.Api;

/// <summary>An operator with its money and its two records: clean checks, and silence (no-shows, strikes).</summary>
/// <param name="Exposure">Sum of the max prices of its jobs in flight.</param>
/// <param name="UnbondsAt">Unix seconds; left out while nothing unbonds.</param>
public sealed record OperatorView(
    Address Operator, Address Signer, Address Payout, ulong RegisteredBlock, uint? Place, Address? Cluster, bool Active, bool Jailed,
    Amount Bond, Amount Locked, Amount Earned, Amount Unbonding, ulong? UnbondsAt, Amount Exposure,
    uint Clean, uint NoShows, uint Strikes, uint Jobs, uint Released, uint Refunded, uint Slashed);

internal static class Operators
{
    private const string Select =
        """
        select o.operator as "Operator", o.signer as "Signer", o.payout as "Payout", o.registered_block as "RegisteredBlock", o.place as "Place",
            o.cluster as "Cluster", o.active as "Active", o.jailed as "Jailed",
            coalesce(bond.balance, 0)::text as "Bond", coalesce(locked.balance, 0)::text as "Locked", coalesce(earned.balance, 0)::text as "Earned",
            o.unbonding::text as "Unbonding", case when o.unbonding > 0 then o.unbonds_at::text end as "UnbondsAt", o.exposure::text as "Exposure",
            o.clean as "Clean", o.no_shows as "NoShows", o.strikes as "Strikes",
            o.jobs as "Jobs", o.released as "Released", o.refunded as "Refunded", o.slashed as "Slashed"
        from operators o
        left join balances bond on bond.account = o.operator and bond.book = 'Bond'
        left join balances locked on locked.account = o.operator and locked.book = 'Locked'
        left join balances earned on earned.account = o.operator and earned.book = 'Earned'
        """;

    public static void MapOperators(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/operators", ListAsync).WithName("listOperators").WithTags("operators").ProducesProblem(400).ProducesProblem(404)
            .WithSummary("Operators by address; next is the address to go on after.");
        routes.MapGet("/operators/{address}", OneAsync).WithName("getOperator").WithTags("operators").ProducesProblem(400).ProducesProblem(404)
            .WithSummary("One operator.");
    }

    private static async Task<Page<OperatorView>> ListAsync(
        IndexerDatabase database, bool? active, [AsParameters] AsOf asOf, Address? after, int? limit, CancellationToken cancellation)
    {
        var count = Paging.Limit(limit);
        var rows = await database.ReadAsync(async connection =>
        {
            var past = await connection.PastAsync(asOf);
            return (await connection.QueryAsync<OperatorView>(
                $"""
                {past.With} {Select} where true {(after is null ? "" : "and o.operator > @after")} {(active is null ? "" : "and o.active = @active")}
                order by o.operator limit @Take
                """, new { after, active, Take = count + 1, past.At })).AsList();
        }, cancellation);
        return Paging.Of(rows, count, row => row, row => row.Operator.ToString());
    }

    private static Task<OperatorView> OneAsync(IndexerDatabase database, Address address, [AsParameters] AsOf asOf, CancellationToken cancellation) =>
        database.ReadAsync(async connection =>
        {
            var past = await connection.PastAsync(asOf);
            return await connection.QuerySingleOrDefaultAsync<OperatorView>($"{past.With} {Select} where o.operator = @address", new { address, past.At })
                ?? throw new ProblemException(404, "operator_not_found", $"{address} is not a registered operator.");
        }, cancellation);
}
