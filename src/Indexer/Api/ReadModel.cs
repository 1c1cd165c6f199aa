using System.Data;
using System.Runtime.CompilerServices;
using Assay.Ethereum.Primitives;
using Assay.Hosting.Http;
using Assay.Protocol.Chain;
using Dapper;
using Npgsql;

namespace Assay.Indexer.Api;

/// <summary>A block as an answer names it. <see cref="Final"/>: it will not be given up any more.</summary>
public sealed record BlockView(ulong Number, Bytes32 Hash, ulong Time, bool Final);

internal static class ReadModel
{
    /// <summary>All queries of one answer see the same state of the index.</summary>
    public static async Task<T> ReadAsync<T>(this IndexerDatabase database, Func<NpgsqlConnection, Task<T>> query, CancellationToken cancellation)
    {
        try
        {
            await using var connection = await database.OpenReadAsync(cancellation);
            await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellation);
            var answer = await query(connection);
            await transaction.CommitAsync(cancellation);
            return answer;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.QueryCanceled && !cancellation.IsCancellationRequested)
        {
            throw TooExpensive();
        }
    }

    /// <summary>Rows of one state of the index, read while they are asked for.</summary>
    public static async IAsyncEnumerable<T> Stream<T>(
        this IndexerDatabase database, Func<NpgsqlConnection, IAsyncEnumerable<T>> query, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var connection = await database.OpenReadAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellation);
        await foreach (var row in query(connection).WithCancellation(cancellation))
            yield return row;
    }

    /// <summary>The indexed block of that number, or the newest.</summary>
    /// <exception cref="ProblemException">404 <c>block_not_indexed</c>.</exception>
    public static async Task<BlockView> BlockAsync(this NpgsqlConnection connection, ulong? number) =>
        await connection.FindBlockAsync(number) ?? throw NotIndexed(number);

    /// <summary>Null where that block is not indexed.</summary>
    public static async Task<BlockView?> FindBlockAsync(this NpgsqlConnection connection, ulong? number) =>
        number > long.MaxValue ? null : await connection.QuerySingleOrDefaultAsync<BlockView>(
            """
            select b.number as "Number", b.hash as "Hash", b.time as "Time", b.number <= c.finalised_number as "Final"
            from blocks b cross join chain c
            where b.orphaned_by is null and b.number = coalesce(@number, c.indexed_number)
            """, new { number });

    /// <summary>What jobs in flight after that block hold of one client's money, or of everybody's: the max price and the fee of each.</summary>
    public static Task<Amount> ReservedAsync(this NpgsqlConnection connection, BlockView at, Address? client = null) => connection.QuerySingleAsync<Amount>(
        $"""
        select coalesce(sum(max_price + fee), 0)::text from jobs
        where opened_block <= @Number and (ended_block is null or ended_block > @Number) {(client is null ? "" : "and purse = @client")}
        """, new { Number = (long)at.Number, client });

    public static ProblemException TooExpensive() => new(503, "too_expensive", "The query took longer than one may take; ask for less.");

    private static ProblemException NotIndexed(ulong? number) => new(404, "block_not_indexed",
        number is null ? "No block has been indexed yet." : $"Block {number} is not indexed (yet, or it lies before the start).");
}
