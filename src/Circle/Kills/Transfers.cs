using System.Numerics;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Transactions;
using Assay.Settlement;
using Assay.Settlement.Submission;
using Dapper;
using Npgsql;

namespace Assay.Circle.Kills;

/// <summary>One wei each to accounts that nobody else pays: the balance tells how often it was done. Table <c>transfers</c>.</summary>
internal sealed class Transfers(SettlementDatabase database) : IIntents<Intent>
{
    public const ulong Gas = 21_000;

    private sealed record Row(Address Recipient, int Revision);

    public async Task CreateAsync()
    {
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync(
            """
            create table transfers (
                recipient bytea primary key,
                state     text not null default 'Wanted',
                revision  int not null default 0,        -- raised when a transaction came to nothing
                carrier   bigint,
                done      int not null default 0         -- ends with success: one, whatever happens
            );
            create table counter (next bigint not null); -- for the bug that counts nonces beside the journal
            insert into counter values (0);
            """);
    }

    public async Task WantAsync(IReadOnlyList<Address> recipients)
    {
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync("insert into transfers (recipient) select unnest(@recipients)", new { recipients = recipients.Select(r => r.ToArray()).ToArray() });
    }

    public async Task<IReadOnlyList<Intent>> WantedAsync(int limit)
    {
        await using var connection = await database.OpenAsync();
        var rows = await connection.QueryAsync<Row>("select recipient as Recipient, revision as Revision from transfers where state = 'Wanted' order by recipient limit @limit", new { limit });
        return [.. rows.Select(r => new Intent($"{r.Recipient} {r.Revision}", r.Recipient, [], BigInteger.One))];
    }

    /// <summary>Every so many accounts one whose first transaction is called back, too late or in time.</summary>
    public static bool IsCalledBack(Intent intent) => intent.To.ToArray()[^1] % 8 == 0 && intent.Key.EndsWith(" 0", StringComparison.Ordinal);

    public async Task<bool> BindAsync(NpgsqlTransaction transaction, long id, Intent intent) => 1 == await transaction.Connection!.ExecuteAsync(
        "update transfers set state = 'Sent', carrier = @id where recipient = @To and state = 'Wanted'", new { id, intent.To }, transaction);

    public Task EndAsync(NpgsqlTransaction transaction, long id, Ending ending, Receipt? receipt) => transaction.Connection!.ExecuteAsync(
        ending == Ending.Succeeded
            ? "update transfers set state = 'Done', done = done + 1 where carrier = @id"
            : "update transfers set state = 'Wanted', revision = revision + 1, carrier = null where carrier = @id", new { id }, transaction);
}
