using System.Numerics;
using System.Reflection;
using System.Text.Json;
using Assay.Ethereum.Primitives;
using Assay.Hosting;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Npgsql;
using NpgsqlTypes;

namespace Assay.Indexer.Sync;

/// <summary>Writes events to <c>events</c> and to the table of their name, columns by the record's own fields.</summary>
public static class EventTables
{
    private sealed record Column(string Name, NpgsqlDbType Type, Func<IChainEvent, object> Value);

    private static readonly Dictionary<Type, (string Table, IReadOnlyList<Column> Columns)> Tables =
        ChainEvents.Types.Values.ToDictionary(type => type, type => (SnakeCase(type.Name), ColumnsOf(type)));

    public static IReadOnlyList<string> Names { get; } = [.. Tables.Values.Select(table => table.Table).Order(StringComparer.Ordinal)];

    public static IReadOnlyList<string> ColumnNames(string eventName) => [.. Tables[ChainEvents.Types[eventName]].Columns.Select(column => column.Name)];

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
        var (type, convert) = property.PropertyType switch
        {
            { IsEnum: true } => (NpgsqlDbType.Text, (Func<object, object>)(value => value.ToString()!)),
            var t when t == typeof(Address) => (NpgsqlDbType.Bytea, value => ((Address)value).ToArray()),
            var t when t == typeof(Bytes32) => (NpgsqlDbType.Bytea, value => ((Bytes32)value).ToArray()),
            var t when t == typeof(Amount) => (NpgsqlDbType.Numeric, value => ((Amount)value).ToBigInteger()),
            var t when t == typeof(ulong) => (NpgsqlDbType.Numeric, value => (BigInteger)(ulong)value),
            var t when t == typeof(uint) => (NpgsqlDbType.Bigint, value => (long)(uint)value),
            var t when t == typeof(byte) => (NpgsqlDbType.Smallint, value => (short)(byte)value),
            var t when t == typeof(bool) => (NpgsqlDbType.Boolean, value => value),
            var t when t == typeof(IReadOnlyList<Address>) =>
                (NpgsqlDbType.Array | NpgsqlDbType.Bytea, value => ((IReadOnlyList<Address>)value).Select(a => a.ToArray()).ToArray()),
            var other => throw new NotSupportedException($"No column type for {property.DeclaringType!.Name}.{property.Name} of type {other.Name}."),
        };
        return new(SnakeCase(property.Name), type, e => convert(property.GetValue(e)!));
    }

    internal static string SnakeCase(string name) =>
        string.Concat(name.Select((c, i) => char.IsUpper(c) ? (i > 0 ? "_" : "") + char.ToLowerInvariant(c) : c.ToString()));
}
