using System.Text.Json;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Hosting;
using Assay.Indexer.Projections;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Dapper;
using Npgsql;

namespace Assay.Indexer.Sync;

/// <summary>
/// The only writer of the index. Each step is one transaction: rows, projections, position and sequence together,
/// and only while <paramref name="writer"/> is still the instance in charge.
/// </summary>
public sealed class ChainStore(IndexerDatabase database, Guid writer)
{
    public async Task<Bytes32?> HashAsync(ulong number)
    {
        await using var connection = await database.OpenAsync();
        return await connection.QuerySingleOrDefaultAsync<Bytes32?>("select hash from blocks where number = @number and orphaned_by is null", new { number });
    }

    public async Task<ChainState> StateAsync()
    {
        await using var connection = await database.OpenAsync();
        return (await connection.QuerySingleAsync<Row>($"select {Row.Columns} from chain")).ToState();
    }

    public Task<ChainState> AppendAsync(EscrowBlocks blocks, CancellationToken cancellation) => WriteAsync(async (transaction, row) =>
    {
        var sequence = (ulong)row.Sequence;
        var events = blocks.Events.Select(found => found.Numbered(++sequence)).ToList();
        await InsertBlocksAsync(transaction, blocks.Headers);
        await EventTables.InsertAsync(transaction, events);
        await Projector.RefreshAsync(transaction, events);
        var tip = blocks.Headers[^1];
        return row with { IndexedNumber = (long)tip.Number, IndexedHash = tip.Hash, IndexedTime = (long)tip.Timestamp, Sequence = (long)sequence };
    }, cancellation);

    public Task<ChainState> RewindAsync(ChainStep.Reorged step, CancellationToken cancellation) => WriteAsync(async (transaction, row) =>
    {
        var connection = transaction.Connection!;
        var values = new { From = (long)step.From, Sequence = row.Sequence + 1 };
        await connection.ExecuteAsync("update blocks set orphaned_by = @Sequence where number >= @From and orphaned_by is null", values, transaction);
        var withdrawn = await connection.QueryAsync<(string Name, string Body)>(
            "update events set orphaned_by = @Sequence where block_number >= @From and orphaned_by is null returning name, body::text", values, transaction);
        var events = withdrawn.Select(e => (IChainEvent)JsonSerializer.Deserialize(e.Body, ChainEvents.Types[e.Name], AssayJson.Options)!).ToList();
        // Who was told nothing about a block needs no word of its end.
        if (events.Count > 0)
            await connection.ExecuteAsync(
                "insert into retractions (sequence, from_number, block_hashes) values (@Sequence, @From, @Hashes)",
                new { values.Sequence, values.From, Hashes = events.Select(e => e.At.BlockHash).Distinct().Order().Select(hash => hash.ToArray()).ToArray() },
                transaction);
        await Projector.RefreshAsync(transaction, events);
        var tip = await connection.QuerySingleOrDefaultAsync<Tip>(
            "select number, hash, time from blocks where orphaned_by is null order by number desc limit 1", transaction: transaction);
        return row with { IndexedNumber = tip?.Number, IndexedHash = tip?.Hash, IndexedTime = tip?.Time, Sequence = values.Sequence };
    }, cancellation);

    public Task<ChainState> FinaliseAsync(ChainStep.Finalised step, CancellationToken cancellation) =>
        WriteAsync((_, row) => Task.FromResult(row with { FinalisedNumber = Math.Max(row.FinalisedNumber, (long)step.Number) }), cancellation);

    /// <summary>Keeps every instance, also after a restart, from going on until an operator has decided.</summary>
    public Task HaltAsync(string reason) => database.InTransactionAsync(transaction =>
        transaction.Connection!.ExecuteAsync("update chain set halted = @reason", new { reason }, transaction));

    private Task<ChainState> WriteAsync(Func<NpgsqlTransaction, Row, Task<Row>> write, CancellationToken cancellation) =>
        database.InTransactionAsync(async transaction =>
        {
            var row = await transaction.Connection!.QuerySingleAsync<Row>($"select {Row.Columns} from chain for update", transaction: transaction);
            if (row.Writer != writer)
                throw new NotTheWriterException();
            var next = await write(transaction, row);
            await transaction.Connection!.ExecuteAsync(
                """
                update chain set indexed_number = @IndexedNumber, indexed_hash = @IndexedHash, indexed_time = @IndexedTime,
                    finalised_number = @FinalisedNumber, sequence = @Sequence
                """, next, transaction);
            return next.ToState();
        }, cancellation);

    internal static Task InsertBlocksAsync(NpgsqlTransaction transaction, IReadOnlyList<BlockHeader> blocks) => transaction.Connection!.ExecuteAsync(
        """
        insert into blocks (hash, number, parent_hash, time)
        select * from unnest(@Hashes, @Numbers, @Parents, @Times)
        on conflict (hash) do update set orphaned_by = null
        """,
        new
        {
            Hashes = blocks.Select(block => block.Hash.ToArray()).ToArray(),
            Numbers = blocks.Select(block => checked((long)block.Number)).ToArray(),
            Parents = blocks.Select(block => block.ParentHash.ToArray()).ToArray(),
            Times = blocks.Select(block => checked((long)block.Timestamp)).ToArray(),
        }, transaction);

    private sealed record Tip(long Number, Bytes32 Hash, long Time);

    private sealed record Row(
        long StartBlock, long? IndexedNumber, Bytes32? IndexedHash, long? IndexedTime, long FinalisedNumber, long Sequence, Guid? Writer)
    {
        public const string Columns =
            """
            start_block as "StartBlock", indexed_number as "IndexedNumber", indexed_hash as "IndexedHash", indexed_time as "IndexedTime",
            finalised_number as "FinalisedNumber", sequence as "Sequence", writer as "Writer"
            """;

        public ChainState ToState() => new(
            (ulong)StartBlock, IndexedNumber is { } number ? new BlockRef((ulong)number, IndexedHash!.Value) : null, (ulong)FinalisedNumber);
    }
}
