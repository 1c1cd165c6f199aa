using Dapper;
using Npgsql;

namespace Assay.Settlement.Submission;

/// <summary>
/// Who sends for the key: the holder of a session lock in the database. A process that dies loses it with its connection. Two that both believe
/// to hold it still cannot take one nonce twice: that is decided in the transaction that inserts it.
/// </summary>
public sealed class RelayerLease(SettlementDatabase database, Journal journal) : IAsyncDisposable
{
    private NpgsqlConnection? connection;

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
            if (await candidate.ExecuteScalarAsync<bool>("select pg_try_advisory_lock(hashtext('assay-relayer'), hashtext(@Key))", new { Key = journal.Sender.ToString() }))
                connection = candidate;
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

    public async ValueTask DisposeAsync()
    {
        if (connection is not { } held) return;
        connection = null;
        // Pooled connections keep their session: a lock that is not given back would outlive us.
        NpgsqlConnection.ClearPool(held);
        await held.DisposeAsync();
    }
}
