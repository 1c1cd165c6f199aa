using Assay.Ethereum.Encoding;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Transactions;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Assay.Settlement.Payouts;
using Assay.Settlement.Relays;
using Dapper;
using Npgsql;

namespace Assay.Settlement.Submission;

/// <summary>The steps of a batch: bound when it is signed, done or refused when it is final.</summary>
public sealed class Steps(Actions actions, Address escrow) : IIntents<Batch>
{
    private sealed record Row(long Id, Bytes32 Subject, string Transition, short Slot, string Payload);

    public async Task<bool> BindAsync(NpgsqlTransaction transaction, long id, Batch intent) => intent.Actions.Count == await transaction.Connection!.ExecuteAsync(
        "update actions set state = 'Sent', transaction_id = @id where id = any(@ids) and state = 'Planned'",
        new { id, ids = intent.Actions.Select(a => a.Id).ToArray() }, transaction);

    public async Task EndAsync(NpgsqlTransaction transaction, long id, Ending ending, Receipt? receipt)
    {
        var connection = transaction.Connection!;
        var rows = await connection.QueryAsync<Row>(
            """
            select id as Id, subject as Subject, transition as Transition, slot as Slot, payload::text as Payload
            from actions where transaction_id = @id and state = 'Sent' order by id
            """, new { id }, transaction);
        var skipped = Skipped(receipt);
        foreach (var row in rows.ToList())
        {
            // How a step ended does not depend on what it carried.
            var due = new DueAction(Enum.Parse<Transition>(row.Transition), row.Subject, (byte)row.Slot, PayloadJson.TryRead(row.Payload) ?? Payload.None);
            var refusal = ending == Ending.Reverted ? RefusalCode.Reverted : skipped[(due.Subject, due.Transition.InBatch())].FirstOrDefault();
            if (ending is Ending.Foreign or Ending.Cancelled) await EndAsync(transaction, row.Id, "Void");
            else if (refusal is not null) await actions.RefuseAsync(transaction, row.Id, due, refusal);
            else
            {
                await EndAsync(transaction, row.Id, "Done");
                if (due.Transition == Transition.Carry) await RelayBook.EndAsync(transaction, due.Subject, code: null);
            }
        }
    }

    /// <summary>Items that the contract left out, with its reason.</summary>
    private ILookup<(Bytes32, ItemAction?), string> Skipped(Receipt? receipt) => (receipt?.Logs ?? [])
        .Where(l => l.Address == escrow)
        .Select(l => EscrowAbi.Instance.TryDecodeLog(l, out var e) && e.Name == nameof(ItemSkipped) ? e.Values : null)
        .OfType<AbiValues>()
        .ToLookup(v => (v.GetBytes32("job"), (ItemAction?)v.Get<ItemAction>("action")), v => v.Get<Skip>("code").ToString());

    private static Task EndAsync(NpgsqlTransaction transaction, long id, string state) =>
        transaction.Connection!.ExecuteAsync("update actions set state = @state, settled_at = now() where id = @id", new { id, state }, transaction);
}
