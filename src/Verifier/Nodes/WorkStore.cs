using System.Text.Json;
using Assay.Ethereum.Primitives;
using Assay.Hosting;
using Assay.Protocol.Chain;
using Assay.Protocol.Nodes;
using Assay.Verifier.Redundancy;
using Dapper;
using Npgsql;

namespace Assay.Verifier.Nodes;

/// <summary>Work that stands open for operators, and its leases.</summary>
public sealed class WorkStore(VerifierOptions options)
{
    private sealed record StandingRow(Address Operator, long InFlight, DateTime? SeenAt, DateTime? LapsedAt, DateTime? OfferedAt, bool IsAccused);
    private sealed record OpenRow(string Id, string? Claim);
    private sealed record LeaseRow(string Id, string Kind, Bytes32 Job, string Order, byte[] Signature, int Round, int Seat, string? Claim);

    /// <summary>The same for the same work, so that a node knows what it was given before.</summary>
    public static string IdOf(Bytes32 job, Ask ask) =>
        $"{ask.Kind}-{job.ToString()[2..]}-{ask.Round}-{ask.Seat}-{ask.Number}-{ask.Operator.ToLowerString()[2..]}".ToLowerInvariant();

    public async Task<IReadOnlyDictionary<Address, Standing>> StandingsAsync(NpgsqlTransaction transaction) =>
        (await transaction.Connection!.QueryAsync<StandingRow>(
            """
            select coalesce(h.operator, n.operator, a.operator) as Operator, coalesce(h.count, 0) as InFlight,
                n.seen_at as SeenAt, n.lapsed_at as LapsedAt, n.offered_at as OfferedAt, a.operator is not null as IsAccused
            from (select holder as operator, count(*) from jobs where active and holder is not null group by holder) h
            full join nodes n on n.operator = h.operator
            full join (select distinct accused as operator from jobs where accused is not null) a on a.operator = coalesce(h.operator, n.operator)
            """, transaction: transaction))
        .ToDictionary(r => r.Operator, r => new Standing((int)r.InFlight, r.SeenAt, r.LapsedAt, r.OfferedAt, r.IsAccused));

    public async Task LapseAsync(NpgsqlTransaction transaction, string id, Address @operator, DateTimeOffset now) =>
        await transaction.Connection!.ExecuteAsync(
            """
            update work set state = 'Lapsed', closed_at = @now where id = @id and state = 'Open';
            insert into nodes (operator, lapsed_at) values (@operator, @now) on conflict (operator) do update set lapsed_at = @now;
            """, new { id, @operator, now }, transaction);

    /// <summary>Makes the open work of a job what is asked: opens what is new or is needed again, withdraws the rest. True when something was opened.</summary>
    public async Task<bool> ReconcileAsync(NpgsqlTransaction transaction, Bytes32 job, IReadOnlyList<Ask> asked, DateTimeOffset now)
    {
        var ids = asked.Select(ask => IdOf(job, ask)).ToArray();
        await transaction.Connection!.ExecuteAsync(
            "update work set state = 'Withdrawn', closed_at = @now where job = @job and state = 'Open' and not id = any(@ids)",
            new { job, ids, now }, transaction);
        var opened = 0;
        foreach (var ask in asked)
            opened += await OpenAsync(transaction, job, ask, now);
        return opened > 0;
    }

    // A refused or lapsed offer stands. Other refused work is asked again as long as it is needed: a node that could not fetch what our store lacked
    // for a while must not count as silent. What was answered is asked again only when a reorg made the answer worthless.
    private async Task<int> OpenAsync(NpgsqlTransaction transaction, Bytes32 job, Ask ask, DateTimeOffset now)
    {
        var claim = ask.Claim is null ? null : JsonSerializer.Serialize(ask.Claim, AssayJson.Options);
        var opened = await transaction.Connection!.ExecuteAsync(
            """
            insert into work (id, job, kind, operator, round, seat, number, claim, state, created_at)
            values (@id, @job, @kind, @Operator, @round, @seat, @Number, @claim::jsonb, 'Open', @now)
            on conflict (id) do update set state = 'Open', claim = excluded.claim, leased_until = null, closed_at = null
            where work.state in ('Done', 'Withdrawn') or (work.state = 'Open' and work.claim is distinct from excluded.claim)
                or (work.state = 'Refused' and work.kind <> 'Offer' and work.closed_at <= @refusedBefore)
            """,
            new
            {
                id = IdOf(job, ask), job, kind = ask.Kind.ToString(), ask.Operator, round = (int)ask.Round, seat = (int)ask.Seat, ask.Number, claim, now,
                refusedBefore = now.AddSeconds(-options.Nodes.LeaseSeconds),
            }, transaction);
        if (opened > 0 && ask.Kind == WorkKind.Offer)
            await transaction.Connection!.ExecuteAsync(
                "insert into nodes (operator, offered_at) values (@Operator, @now) on conflict (operator) do update set offered_at = @now",
                new { ask.Operator, now }, transaction);
        return opened;
    }

    public async Task<IReadOnlyList<WorkItem>> LeaseAsync(NpgsqlTransaction transaction, Address @operator, int capacity, DateTimeOffset now)
    {
        var rows = await transaction.Connection!.QueryAsync<LeaseRow>(
            """
            with chosen as (
                select id from work where operator = @operator and state = 'Open' and (leased_until is null or leased_until <= @now)
                order by created_at limit @capacity for update skip locked),
            leased as (
                update work w set leased_until = @until from chosen c where w.id = c.id
                returning w.id, w.kind, w.job, w.round, w.seat, w.claim, w.created_at)
            select l.id, l.kind, l.job, j.order_body::text as Order, j.order_signature as Signature, l.round, l.seat, l.claim::text as Claim
            from leased l join jobs j on j.job = l.job order by l.created_at
            """,
            new { @operator, capacity, now, until = now.AddSeconds(options.Nodes.LeaseSeconds) }, transaction);
        return [.. rows.Select(ToItem)];
    }

    public Task SeenAsync(NpgsqlTransaction transaction, Address @operator, DateTimeOffset now) => transaction.Connection!.ExecuteAsync(
        """
        insert into nodes (operator, seen_at) values (@operator, @now)
        on conflict (operator) do update set seen_at = @now where nodes.seen_at is null or nodes.seen_at < @now - interval '2 seconds'
        """, new { @operator, now }, transaction);

    /// <summary>The open work that an answer belongs to; null when it is not asked (any more). Locked until the transaction ends.</summary>
    public async Task<(string Id, Claim? Claim)?> FindOpenAsync(
        NpgsqlTransaction transaction, Bytes32 job, WorkKind kind, Address @operator, byte round = 0, byte seat = 0)
    {
        var row = await transaction.Connection!.QuerySingleOrDefaultAsync<OpenRow>(
            """
            select id, claim::text as Claim from work
            where job = @job and kind = @kind and operator = @operator and round = @round and seat = @seat and state = 'Open' for update
            """, new { job, kind = kind.ToString(), @operator, round = (int)round, seat = (int)seat }, transaction);
        return row is null ? null : (row.Id, row.Claim is null ? null : JobStore.Read<Claim>(row.Claim));
    }

    public Task CloseAsync(NpgsqlTransaction transaction, string id, WorkState state, DateTimeOffset now, string? reason = null) =>
        transaction.Connection!.ExecuteAsync(
            "update work set state = @state, closed_at = @now, reason = @reason where id = @id",
            new { id, state = state.ToString(), now, reason }, transaction);

    private static WorkItem ToItem(LeaseRow row)
    {
        var kind = Enum.Parse<WorkKind>(row.Kind);
        return new WorkItem(
            row.Id, kind, row.Job, JobStore.Read<Order>(row.Order), (byte)row.Round, (byte)row.Seat,
            kind == WorkKind.Offer ? row.Signature : null, row.Claim is null ? null : JobStore.Read<Claim>(row.Claim));
    }
}
