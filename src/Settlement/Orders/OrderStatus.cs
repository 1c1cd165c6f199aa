using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Assay.Settlement.Payouts;
using Dapper;

namespace Assay.Settlement.Orders;

/// <summary>An event of the job in a block.</summary>
/// <param name="IsFinal">Its block will not be withdrawn any more.</param>
public sealed record JobTransaction(string Event, Bytes32 Transaction, ulong Block, bool IsFinal);

/// <param name="State">The contract's state; Pending before it is open, Rejected when it will never be.</param>
/// <param name="Reason">Why the job ended as it did, in a stable word.</param>
/// <param name="OutputsRoot">Digest of the outputs, once the contract has made it public.</param>
/// <param name="Closed">The end was read back from a final block.</param>
/// <param name="Refused">Steps that the contract refused, newest first.</param>
public sealed record OrderStatus(
    Bytes32 Job, string State, Outcome Outcome, bool Closed, IReadOnlyList<JobTransaction> Transactions, IReadOnlyList<RefusedStep> Refused,
    string? Reason = null, Address? Client = null, Address? Operator = null, Amount? Price = null, Bytes32? OutputsRoot = null, ulong? Units = null);

public sealed record RefusedStep(Transition Step, string Code);

/// <summary>What is known of one job, for its client.</summary>
public sealed class OrderBook(SettlementDatabase database)
{
    private sealed record EndRow(string? Rejected, bool Closed);
    private sealed record EventRow(string Name, string Hash, long Block, bool Final);

    /// <summary>Null for a job that neither we nor the chain know.</summary>
    public async Task<OrderStatus?> FindAsync(Bytes32 job, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        if (await JobViews.OfAsync(connection, job) is not { } view) return null;
        var end = await connection.QuerySingleAsync<EndRow>(
            "select o.rejected as Rejected, j.closed_at is not null as Closed from jobs j left join orders o on o.job = j.job where j.job = @job", new { job });
        var events = await connection.QueryAsync<EventRow>(
            """
            select name as Name, body->'at'->>'transactionHash' as Hash, block_number as Block, final as Final
            from feed_live where job = @job order by block_number, log_index
            """, new { job });
        var chain = view.Chain;
        return new OrderStatus(
            job, StateOf(chain.State, end.Rejected), chain.Outcome, end.Closed,
            [.. events.Select(e => new JobTransaction(e.Name, Bytes32.Parse(e.Hash), (ulong)e.Block, e.Final))],
            [.. view.Refusals.Where(r => r.Transition != Transition.RecordSeed).Select(r => new RefusedStep(r.Transition, r.Code))],
            chain.IsFinal ? chain.Outcome.ToString() : end.Rejected, chain.Opened?.Client ?? view.Order?.Document.Client, chain.Opened?.Operator,
            chain.Released?.Price, chain.Released?.OutputsRoot ?? chain.Claim?.OutputsRoot, chain.Released?.Units ?? chain.Claim?.Units);
    }

    public static string StateOf(JobState state, string? rejected) =>
        state != JobState.None ? state.ToString() : rejected is null ? "Pending" : "Rejected";
}
