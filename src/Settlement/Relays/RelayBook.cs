using System.Numerics;
using Assay.Ethereum.Primitives;
using Assay.Settlement.Payouts;
using Dapper;
using Npgsql;

namespace Assay.Settlement.Relays;

/// <summary>Where a word is: ours, in a block, in a final one, or not to be done.</summary>
public enum RelayState { Waiting, Sent, Mined, Final, Failed }

/// <param name="Reason">Of a failure: the contract's word for it.</param>
/// <param name="Transactions">Hashes of every signed form, newest first; one of them is in the block.</param>
/// <param name="Block">Of a word that is mined or final.</param>
public sealed record RelayStatus(
    Bytes32 Id, RelayKind Kind, Address Account, RelayState State, IReadOnlyList<Bytes32> Transactions, string? Reason = null, ulong? Block = null);

/// <summary>Table <c>relays</c>: words that were taken. What is done about them are rows of <c>actions</c>.</summary>
public static class RelayBook
{
    private sealed record StatusRow(string Kind, Address Account, bool Ended, string? Code, string? Action, bool? Succeeded, long? Block, string? Hashes);
    private sealed record WaitingRow(Bytes32 Id, byte[] Call);

    /// <summary>The oldest words that have not ended. So few at once that jobs never wait for them.</summary>
    public static async Task<IReadOnlyList<DueAction>> DueAsync(NpgsqlConnection connection, int atOnce) =>
        [.. (await connection.QueryAsync<WaitingRow>("select id as Id, call as Call from relays where ended_at is null order by received_at limit @atOnce", new { atOnce }))
            .Select(r => new DueAction(Transition.Carry, r.Id, 0, new Payload(Call: r.Call)))];

    /// <param name="code">Why it failed; null: it is done.</param>
    public static Task EndAsync(NpgsqlTransaction transaction, Bytes32 id, string? code) => transaction.Connection!.ExecuteAsync(
        "update relays set ended_at = now(), code = @code where id = @id and ended_at is null", new { id, code }, transaction);

    /// <summary>Keeps a word; one that has failed may be brought again.</summary>
    public static Task KeepAsync(NpgsqlTransaction transaction, Relay relay) => transaction.Connection!.ExecuteAsync(
        """
        insert into relays (id, kind, account, call) values (@Id, @kind, @Account, @Call)
        on conflict (id) do update set call = excluded.call, received_at = now(), tries = relays.tries + 1, ended_at = null, code = null where relays.code is not null
        """, new { relay.Id, kind = relay.Kind.ToString(), relay.Account, relay.Call }, transaction);

    /// <summary>Words of an account within a day, repeated ones as often as they were taken.</summary>
    public static Task<long> TakenAsync(NpgsqlTransaction transaction, Address account) => transaction.Connection!.ExecuteScalarAsync<long>(
        "select coalesce(sum(tries), 0) from relays where account = @account and received_at > now() - interval '1 day'", new { account }, transaction);

    /// <summary>Wei that a day's words have cost or may still cost.</summary>
    public static async Task<BigInteger> SpentAsync(NpgsqlConnection connection) => BigInteger.Parse((await connection.ExecuteScalarAsync<string>(
        """
        select coalesce(sum(coalesce(t.fee, t.gas * (select max(max_fee) from attempts where transaction_id = t.id))), 0)::text from transactions t
        where t.created_at > now() - interval '1 day' and exists (select from actions a where a.transaction_id = t.id and a.transition = 'Carry')
        """))!);

    /// <summary>Null for a word that was never taken.</summary>
    public static async Task<RelayStatus?> FindAsync(NpgsqlConnection connection, Bytes32 id)
    {
        var row = await connection.QuerySingleOrDefaultAsync<StatusRow>(
            """
            select r.kind as Kind, r.account as Account, r.ended_at is not null as Ended, r.code as Code, a.state as Action, t.succeeded as Succeeded, t.block_number as Block,
                   (select string_agg('0x' || encode(hash, 'hex'), ',' order by number desc) from attempts where transaction_id = t.id and not cancels) as Hashes
            from relays r
            left join lateral (select state, transaction_id from actions where subject = r.id and transition = 'Carry' and planned_at >= r.received_at order by revision desc limit 1) a on true
            left join transactions t on t.id = a.transaction_id
            where r.id = @id
            """, new { id });
        if (row is null) return null;
        var state =
            row.Ended ? row.Code is null ? RelayState.Final : RelayState.Failed
            : row.Action != "Sent" ? RelayState.Waiting
            : row is { Block: not null, Succeeded: true } ? RelayState.Mined : RelayState.Sent;
        return new RelayStatus(
            id, Enum.Parse<RelayKind>(row.Kind), row.Account, state, [.. (row.Hashes?.Split(',') ?? []).Select(Bytes32.Parse)], row.Code,
            state is RelayState.Mined or RelayState.Final ? (ulong?)row.Block : null);
    }
}
