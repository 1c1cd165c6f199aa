using System.Text;
using Dapper;
using Npgsql;

namespace Assay.Indexer.Commands;

/// <summary>Describes the tables as they are in the database, with the comments that the scripts gave them.</summary>
public static class SchemaCommand
{
    private sealed record Column(string Table, string Kind, string? About, string Name, string Type, bool Required, string? Note);

    public static async Task<int> RunAsync(IndexerOptions options, IConfiguration configuration, ILoggerFactory logs)
    {
        await using var database = new IndexerDatabase(options.Database.ConnectionString);
        await using var connection = await database.OpenAsync();
        Console.Write(await DescribeAsync(connection));
        return 0;
    }

    /// <summary>Markdown; the same for every database of one release.</summary>
    public static async Task<string> DescribeAsync(NpgsqlConnection connection)
    {
        var columns = await connection.QueryAsync<Column>(
            """
            select c.relname as "Table", case c.relkind when 'v' then 'view' else 'table' end as "Kind", obj_description(c.oid) as "About",
                a.attname as "Name", format_type(a.atttypid, a.atttypmod) as "Type", a.attnotnull as "Required", col_description(c.oid, a.attnum) as "Note"
            from pg_class c join pg_attribute a on a.attrelid = c.oid
            where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'v') and a.attnum > 0 and not a.attisdropped
            order by c.relname collate "C", a.attnum
            """);
        var text = new StringBuilder("# Tables of the Indexer\n\nMade by `./test --project Indexer --filter Schema` with `ASSAY_WRITE_DOCS=1`; do not edit. Amounts are whole token units, times Unix seconds.\n");
        foreach (var table in columns.GroupBy(column => (column.Table, column.Kind, column.About)))
        {
            text.Append($"\n## {table.Key.Table}\n\n{table.Key.About ?? $"An event of the contract; its fields are explained in `contracts/interfaces`."}{(table.Key.Kind == "view" ? " A view." : "")}\n\n| Column | Type | |\n| --- | --- | --- |\n");
            foreach (var column in table)
                text.Append($"| `{column.Name}` | {column.Type}{(column.Required || table.Key.Kind == "view" ? "" : ", may be null")} | {column.Note} |\n");
        }
        return text.ToString();
    }
}
