using Assay.Ethereum.Primitives;
using Assay.Indexer.Sync;
using Dapper;
using Npgsql;

namespace Assay.Indexer.Sources;

/// <summary>
/// The tables of one source and their only writer. Each step is one transaction: rows, headers and position together, and only while
/// <paramref name="writer"/> is still the instance in charge.
/// </summary>
internal sealed class SourceStore(IndexerDatabase database, SourceDefinition definition, Guid writer)
{
    private readonly string _schema = definition.Schema;
    private readonly IReadOnlyList<EventTable> _tables = definition.Tables;

    /// <summary>Creates what is missing, and makes this instance the writer.</summary>
    public static async Task<SourceStore> OpenAsync(IndexerDatabase database, SourceDefinition definition, CancellationToken cancellation)
    {
        var store = new SourceStore(database, definition, Guid.NewGuid());
        await database.InTransactionAsync(async transaction =>
        {
            await transaction.Connection!.ExecuteAsync(SourceSchema.Create(definition), transaction: transaction);
            await transaction.Connection!.ExecuteAsync($"update {definition.Schema}.source set writer = @writer", new { writer = store.Writer }, transaction);
        }, cancellation);
        return store;
    }

    private Guid Writer => writer;

    public async Task<ChainState> StateAsync()
    {
        await using var connection = await database.OpenAsync();
        return (await connection.QuerySingleAsync<Row>($"select {Row.Columns} from {_schema}.source")).ToState();
    }

    public async Task<Bytes32?> HashAsync(ulong number)
    {
        await using var connection = await database.OpenAsync();
        return await connection.QuerySingleOrDefaultAsync<Bytes32?>($"select hash from {_schema}.blocks where number = @number", new { number });
    }

    /// <summary>Contracts that factories have announced, by the contract's place in the definition, each with its first block.</summary>
    public async Task<IReadOnlyList<(int Contract, Address Address, long Since)>> BornAsync()
    {
        await using var connection = await database.OpenAsync();
        var born = new List<(int, Address, long)>();
        foreach (var (place, contract) in definition.Contracts.Index().Where(pair => pair.Item.Factory is not null))
        {
            var table = definition.FactoryTable(contract.Factory!);
            born.AddRange((await connection.QueryAsync<(Address Address, long Since)>(
                $"select \"{table.ColumnOf(contract.Factory!.Field)}\", min(block_number) from {_schema}.{table.Name} group by 1")).Select(row => (place, row.Address, row.Since)));
        }
        return born;
    }

    public Task<ChainState> AppendAsync(IReadOnlyList<Page> pages, CancellationToken cancellation) => WriteAsync(async (connection, row) =>
    {
        using var blocks = BlockRows(pages);
        await CopyAsync(connection, "blocks", [blocks], cancellation);
        for (var table = 0; table < _tables.Count; table++)
            await CopyAsync(connection, _tables[table].Name, [.. pages.Select(page => page.Rows[table]).OfType<CopyBuffer>()], cancellation);
        await CopyAsync(connection, "unreadable_logs", [.. pages.Select(page => page.Unreadable).OfType<CopyBuffer>()], cancellation);
        var tip = pages[^1].Tip;
        return row with { IndexedNumber = tip.Number, IndexedHash = tip.Hash, IndexedTime = tip.Time };
    }, cancellation);

    /// <summary>Moves the rows of blocks that left the chain to where only an auditor looks.</summary>
    public Task<ChainState> RewindAsync(ChainStep.Reorged step, CancellationToken cancellation) => WriteAsync(async (connection, row) =>
    {
        var values = new { From = (long)step.From, Retraction = row.Retractions + 1 };
        foreach (var table in _tables.Select(table => table.Name).Append("unreadable_logs"))
            await connection.ExecuteAsync(
                $"""
                with gone as (delete from {_schema}.{table} where block_number >= @From returning *)
                insert into {_schema}.orphaned_rows (retraction, table_name, block_hash, block_number, log_index, content)
                select @Retraction, '{table}', b.hash, gone.block_number, gone.log_index, to_jsonb(gone) from gone join {_schema}.blocks b on b.number = gone.block_number
                """, values);
        await connection.ExecuteAsync(
            $"""
            with gone as (delete from {_schema}.blocks where number >= @From returning *)
            insert into {_schema}.orphaned_blocks (retraction, number, hash, parent_hash, time) select @Retraction, number, hash, parent_hash, time from gone
            """, values);
        var tip = await connection.QuerySingleOrDefaultAsync<(long Number, Bytes32 Hash, long Time)?>(
            $"select number, hash, time from {_schema}.blocks order by number desc limit 1");
        return row with { IndexedNumber = tip?.Number, IndexedHash = tip?.Hash, IndexedTime = tip?.Time, Retractions = values.Retraction };
    }, cancellation);

    public Task<ChainState> FinaliseAsync(ChainStep.Finalised step, CancellationToken cancellation) =>
        WriteAsync((_, row) => Task.FromResult(row with { FinalisedNumber = Math.Max(row.FinalisedNumber, (long)step.Number) }), cancellation);

    /// <summary>Adds the indexes that readers want and lets the views show this version; until then they show the one before.</summary>
    public Task<ChainState> ShowAsync(CancellationToken cancellation) => WriteAsync(async (connection, row) =>
    {
        await connection.ExecuteAsync(new CommandDefinition(SourceSchema.Show(definition), commandTimeout: 0, cancellationToken: cancellation));
        return row;
    }, cancellation);

    private Task<ChainState> WriteAsync(Func<NpgsqlConnection, Row, Task<Row>> write, CancellationToken cancellation) =>
        database.InTransactionAsync(async transaction =>
        {
            var connection = transaction.Connection!;
            var row = await connection.QuerySingleAsync<Row>($"select {Row.Columns} from {_schema}.source for update", transaction: transaction);
            if (row.Writer != writer)
                throw new NotTheWriterException();
            var next = await write(connection, row);
            await connection.ExecuteAsync(
                $"""
                update {_schema}.source set indexed_number = @IndexedNumber, indexed_hash = @IndexedHash, indexed_time = @IndexedTime,
                    finalised_number = @FinalisedNumber, retractions = @Retractions
                """, next, transaction);
            return next.ToState();
        }, cancellation);

    private async Task CopyAsync(NpgsqlConnection connection, string table, IReadOnlyList<CopyBuffer> rows, CancellationToken cancellation)
    {
        if (rows.Sum(buffer => buffer.Rows) == 0)
            return;
        await using var copy = await connection.BeginRawBinaryCopyAsync($"copy {_schema}.{table} from stdin (format binary)", cancellation);
        await copy.WriteAsync(CopyBuffer.Header, cancellation);
        foreach (var buffer in rows)
            await copy.WriteAsync(buffer.Written, cancellation);
        await copy.WriteAsync(CopyBuffer.Trailer, cancellation);
    }

    private static CopyBuffer BlockRows(IReadOnlyList<Page> pages)
    {
        var rows = new CopyBuffer();
        Span<byte> hash = stackalloc byte[32];
        foreach (var head in pages.SelectMany(page => page.Blocks))
        {
            rows.StartRow(4);
            rows.Int64(head.Number);
            head.Hash.CopyTo(hash);
            rows.Bytes(hash);
            head.ParentHash.CopyTo(hash);
            rows.Bytes(hash);
            rows.Int64(head.Time);
        }
        return rows;
    }

    private sealed record Row(
        long StartBlock, long? IndexedNumber, Bytes32? IndexedHash, long? IndexedTime, long FinalisedNumber, long Retractions, Guid? Writer)
    {
        public const string Columns =
            """
            start_block as "StartBlock", indexed_number as "IndexedNumber", indexed_hash as "IndexedHash", indexed_time as "IndexedTime",
            finalised_number as "FinalisedNumber", retractions as "Retractions", writer as "Writer"
            """;

        public ChainState ToState() => new(
            (ulong)StartBlock, IndexedNumber is { } number ? new BlockRef((ulong)number, IndexedHash!.Value) : null, (ulong)FinalisedNumber);
    }
}
