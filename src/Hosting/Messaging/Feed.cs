using System.Text.Json;
using Assay.Ethereum.Primitives;
using Assay.Hosting.Database;
using Dapper;
using Npgsql;

namespace Assay.Hosting.Messaging;

/// <summary>One chain event as a service keeps it.</summary>
/// <param name="Sequence">The indexer's running number over events and retractions.</param>
/// <param name="BlockTime">Unix seconds.</param>
/// <param name="Job">Null where the event belongs to no job.</param>
/// <param name="Name">The event's name, e.g. <c>JobOpened</c>.</param>
/// <param name="Body">The message as JSON (<see cref="AssayJson"/>).</param>
public sealed record ChainEventRow(
    ulong Sequence, ulong BlockNumber, Bytes32 BlockHash, ulong BlockTime, uint LogIndex, Bytes32? Job, string Name, string Body)
{
    public T Read<T>() => JsonSerializer.Deserialize<T>(Body, AssayJson.Options) ?? throw new JsonException($"The body of {Name} is null.");
}

/// <summary>A chain event that no retraction has withdrawn.</summary>
/// <param name="Final">Its block is at or below the finalised one: it will not be withdrawn any more.</param>
public sealed record LiveEvent(
    ulong Sequence, ulong BlockNumber, Bytes32 BlockHash, ulong BlockTime, uint LogIndex, Bytes32? Job, string Name, string Body, bool Final)
{
    public T Read<T>() => JsonSerializer.Deserialize<T>(Body, AssayJson.Options) ?? throw new JsonException($"The body of {Name} is null.");
}

/// <param name="HeadTime">Unix seconds of the head block; zero before the first.</param>
public sealed record FeedClock(ulong HeadNumber, ulong HeadTime, ulong FinalisedNumber);

/// <summary>
/// A service's copy of the chain events it was told: tables <c>feed</c>, <c>feed_orphans</c>, <c>feed_clock</c>, view <c>feed_live</c>.
/// Messages may come twice, late and in any order; the live set is the same.
/// </summary>
public sealed class Feed<TDatabase>(TDatabase database) where TDatabase : ServiceDatabase
{
    private const string Columns =
        """
        sequence as Sequence, block_number as BlockNumber, block_hash as BlockHash, block_time as BlockTime, log_index as LogIndex,
        job as Job, name as Name, body::text as Body, final as Final
        """;

    public Task AppendAsync(NpgsqlTransaction transaction, ChainEventRow row) => transaction.Connection!.ExecuteAsync(
        """
        insert into feed (sequence, block_number, block_hash, block_time, log_index, job, name, body)
        values (@Sequence, @BlockNumber, @BlockHash, @BlockTime, @LogIndex, @Job, @Name, @Body::jsonb)
        on conflict (sequence) do nothing
        """, row, transaction);

    /// <summary>Withdraws every event of the block that was announced before <paramref name="sequence"/>.</summary>
    public Task OrphanAsync(NpgsqlTransaction transaction, Bytes32 blockHash, ulong sequence) => transaction.Connection!.ExecuteAsync(
        "insert into feed_orphans (block_hash, sequence) values (@blockHash, @sequence) on conflict do nothing",
        new { blockHash, sequence }, transaction);

    /// <summary>Each number only grows; an older message changes nothing.</summary>
    /// <param name="headTime">Unix seconds.</param>
    public Task AdvanceAsync(NpgsqlTransaction transaction, ulong head, ulong headTime, ulong finalised) => transaction.Connection!.ExecuteAsync(
        """
        update feed_clock set head_number = greatest(head_number, @head), head_time = greatest(head_time, @headTime),
            finalised_number = greatest(finalised_number, @finalised)
        """, new { head, headTime, finalised }, transaction);

    /// <summary>Live events of one job in chain order.</summary>
    public Task<IReadOnlyList<LiveEvent>> LiveAsync(Bytes32 job, NpgsqlTransaction? transaction = null) =>
        QueryAsync($"select {Columns} from feed_live where job = @job order by block_number, log_index", new { job }, transaction);

    /// <summary>Live events of one name in chain order, from a block on.</summary>
    public Task<IReadOnlyList<LiveEvent>> LiveAsync(string name, ulong fromBlock = 0, NpgsqlTransaction? transaction = null) =>
        QueryAsync($"select {Columns} from feed_live where name = @name and block_number >= @fromBlock order by block_number, log_index",
            new { name, fromBlock }, transaction);

    public Task<FeedClock> ClockAsync(NpgsqlTransaction? transaction = null) => OnAsync(transaction, connection => connection.QuerySingleAsync<FeedClock>(
        "select head_number as HeadNumber, head_time as HeadTime, finalised_number as FinalisedNumber from feed_clock", transaction: transaction));

    private Task<IReadOnlyList<LiveEvent>> QueryAsync(string sql, object values, NpgsqlTransaction? transaction) =>
        OnAsync<IReadOnlyList<LiveEvent>>(transaction, async connection => (await connection.QueryAsync<LiveEvent>(sql, values, transaction)).AsList());

    private async Task<T> OnAsync<T>(NpgsqlTransaction? transaction, Func<NpgsqlConnection, Task<T>> query)
    {
        if (transaction is not null)
            return await query(transaction.Connection!);
        await using var connection = await database.OpenAsync();
        return await query(connection);
    }
}
