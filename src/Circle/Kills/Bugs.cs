using System.Numerics;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Transactions;
using Assay.Settlement;
using Assay.Settlement.Submission;
using Dapper;

namespace Assay.Circle.Kills;

/// <summary>Mistakes that senders are known for. The harness must catch every one of them, or it proves nothing.</summary>
public enum Bug
{
    None,

    /// <summary>The journal is written after the broadcast.</summary>
    JournalAfterBroadcast,

    /// <summary>Nonces come from a counter of their own.</summary>
    CounterNonce,

    /// <summary>A transaction is called done at its first receipt.</summary>
    FirstReceipt,

    /// <summary>Only the newest form of a nonce is looked for.</summary>
    LastAttemptOnly,
}

internal static class Bugs
{
    public static ITransactionJournal<Intent> Spoil(Bug bug, ITransactionJournal<Intent> journal, SettlementDatabase database, RelayerLease lease, IIntents<Intent> intents) =>
        bug switch
        {
            Bug.JournalAfterBroadcast => new LateJournal(journal),
            Bug.CounterNonce => new CountingJournal(journal, database, lease, intents),
            Bug.LastAttemptOnly => new ForgetfulJournal(journal),
            _ => journal,
        };

    private abstract class Spoiled(ITransactionJournal<Intent> inner) : ITransactionJournal<Intent>
    {
        public virtual Task<PendingTransaction?> AppendAsync(Intent intent, ulong gas, ulong chainCount, Func<ulong, Task<Attempt>> sign, CancellationToken cancellation) =>
            inner.AppendAsync(intent, gas, chainCount, sign, cancellation);
        public Task AddAttemptAsync(long id, Attempt attempt, CancellationToken cancellation) => inner.AddAttemptAsync(id, attempt, cancellation);
        public virtual Task<IReadOnlyList<PendingTransaction>> PendingAsync(CancellationToken cancellation) => inner.PendingAsync(cancellation);
        public virtual Task SentAsync(Bytes32 hash, string? answer, CancellationToken cancellation) => inner.SentAsync(hash, answer, cancellation);
        public Task SeenAsync(long id, Receipt? receipt, CancellationToken cancellation) => inner.SeenAsync(id, receipt, cancellation);
        public Task SettleAsync(long id, Ending ending, Receipt? receipt, CancellationToken cancellation) => inner.SettleAsync(id, ending, receipt, cancellation);
        public Task<BigInteger> SpentAsync(TimeSpan within, CancellationToken cancellation) => inner.SpentAsync(within, cancellation);
    }

    private sealed class LateJournal(ITransactionJournal<Intent> inner) : Spoiled(inner)
    {
        private Func<Task>? write;

        public override async Task<PendingTransaction?> AppendAsync(
            Intent intent, ulong gas, ulong chainCount, Func<ulong, Task<Attempt>> sign, CancellationToken cancellation)
        {
            var pending = await PendingAsync(cancellation);
            var nonce = pending.Count == 0 ? chainCount : pending[^1].Nonce + 1;
            var attempt = await sign(nonce);
            write = () => base.AppendAsync(intent, gas, chainCount, _ => Task.FromResult(attempt), cancellation);
            return new PendingTransaction(0, intent.Key, nonce, intent.To, intent.Value, intent.Data, gas, [attempt]);
        }

        public override async Task SentAsync(Bytes32 hash, string? answer, CancellationToken cancellation)
        {
            if (write is not null) await write();
            write = null;
            await base.SentAsync(hash, answer, cancellation);
        }
    }

    private sealed class CountingJournal(ITransactionJournal<Intent> inner, SettlementDatabase database, RelayerLease lease, IIntents<Intent> intents) : Spoiled(inner)
    {
        public override async Task<PendingTransaction?> AppendAsync(
            Intent intent, ulong gas, ulong chainCount, Func<ulong, Task<Attempt>> sign, CancellationToken cancellation)
        {
            await using var counting = await database.OpenAsync(cancellation);
            var nonce = (ulong)await counting.ExecuteScalarAsync<long>("update counter set next = next + 1 returning next - 1");
            var attempt = await sign(nonce);
            return await database.InTransactionAsync(async transaction =>
            {
                var id = await transaction.Connection!.ExecuteScalarAsync<long>(
                    """
                    insert into transactions (chain_id, sender, nonce, intent, recipient, value, data, gas)
                    values (@ChainId, @Sender, @nonce, @Key, @To, @Value, @Data, @gas) returning id
                    """, new { lease.ChainId, lease.Sender, nonce, intent.Key, intent.To, intent.Value, intent.Data, gas }, transaction);
                await transaction.Connection!.ExecuteAsync(
                    "insert into attempts (transaction_id, number, hash, raw, max_fee, priority_fee, cancels, epoch) values (@id, 0, @Hash, @Raw, @MaxFeePerGas, @MaxPriorityFeePerGas, false, 1)",
                    new { id, attempt.Hash, attempt.Raw, attempt.Fees.MaxFeePerGas, attempt.Fees.MaxPriorityFeePerGas }, transaction);
                await intents.BindAsync(transaction, id, intent);
                return new PendingTransaction(id, intent.Key, nonce, intent.To, intent.Value, intent.Data, gas, [attempt]);
            }, cancellation);
        }
    }

    private sealed class ForgetfulJournal(ITransactionJournal<Intent> inner) : Spoiled(inner)
    {
        public override async Task<IReadOnlyList<PendingTransaction>> PendingAsync(CancellationToken cancellation) =>
            [.. (await base.PendingAsync(cancellation)).Select(p => p with { Attempts = [p.Last] })];
    }
}
