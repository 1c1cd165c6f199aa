using System.Numerics;
using System.Reflection;
using System.Text.Json;
using Assay.Ethereum.Primitives;
using Assay.Hosting;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Dapper;
using Npgsql;
using NpgsqlTypes;

namespace Assay.Indexer.Sync;

/// <summary>Writes events to <c>events</c> and to the table of their name, columns by the record's own fields.</summary>
public static class EventTables
{
    /// <param name="Sql">Type in the table of the event.</param>
    private sealed record Column(string Name, NpgsqlDbType Type, Func<IChainEvent, object> Value, string Sql = "");

    // By these fields a table of an event is looked into.
    private static readonly string[] Looked = ["job", "operator", "account", "client"];

    private static readonly Dictionary<Type, (string Table, IReadOnlyList<Column> Columns)> Tables =
        ChainEvents.Types.Values.ToDictionary(type => type, type => (SnakeCase(type.Name), ColumnsOf(type)));

    public static IReadOnlyList<string> Names { get; } = [.. Tables.Values.Select(table => table.Table).Order(StringComparer.Ordinal)];

    public static IReadOnlyList<string> ColumnNames(string eventName) => [.. Tables[ChainEvents.Types[eventName]].Columns.Select(column => column.Name)];

    /// <summary>Tables of events that no script has made: an event needs its record and nothing else.</summary>
    /// <exception cref="StartRefusedException">A script has made a table that lacks a column of its record.</exception>
    public static async Task CreateMissingAsync(NpgsqlTransaction transaction)
    {
        var existing = (await transaction.Connection!.QueryAsync<(string Table, string Column)>(
            "select table_name, column_name from information_schema.columns where table_schema = current_schema()", transaction: transaction))
            .ToLookup(row => row.Table, row => row.Column);
        foreach (var (table, columns) in Tables.Values)
            if (!existing.Contains(table))
                await transaction.Connection!.ExecuteAsync(Create(table, columns), transaction: transaction);
            else if (columns.FirstOrDefault(column => !existing[table].Contains(column.Name)) is { } missing)
                throw new StartRefusedException($"The table {table} lacks the column {missing.Name} of its event: a script has to add it.");
    }

    private static string Create(string table, IReadOnlyList<Column> columns) => $"""
        create table {table} (
            sequence bigint primary key references events (sequence), block_number bigint not null, log_index int not null{string.Concat(columns.Select(column => $", \"{column.Name}\" {column.Sql} not null"))});
        {string.Concat(columns.Where(column => Looked.Contains(column.Name)).Select(column => $"create index {table}_{column.Name} on {table} ({column.Name});\n"))}
        """;

    public static async Task InsertAsync(NpgsqlTransaction transaction, IReadOnlyList<IChainEvent> events)
    {
        if (events.Count == 0)
            return;
        await CopyAsync(transaction, "events", Common, events);
        foreach (var group in events.GroupBy(e => e.GetType()))
            await CopyAsync(transaction, Tables[group.Key].Table, [.. Place, .. Tables[group.Key].Columns], group);
    }

    private static readonly Column Sequence = new("sequence", NpgsqlDbType.Bigint, e => checked((long)e.At.Sequence));
    private static readonly Column BlockNumber = new("block_number", NpgsqlDbType.Bigint, e => checked((long)e.At.BlockNumber));
    private static readonly Column LogIndex = new("log_index", NpgsqlDbType.Integer, e => checked((int)e.At.LogIndex));
    private static readonly Column[] Place = [Sequence, BlockNumber, LogIndex];

    private static readonly Column[] Common =
    [
        Sequence, BlockNumber, LogIndex,
        new("block_hash", NpgsqlDbType.Bytea, e => e.At.BlockHash.ToArray()),
        new("block_time", NpgsqlDbType.Bigint, e => checked((long)e.At.BlockTime)),
        new("transaction_hash", NpgsqlDbType.Bytea, e => e.At.TransactionHash.ToArray()),
        new("name", NpgsqlDbType.Text, e => e.GetType().Name),
        new("job", NpgsqlDbType.Bytea, e => e is IJobEvent { Job.IsZero: false } j ? j.Job.ToArray() : DBNull.Value),
        new("body", NpgsqlDbType.Jsonb, e => JsonSerializer.Serialize(e, e.GetType(), AssayJson.Options)),
    ];

    private static async Task CopyAsync(NpgsqlTransaction transaction, string table, IReadOnlyList<Column> columns, IEnumerable<IChainEvent> events)
    {
        var names = string.Join(", ", columns.Select(column => $"\"{column.Name}\""));
        await using var copy = await transaction.Connection!.BeginBinaryImportAsync($"copy {table} ({names}) from stdin (format binary)");
        foreach (var e in events)
        {
            await copy.StartRowAsync();
            foreach (var column in columns)
                if (column.Value(e) is var value && value is DBNull)
                    await copy.WriteNullAsync();
                else
                    await copy.WriteAsync(value, column.Type);
        }
        await copy.CompleteAsync();
    }

    private static IReadOnlyList<Column> ColumnsOf(Type type) =>
    [
        .. type.GetConstructors().Single(c => c.GetParameters().FirstOrDefault()?.ParameterType == typeof(ChainPosition)).GetParameters().Skip(1)
            .Select(parameter => ColumnOf(type.GetProperty(parameter.Name!)!)),
    ];

    private static Column ColumnOf(PropertyInfo property)
    {
        var (sql, type, convert) = property.PropertyType switch
        {
            { IsEnum: true } => ("text", NpgsqlDbType.Text, (Func<object, object>)(value => value.ToString()!)),
            var t when t == typeof(Address) => ("bytea", NpgsqlDbType.Bytea, value => ((Address)value).ToArray()),
            var t when t == typeof(Bytes32) => ("bytea", NpgsqlDbType.Bytea, value => ((Bytes32)value).ToArray()),
            var t when t == typeof(Amount) => ("numeric(78)", NpgsqlDbType.Numeric, value => ((Amount)value).ToBigInteger()),
            var t when t == typeof(ulong) => ("numeric(20)", NpgsqlDbType.Numeric, value => (BigInteger)(ulong)value),
            var t when t == typeof(uint) => ("bigint", NpgsqlDbType.Bigint, value => (long)(uint)value),
            var t when t == typeof(byte) => ("smallint", NpgsqlDbType.Smallint, value => (short)(byte)value),
            var t when t == typeof(bool) => ("boolean", NpgsqlDbType.Boolean, value => value),
            var t when t == typeof(IReadOnlyList<Address>) =>
                ("bytea[]", NpgsqlDbType.Array | NpgsqlDbType.Bytea, value => ((IReadOnlyList<Address>)value).Select(a => a.ToArray()).ToArray()),
            var other => throw new NotSupportedException($"No column type for {property.DeclaringType!.Name}.{property.Name} of type {other.Name}."),
        };
        return new(SnakeCase(property.Name), type, e => convert(property.GetValue(e)!), sql);
    }

    internal static string SnakeCase(string name) =>
        string.Concat(name.Select((c, i) => char.IsUpper(c) ? (i > 0 ? "_" : "") + char.ToLowerInvariant(c) : c.ToString()));
}
