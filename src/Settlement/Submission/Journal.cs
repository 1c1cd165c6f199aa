using System.Numerics;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Transactions;
using Dapper;
using Npgsql;

namespace Assay.Settlement.Submission;

/// <summary>Tables <c>transactions</c> and <c>attempts</c> of the key that the lease is for.</summary>
public sealed class Journal<TIntent>(SettlementDatabase database, RelayerLease lease, IIntents<TIntent> intents) : ITransactionJournal<TIntent> where TIntent : Intent
{
    private sealed record TransactionRow(long Id, string Intent, ulong Nonce, Address Recipient, string Value, byte[] Data, ulong Gas, byte[]? BlockHash, string State);
    private sealed record AttemptRow(long TransactionId, int Number, Bytes32 Hash, byte[] Raw, string MaxFee, string PriorityFee, bool Cancels, string? Answer, double? SentAge, double Age);

    private const string Columns =
        "id as Id, intent as Intent, nonce as Nonce, recipient as Recipient, value::text as Value, data as Data, gas as Gas, block_hash as BlockHash, state as State";

    public async Task<PendingTransaction?> AppendAsync(
        TIntent intent, ulong gas, ulong chainCount, Func<ulong, Task<Attempt>> sign, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await lease.FenceAsync(transaction);
        if (await FindAsync(connection, intent) is { } found) return found.State == "Pending" ? (await AttemptsAsync(connection, [found])).Single() : null;
        var highest = await connection.ExecuteScalarAsync<long?>("select max(nonce) from transactions where chain_id = @ChainId and sender = @Sender", lease, transaction);
        var nonce = Nonces.Next(highest is { } h ? [(ulong)h] : [], chainCount);
        var id = await connection.ExecuteScalarAsync<long>(
            """
            insert into transactions (chain_id, sender, nonce, intent, recipient, value, data, gas)
            values (@ChainId, @Sender, @nonce, @Key, @To, @Value, @Data, @gas) returning id
            """, new { lease.ChainId, lease.Sender, nonce, intent.Key, intent.To, intent.Value, intent.Data, gas }, transaction);
        var attempt = await sign(nonce);
        await InsertAsync(transaction, id, attempt);
        if (!await intents.BindAsync(transaction, id, intent)) return null;
        await transaction.CommitAsync(cancellation);
        return new PendingTransaction(id, intent.Key, nonce, intent.To, intent.Value, intent.Data, gas, [attempt]);
    }

    public Task AddAttemptAsync(long id, Attempt attempt, CancellationToken cancellation = default) => database.InTransactionAsync(async transaction =>
    {
        await lease.FenceAsync(transaction);
        await InsertAsync(transaction, id, attempt);
    }, cancellation);

    public async Task<IReadOnlyList<PendingTransaction>> PendingAsync(CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await AttemptsAsync(connection, [.. await connection.QueryAsync<TransactionRow>(
            $"select {Columns} from transactions where chain_id = @ChainId and sender = @Sender and state = 'Pending' order by nonce", lease)]);
    }

    public async Task SentAsync(Bytes32 hash, string? answer, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await connection.ExecuteAsync("update attempts set sent_at = clock_timestamp(), answer = @answer where hash = @hash", new { hash, answer });
    }

    public async Task SeenAsync(long id, Receipt? receipt, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await connection.ExecuteAsync(
            "update transactions set block_number = @number, block_hash = @hash, succeeded = @Succeeded where id = @id and state = 'Pending'",
            new { id, number = (long?)receipt?.BlockNumber, hash = receipt?.BlockHash.ToArray(), receipt?.Succeeded });
    }

    public Task SettleAsync(long id, Ending ending, Receipt? receipt, CancellationToken cancellation = default) => database.InTransactionAsync(async transaction =>
    {
        var settled = await transaction.Connection!.ExecuteAsync(
            "update transactions set state = @State, fee = @fee, settled_at = now() where id = @id and state = 'Pending'",
            new { id, State = ending.ToString(), fee = receipt is null ? 0 : receipt.GasUsed * receipt.EffectiveGasPrice }, transaction);
        if (settled == 1) await intents.EndAsync(transaction, id, ending, receipt);
    }, cancellation);

    public async Task<BigInteger> SpentAsync(TimeSpan within, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return BigInteger.Parse((await connection.ExecuteScalarAsync<string>(
            """
            select coalesce(sum(coalesce(fee, gas * (select max(max_fee) from attempts where transaction_id = id))), 0)::text from transactions
            where chain_id = @ChainId and sender = @Sender and created_at > clock_timestamp() - @within
            """, new { lease.ChainId, lease.Sender, within }))!);
    }

    private async Task<TransactionRow?> FindAsync(NpgsqlConnection connection, TIntent intent)
    {
        var found = await connection.QuerySingleOrDefaultAsync<TransactionRow>(
            $"select {Columns} from transactions where chain_id = @ChainId and sender = @Sender and intent = @Key", new { lease.ChainId, lease.Sender, intent.Key });
        if (found is null) return null;
        var isSame = found.Recipient == intent.To && BigInteger.Parse(found.Value) == intent.Value && found.Data.AsSpan().SequenceEqual(intent.Data);
        return isSame ? found : throw new IntentConflictException(intent.Key);
    }

    private static async Task<IReadOnlyList<PendingTransaction>> AttemptsAsync(NpgsqlConnection connection, IReadOnlyList<TransactionRow> rows)
    {
        var attempts = (await connection.QueryAsync<AttemptRow>(
            """
            select transaction_id as TransactionId, number as Number, hash as Hash, raw as Raw, max_fee::text as MaxFee, priority_fee::text as PriorityFee,
                   cancels as Cancels, answer as Answer,
                   extract(epoch from clock_timestamp() - sent_at)::float8 as SentAge, extract(epoch from clock_timestamp() - created_at)::float8 as Age
            from attempts where transaction_id = any(@ids) order by transaction_id, number
            """, new { ids = rows.Select(r => r.Id).ToArray() })).ToLookup(a => a.TransactionId, a => new Attempt(
                a.Number, a.Hash, a.Raw, new Fees(BigInteger.Parse(a.MaxFee), BigInteger.Parse(a.PriorityFee)), a.Cancels, a.Answer,
                a.SentAge is { } sent ? TimeSpan.FromSeconds(sent) : null, TimeSpan.FromSeconds(a.Age)));
        return [.. rows.Select(r => new PendingTransaction(
            r.Id, r.Intent, r.Nonce, r.Recipient, BigInteger.Parse(r.Value), r.Data, r.Gas, [.. attempts[r.Id]], r.BlockHash is null ? null : new Bytes32(r.BlockHash)))];
    }

    private Task InsertAsync(NpgsqlTransaction transaction, long id, Attempt attempt) => transaction.Connection!.ExecuteAsync(
        """
        insert into attempts (transaction_id, number, hash, raw, max_fee, priority_fee, cancels, epoch)
        values (@id, @Number, @Hash, @Raw, @MaxFeePerGas, @MaxPriorityFeePerGas, @Cancels, @Epoch)
        """, new { id, attempt.Number, attempt.Hash, attempt.Raw, attempt.Fees.MaxFeePerGas, attempt.Fees.MaxPriorityFeePerGas, attempt.Cancels, lease.Epoch }, transaction);
}
