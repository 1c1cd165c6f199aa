using Assay.Ethereum.Primitives;
using Assay.Hosting.Messaging;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Assay.Settlement.Relays;
using Assay.Settlement.Submission;
using Dapper;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Assay.Settlement.Payouts;

/// <summary>Table <c>actions</c>: what is wanted, sent, done or refused; one live row for a subject, step and slot.</summary>
public sealed class Actions(SettlementDatabase database, Outbox<SettlementDatabase> outbox, ILogger<Actions> log)
{
    private sealed record PlannedRow(long Id, Bytes32 Subject, string Transition, short Slot, string Payload, double Age);
    private sealed record LiveRow(long Id, Bytes32 Subject, string Transition, short Slot, Bytes32 Digest, string State);

    /// <summary>Makes the planned rows equal to what is due: new wishes are added, those no longer wanted are withdrawn. What is under way stays.</summary>
    public Task SetDueAsync(IReadOnlyList<DueAction> due) => database.InTransactionAsync(async transaction =>
    {
        var connection = transaction.Connection!;
        var live = (await connection.QueryAsync<LiveRow>(
            """
            select id as Id, subject as Subject, transition as Transition, slot as Slot, digest as Digest, state as State
            from actions where state in ('Planned', 'Sent') for update
            """, transaction: transaction)).ToList();
        var wanted = due.Select(d => (d.Subject, Transition: d.Transition.ToString(), Slot: (short)d.Slot, Digest: PayloadJson.Digest(d.Payload), Due: d)).ToList();
        var digests = wanted.Select(w => (w.Subject, w.Transition, w.Slot, w.Digest)).ToHashSet();
        var gone = live.Where(l => l.State == "Planned" && !digests.Contains((l.Subject, l.Transition, l.Slot, l.Digest))).ToList();
        await connection.ExecuteAsync(
            "update actions set state = 'Void', settled_at = now() where id = any(@ids)", new { ids = gone.Select(g => g.Id).ToArray() }, transaction);
        var taken = live.Except(gone).Select(l => (l.Subject, l.Transition, l.Slot)).ToHashSet();
        foreach (var w in wanted.Where(w => !taken.Contains((w.Subject, w.Transition, w.Slot))))
            await connection.ExecuteAsync(
                """
                insert into actions (subject, transition, slot, revision, payload, digest)
                select @Subject, @Transition, @Slot, coalesce(max(revision) + 1, 0), @payload::jsonb, @Digest
                from actions where subject = @Subject and transition = @Transition and slot = @Slot
                """, new { w.Subject, w.Transition, w.Slot, w.Digest, payload = PayloadJson.Write(w.Due.Payload) }, transaction);
    });

    /// <param name="payouts">False leaves out what moves money out of a job.</param>
    public async Task<IReadOnlyList<PlannedAction>> PlannedAsync(int limit, bool payouts)
    {
        await using var connection = await database.OpenAsync();
        var held = payouts ? [] : Enum.GetValues<Transition>().Where(t => t.IsPayout()).Select(t => t.ToString()).ToArray();
        var rows = (await connection.QueryAsync<PlannedRow>(
            """
            select id as Id, subject as Subject, transition as Transition, slot as Slot, payload::text as Payload,
                   extract(epoch from clock_timestamp() - planned_at)::float8 as Age
            from actions where state = 'Planned' and transition <> all(@held) order by id limit @limit
            """, new { held, limit })).AsList();
        var planned = new List<PlannedAction>(rows.Count);
        foreach (var row in rows)
            if (PayloadJson.TryRead(row.Payload) is { } payload)
                planned.Add(new(row.Id, new DueAction(Enum.Parse<Transition>(row.Transition), row.Subject, (byte)row.Slot, payload), TimeSpan.FromSeconds(row.Age)));
            else
            {
                // The next plan wishes it again, from the documents.
                log.LogError("{Transition} of {Subject} is withdrawn: its row {Id} cannot be read", row.Transition, row.Subject, row.Id);
                await connection.ExecuteAsync("update actions set state = 'Void', settled_at = now() where id = @Id and state = 'Planned'", new { row.Id });
            }
        return planned;
    }

    /// <summary>The dry run refused it; nothing was sent.</summary>
    public Task RefuseAsync(PlannedAction action, string code) => database.InTransactionAsync(transaction => RefuseAsync(transaction, action.Id, action.Due, code));

    /// <summary>Records a refusal with the time of its next try, doubled each time, or none; tells the Verifier where another operator may help.</summary>
    public async Task RefuseAsync(NpgsqlTransaction transaction, long id, DueAction due, string code)
    {
        var again = RefusalKinds.Of(due.Transition, code) == RefusalKind.Later;
        await transaction.Connection!.ExecuteAsync(
            """
            update actions a set state = 'Refused', code = @code, settled_at = now(), retry_at = case when @again then
                clock_timestamp() + make_interval(secs => least(60, power(2, least(10, (
                    select count(*) from actions b where b.subject = a.subject and b.transition = a.transition and b.slot = a.slot
                      and b.digest = a.digest and b.state = 'Refused'))))) end
            where id = @id and state in ('Planned', 'Sent')
            """, new { id, code, again }, transaction);
        if (due.Transition == Transition.Carry) await RelayBook.EndAsync(transaction, due.Subject, code);
        if (due is { Transition: Transition.Open, Payload.Acceptance.Document: { } acceptance }
            && Enum.TryParse<Skip>(code, out var skip) && RefusalKinds.ConcernsOperator(skip))
            await outbox.AddAsync(transaction, new OpenRefused(due.Subject, acceptance.Operator, skip),
                MessageIds.From("open-refused", due.Subject, PayloadJson.Digest(due.Payload)));
    }
}
