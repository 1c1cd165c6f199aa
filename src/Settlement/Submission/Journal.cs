using System.Numerics;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Transactions;
using Assay.Settlement.Payouts;
using Dapper;
using Npgsql;

namespace Assay.Settlement.Submission;

/// <summary>One signed form of a transaction.</summary>
/// <param name="Cancels">An empty transfer of the key to itself, which only uses the nonce up.</param>
/// <param name="Answer">What the node said against it at the last broadcast, or null.</param>
/// <param name="SentAge">Time since the last broadcast; null before the first.</param>
/// <param name="Age">Time since it was signed.</param>
public sealed record Attempt(int Number, Bytes32 Hash, byte[] Raw, Fees Fees, bool Cancels, string? Answer, TimeSpan? SentAge, TimeSpan Age);

/// <summary>A nonce of ours that is not settled, with all that was ever signed for it, oldest attempt first.</summary>
/// <param name="BlockNumber">Of the receipt last seen; provisional.</param>
public sealed record PendingTransaction(long Id, ulong Nonce, Address Recipient, byte[] Data, ulong Gas, ulong? BlockNumber, Bytes32? BlockHash, IReadOnlyList<Attempt> Attempts)
{
    internal const ulong TransferGas = 21_000;

    public Attempt Last => Attempts[^1];

    /// <summary>The node refused the last attempt because the key cannot pay for it.</summary>
    public bool IsUnfunded => Last.Answer is { } answer && SendErrors.Classify(0, answer) == SendOutcome.InsufficientFunds;

    /// <summary>What the key must hold for the last attempt, wei.</summary>
    public BigInteger Cost => Last.Fees.MaxFeePerGas * (Last.Cancels ? TransferGas : Gas);
}

/// <summary>How a transaction ended, for good.</summary>
public enum Ending
{
    Succeeded,
    Reverted,
    /// <summary>The nonce was used up by our own empty transfer.</summary>
    Cancelled,
    /// <summary>The nonce was used by a transaction that is not ours.</summary>
    Foreign,
}

/// <summary>
/// Tables <c>transactions</c> and <c>attempts</c> of one key on one chain. The rows are the only truth about nonces; whatever is broadcast was
/// committed here before.
/// </summary>
public sealed class Journal(SettlementDatabase database, ISigner signer, ulong chainId)
{
    private sealed record TransactionRow(long Id, ulong Nonce, Address Recipient, byte[] Data, ulong Gas, long? BlockNumber, byte[]? BlockHash);
    private sealed record AttemptRow(long TransactionId, int Number, Bytes32 Hash, byte[] Raw, string MaxFee, string PriorityFee, bool Cancels, string? Answer, double? SentAge, double Age);
    private sealed record ActionRow(long Id, Bytes32 Subject, string Transition, short Slot, string Payload);

    public Address Sender => signer.Address;

    /// <summary>Takes the next nonce and signs, in the transaction that binds the steps to it. Not broadcast yet.</summary>
    /// <param name="chainCount">The key's count of mined transactions.</param>
    /// <returns>Null when a step was withdrawn meanwhile; then nothing was written.</returns>
    /// <exception cref="NonceConflictException">The chain knows nonces that the rows do not.</exception>
    public async Task<PendingTransaction?> AppendAsync(
        IReadOnlyList<PlannedAction> actions, Address recipient, byte[] data, ulong gas, Fees fees, ulong chainCount, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await connection.ExecuteAsync("select pg_advisory_xact_lock(hashtext('assay-nonce'), hashtext(@Key))", new { Key = $"{chainId}/{Sender}" }, transaction);
        var highest = await connection.ExecuteScalarAsync<long?>(
            "select max(nonce) from transactions where chain_id = @chainId and sender = @Sender", new { chainId, Sender }, transaction);
        var nonce = Nonces.Next(highest is { } h ? [(ulong)h] : [], chainCount);
        var id = await connection.ExecuteScalarAsync<long>(
            """
            insert into transactions (chain_id, sender, nonce, recipient, data, gas)
            values (@chainId, @Sender, @nonce, @recipient, @data, @gas) returning id
            """, new { chainId, Sender, nonce, recipient, data, gas }, transaction);
        var attempt = await InsertAttemptAsync(transaction, id, 0, Call(nonce, recipient, data, gas, fees), cancels: false, cancellation);
        var bound = await connection.ExecuteAsync(
            "update actions set state = 'Sent', transaction_id = @id where id = any(@ids) and state = 'Planned'",
            new { id, ids = actions.Select(a => a.Id).ToArray() }, transaction);
        if (bound != actions.Count) return null;
        await transaction.CommitAsync(cancellation);
        return new PendingTransaction(id, nonce, recipient, data, gas, null, null, [attempt]);
    }

    /// <summary>Signs the same nonce again at other fees.</summary>
    /// <param name="cancels">True gives the calls up: they are free for another transaction once this one is final.</param>
    public Task<Attempt> ReplaceAsync(PendingTransaction pending, Fees fees, bool cancels, CancellationToken cancellation) => database.InTransactionAsync(
        transaction => InsertAttemptAsync(transaction, pending.Id, pending.Attempts[^1].Number + 1, cancels
            ? Call(pending.Nonce, Sender, [], PendingTransaction.TransferGas, fees)
            : Call(pending.Nonce, pending.Recipient, pending.Data, pending.Gas, fees), cancels, cancellation), cancellation);

    public async Task<IReadOnlyList<PendingTransaction>> PendingAsync()
    {
        await using var connection = await database.OpenAsync();
        var values = new { chainId, Sender };
        var rows = await connection.QueryAsync<TransactionRow>(
            """
            select id as Id, nonce as Nonce, recipient as Recipient, data as Data, gas as Gas, block_number as BlockNumber, block_hash as BlockHash
            from transactions where chain_id = @chainId and sender = @Sender and state = 'Pending' order by nonce
            """, values);
        var attempts = (await connection.QueryAsync<AttemptRow>(
            """
            select a.transaction_id as TransactionId, a.number as Number, a.hash as Hash, a.raw as Raw, a.max_fee::text as MaxFee, a.priority_fee::text as PriorityFee,
                   a.cancels as Cancels, a.answer as Answer,
                   extract(epoch from clock_timestamp() - a.sent_at)::float8 as SentAge, extract(epoch from clock_timestamp() - a.created_at)::float8 as Age
            from attempts a join transactions t on t.id = a.transaction_id
            where t.chain_id = @chainId and t.sender = @Sender and t.state = 'Pending' order by a.transaction_id, a.number
            """, values)).ToLookup(a => a.TransactionId, a => new Attempt(
                a.Number, a.Hash, a.Raw, new Fees(BigInteger.Parse(a.MaxFee), BigInteger.Parse(a.PriorityFee)), a.Cancels, a.Answer,
                a.SentAge is { } sent ? TimeSpan.FromSeconds(sent) : null, TimeSpan.FromSeconds(a.Age)));
        return [.. rows.Select(r => new PendingTransaction(
            r.Id, r.Nonce, r.Recipient, r.Data, r.Gas, (ulong?)r.BlockNumber, r.BlockHash is null ? null : new Bytes32(r.BlockHash), [.. attempts[r.Id]]))];
    }

    /// <param name="answer">The node's refusal, or null.</param>
    public async Task SentAsync(Bytes32 hash, string? answer)
    {
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync("update attempts set sent_at = clock_timestamp(), answer = @answer where hash = @hash", new { hash, answer });
    }

    /// <summary>What the chain shows now; a later look may take it back.</summary>
    public async Task SeenAsync(long id, ulong? blockNumber, Bytes32? blockHash, bool? succeeded)
    {
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync(
            "update transactions set block_number = @blockNumber, block_hash = @blockHash, succeeded = @succeeded where id = @id and state = 'Pending'",
            new { id, blockNumber = (long?)blockNumber, blockHash = blockHash?.ToArray(), succeeded });
    }

    /// <summary>The end of a nonce and of the steps that it carried, together and once.</summary>
    /// <param name="refusalOf">Why a step had no effect although its transaction was mined; null for one that had.</param>
    public Task SettleAsync(long id, Ending ending, Func<DueAction, string?> refusalOf, Actions actions) => database.InTransactionAsync(async transaction =>
    {
        var connection = transaction.Connection!;
        var settled = await connection.ExecuteAsync(
            "update transactions set state = @State, settled_at = now() where id = @id and state = 'Pending'", new { id, State = ending.ToString() }, transaction);
        if (settled == 0) return;
        var rows = await connection.QueryAsync<ActionRow>(
            """
            select id as Id, subject as Subject, transition as Transition, slot as Slot, payload::text as Payload
            from actions where transaction_id = @id and state = 'Sent' order by id
            """, new { id }, transaction);
        foreach (var row in rows.ToList())
        {
            // How a step ended does not depend on what it carried.
            var due = new DueAction(Enum.Parse<Transition>(row.Transition), row.Subject, (byte)row.Slot, PayloadJson.TryRead(row.Payload) ?? Payload.None);
            if (ending is Ending.Foreign or Ending.Cancelled) await EndAsync(connection, transaction, row.Id, "Void");
            else if (refusalOf(due) is { } code) await actions.RefuseAsync(transaction, row.Id, due, code);
            else await EndAsync(connection, transaction, row.Id, "Done");
        }
    });

    private static Task EndAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, long id, string state) =>
        connection.ExecuteAsync("update actions set state = @state, settled_at = now() where id = @id", new { id, state }, transaction);

    private Eip1559Transaction Call(ulong nonce, Address recipient, byte[] data, ulong gas, Fees fees) =>
        new(chainId, nonce, fees.MaxPriorityFeePerGas, fees.MaxFeePerGas, gas, recipient, BigInteger.Zero, data);

    private async Task<Attempt> InsertAttemptAsync(
        NpgsqlTransaction transaction, long id, int number, Eip1559Transaction unsigned, bool cancels, CancellationToken cancellation)
    {
        var signed = await signer.SignTransactionAsync(unsigned, cancellation);
        var raw = signed.ToArray();
        if (Keccak256.Hash(raw) != signed.Hash || signed.RecoverSender() != Sender)
            throw new InvalidOperationException($"The signer of {Sender} returned a transaction of somebody else; it is neither stored nor sent.");
        await transaction.Connection!.ExecuteAsync(
            """
            insert into attempts (transaction_id, number, hash, raw, max_fee, priority_fee, cancels)
            values (@id, @number, @Hash, @raw, @MaxFeePerGas, @MaxPriorityFeePerGas, @cancels)
            """, new { id, number, signed.Hash, raw, unsigned.MaxFeePerGas, unsigned.MaxPriorityFeePerGas, cancels }, transaction);
        return new Attempt(number, signed.Hash, raw, new Fees(unsigned.MaxFeePerGas, unsigned.MaxPriorityFeePerGas), cancels, null, null, TimeSpan.Zero);
    }
}
