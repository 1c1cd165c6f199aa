using Assay.Ethereum.Primitives;
using Dapper;
using Npgsql;

namespace Assay.Settlement.Submission;

/// <summary>Another process has taken the lease since: what this one wanted to write was not written.</summary>
public sealed class LeaseLostException(Address sender) : Exception($"Another process sends for {sender} now.");

/// <summary>
/// Who sends for a key on a chain: the holder of a session lock in the database. A process that dies loses it with its connection. Each holder has a
/// higher epoch than the one before, and only the highest may store attempts: one that was cut off without knowing it cannot.
/// </summary>
public sealed class RelayerLease(SettlementDatabase database, Address sender, ulong chainId) : IAsyncDisposable
{
    private NpgsqlConnection? connection;

    public Address Sender { get; } = sender;
    public ulong ChainId { get; } = chainId;
    public long Epoch { get; private set; }
    public bool IsHeld => connection is not null;

    /// <returns>True while this process holds the lease.</returns>
    public async Task<bool> HoldAsync(CancellationToken cancellation)
    {
        try
        {
            if (connection is not null)
            {
                await connection.ExecuteAsync("select 1");
                return true;
            }
            var candidate = await database.OpenAsync(cancellation);
            if (await candidate.ExecuteScalarAsync<bool>("select pg_try_advisory_lock(hashtext('assay-relayer'), hashtext(@Key))", new { Key = $"{ChainId}/{Sender}" }))
            {
                connection = candidate;
                Epoch = await candidate.ExecuteScalarAsync<long>(
                    """
                    insert into senders (chain_id, sender, epoch) values (@ChainId, @Sender, 1)
                    on conflict (chain_id, sender) do update set epoch = senders.epoch + 1 returning epoch
                    """, this);
            }
            else
                await candidate.DisposeAsync();
            return IsHeld;
        }
        catch (NpgsqlException)
        {
            await DisposeAsync();
            throw;
        }
    }

    /// <summary>Locks the key's row until the transaction ends, so that nonces are taken one after the other.</summary>
    /// <exception cref="LeaseLostException">The epoch is not the highest.</exception>
    public async Task FenceAsync(NpgsqlTransaction transaction)
    {
        if (await transaction.Connection!.ExecuteScalarAsync<long?>(
            "select epoch from senders where chain_id = @ChainId and sender = @Sender for update", this, transaction) != Epoch)
            throw new LeaseLostException(Sender);
    }

    public async ValueTask DisposeAsync()
    {
        if (connection is not { } held) return;
        connection = null;
        // Pooled connections keep their session: a lock that is not given back would outlive us.
        NpgsqlConnection.ClearPool(held);
        await held.DisposeAsync();
    }
}
