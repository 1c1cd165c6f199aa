using Assay.Ethereum.Primitives;
using Assay.Protocol.Messages;
using Dapper;
using Npgsql;

namespace Assay.Indexer.Projections;

/// <summary>
/// Recomputes projections from the live events, for the keys that events touch or for all. Appending, rewinding and rebuilding run the
/// same statements, so they cannot disagree.
/// </summary>
public static class Projector
{
    /// <param name="events">Just written or just withdrawn.</param>
    public static async Task RefreshAsync(NpgsqlTransaction transaction, IReadOnlyCollection<IChainEvent> events)
    {
        if (events.Count == 0)
            return;
        var jobs = events.OfType<IJobEvent>().Where(e => !e.Job.IsZero).Select(e => e.Job).Distinct().ToArray();
        var accounts = events.OfType<LedgerMoved>().Select(e => e.Account).Distinct().ToArray();
        await RefreshAsync(transaction, "= any(@Jobs)", BalancesSql.Given, "= any(@Operators)", new
        {
            Jobs = Bytes(jobs),
            Accounts = Bytes(accounts),
            Operators = Bytes(await OperatorsAsync(transaction, events, jobs, accounts)),
        });
    }

    public static Task RebuildAsync(NpgsqlTransaction transaction) =>
        RefreshAsync(transaction, "is not null", BalancesSql.All, "is not null", new { });

    private static async Task RefreshAsync(NpgsqlTransaction transaction, string jobs, string accounts, string operators, object keys)
    {
        // The operators' figures are taken from the other two, so they come last.
        foreach (var sql in new[] { JobsSql.Refresh(jobs), BalancesSql.Refresh(accounts), OperatorsSql.Refresh(operators) })
            await transaction.Connection!.ExecuteAsync(sql, keys, transaction);
    }

    private static async Task<IReadOnlyCollection<Address>> OperatorsAsync(
        NpgsqlTransaction transaction, IReadOnlyCollection<IChainEvent> events, IReadOnlyCollection<Bytes32> jobs, IReadOnlyCollection<Address> accounts)
    {
        // A job's end moves its operator's exposure although the event itself may name only the client.
        var ofJobs = await transaction.Connection!.QueryAsync<Address>(
            "select distinct operator from job_opened where job = any(@Jobs)", new { Jobs = Bytes(jobs) }, transaction);
        var named = events.Select(e => e switch
        {
            OperatorRegistered o => o.Operator,
            OperatorJoined o => o.Operator,
            OperatorRetired o => o.Operator,
            OperatorStruck o => o.Operator,
            UnbondingRequested o => o.Operator,
            _ => (Address?)null,
        }).OfType<Address>();
        return [.. ofJobs.Concat(named).Concat(accounts).Distinct()];
    }

    private static byte[][] Bytes(IEnumerable<Bytes32> hashes) => [.. hashes.Select(hash => hash.ToArray())];

    private static byte[][] Bytes(IEnumerable<Address> addresses) => [.. addresses.Select(address => address.ToArray())];
}
