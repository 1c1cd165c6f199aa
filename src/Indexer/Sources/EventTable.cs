using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Unicode;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.Primitives;

namespace Assay.Indexer.Sources;

/// <summary>A log between the answer it stands in and its row; the bytes belong to the reader.</summary>
internal readonly ref struct LogView
{
    public required ReadOnlySpan<byte> Address { get; init; }

    /// <summary>32 bytes for each.</summary>
    public required ReadOnlySpan<byte> Topics { get; init; }
    public required ReadOnlySpan<byte> Data { get; init; }
    public required ReadOnlySpan<byte> TransactionHash { get; init; }
    public required long BlockNumber { get; init; }
    public required int LogIndex { get; init; }
}

/// <summary>The table of one event of one contract, and how a log becomes a row of it without an object in between.</summary>
internal sealed class EventTable
{
    /// <summary>Every table begins with these; the first two are its key.</summary>
    public const string Place = "block_number bigint not null, log_index integer not null, transaction_hash bytea not null, address bytea not null";

    /// <summary>In every table; a field of the same name gets an underscore behind it.</summary>
    public static IReadOnlyList<string> OwnColumns { get; } = ["block_number", "log_index", "transaction_hash", "address"];

    private sealed record Column(string Name, AbiParameter Parameter, ColumnType Type);

    private readonly AbiEvent _event;
    private readonly byte[] _topic;
    private readonly Column[] _columns;
    private readonly AbiParameter[] _plain;
    private readonly int _head;
    private readonly bool _needsObjects;

    public EventTable(string name, AbiEvent abiEvent)
    {
        (Name, _event, _topic) = (name, abiEvent, abiEvent.Topic.ToArray());
        _columns = [.. abiEvent.Inputs.Select((input, i) => new Column(NameOf(input.Name, i), input, ColumnType.Of(input)))];
        _plain = [.. abiEvent.Inputs.Where(input => !input.Indexed)];
        _head = _plain.Sum(input => input.Type.HeadSize);
        Indexed = abiEvent.Inputs.Count(input => input.Indexed);
        // Fixed arrays stand in the head, and what is nested has no column type of its own: both are rare.
        _needsObjects = _plain.Any(input => input.Type.Kind == AbiKind.Tuple || input.Type is { Kind: AbiKind.Array } array
            && (array.Length is not null || !ColumnType.IsElementary(array.Element!)));
    }

    public string Name { get; }

    public Bytes32 Topic => _event.Topic;

    public ReadOnlySpan<byte> TopicBytes => _topic;

    /// <summary>Topics after the event's own.</summary>
    public int Indexed { get; }

    public IReadOnlyList<string> ColumnNames => [.. _columns.Select(column => column.Name)];

    /// <summary>What the contract's own columns are, for the schema and its digest.</summary>
    public string Definition => string.Concat(_columns.Select(column => $", \"{column.Name}\" {column.Type.Sql} not null"));

    /// <summary>The address in a field that stands in a topic or in a word of its own.</summary>
    public Address AddressIn(string field, in LogView log)
    {
        var input = _event.Inputs.Single(parameter => parameter.Name == field);
        var words = input.Indexed ? log.Topics[32..] : log.Data;
        var before = _event.Inputs.TakeWhile(other => other != input).Where(other => other.Indexed == input.Indexed);
        return new Address(words.Slice(before.Sum(other => input.Indexed ? 32 : other.Type.HeadSize) + 12, 20));
    }

    public string ColumnOf(string field) => _columns.Single(column => column.Parameter.Name == field).Name;

    /// <summary>Writes the log's row, or nothing where the log is not the encoding of its event.</summary>
    public bool TryWrite(in LogView log, CopyBuffer rows)
    {
        var mark = rows.Mark;
        rows.StartRow(OwnColumns.Count + _columns.Length);
        rows.Int64(log.BlockNumber);
        rows.Int32(log.LogIndex);
        rows.Bytes(log.TransactionHash);
        rows.Bytes(log.Address);
        if (log.Topics.Length == 32 * (1 + Indexed) && (_needsObjects ? TryWriteObjects(log, rows) : TryWriteValues(log, rows)))
            return true;
        rows.Reset(mark);
        return false;
    }

    private bool TryWriteValues(in LogView log, CopyBuffer rows)
    {
        if (log.Data.Length < _head)
            return false;
        var (topic, head, tail) = (32, 0, _head);
        foreach (var column in _columns)
        {
            if (column.Parameter.Indexed)
            {
                if (!TryWriteTopic(column, log.Topics.Slice(topic, 32), rows))
                    return false;
                topic += 32;
                continue;
            }
            var word = log.Data.Slice(head, 32);
            head += 32;
            if (!column.Parameter.Type.IsDynamic)
            {
                if (!TryWriteWord(column.Type.Kind, column.Parameter.Type, word, rows))
                    return false;
                continue;
            }
            // Canonical encoding: what is dynamic follows the head in order, without a gap.
            if (ReadLength(word) != tail || !TryWriteDynamic(column, log.Data[tail..], rows, out var used))
                return false;
            tail += used;
        }
        return tail == log.Data.Length;
    }

    private static bool TryWriteTopic(Column column, ReadOnlySpan<byte> topic, CopyBuffer rows)
    {
        if (ColumnType.IsElementary(column.Parameter.Type))
            return TryWriteWord(column.Type.Kind, column.Parameter.Type, topic, rows);
        rows.Bytes(topic);
        return true;
    }

    private static bool TryWriteDynamic(Column column, ReadOnlySpan<byte> data, CopyBuffer rows, out int used)
    {
        used = 0;
        if (data.Length < 32)
            return false;
        var length = ReadLength(data);
        var content = data[32..];
        if (column.Type.Kind == ColumnKind.Array)
        {
            if (length > content.Length / 32)
                return false;
            used = 32 + 32 * length;
            return TryWriteArray(column, content[..(32 * length)], rows);
        }
        if (length > content.Length)
            return false;
        var padded = (length + 31) / 32 * 32;
        used = 32 + padded;
        if (padded > content.Length || content[length..padded].ContainsAnyExcept((byte)0))
            return false;
        var value = content[..length];
        if (column.Type.Kind == ColumnKind.Text && !IsText(value))
            return false;
        rows.Bytes(value);
        return true;
    }

    private static bool TryWriteArray(Column column, ReadOnlySpan<byte> words, CopyBuffer rows)
    {
        var element = column.Parameter.Type.Element!;
        var type = ColumnType.Of(element);
        var array = rows.StartArray(type.Oid, words.Length / 32);
        for (; words.Length > 0; words = words[32..])
            if (!TryWriteWord(type.Kind, element, words[..32], rows))
                return false;
        rows.EndArray(array);
        return true;
    }

    /// <summary>False where a bit is set that the type does not use.</summary>
    private static bool TryWriteWord(ColumnKind kind, AbiType type, ReadOnlySpan<byte> word, CopyBuffer rows)
    {
        if (!IsClean(type, word))
            return false;
        switch (kind)
        {
            case ColumnKind.Bool: rows.Bool(word[31] == 1); break;
            case ColumnKind.Int16: rows.Int16(BinaryPrimitives.ReadInt16BigEndian(word[30..])); break;
            case ColumnKind.Int32: rows.Int32(BinaryPrimitives.ReadInt32BigEndian(word[28..])); break;
            case ColumnKind.Int64: rows.Int64(BinaryPrimitives.ReadInt64BigEndian(word[24..])); break;
            case ColumnKind.Numeric: rows.Numeric(word, type.Kind == AbiKind.Int); break;
            default: rows.Bytes(type.Kind == AbiKind.Address ? word[12..] : word[..type.Size]); break;
        }
        return true;
    }

    private static bool IsClean(AbiType type, ReadOnlySpan<byte> word) => type.Kind switch
    {
        AbiKind.Address => !word[..12].ContainsAnyExcept((byte)0),
        AbiKind.Bool => word[31] <= 1 && !word[..31].ContainsAnyExcept((byte)0),
        AbiKind.UInt => !word[..(32 - type.Size / 8)].ContainsAnyExcept((byte)0),
        AbiKind.Int => !word[..(32 - type.Size / 8)].ContainsAnyExcept((word[32 - type.Size / 8] & 0x80) != 0 ? (byte)0xff : (byte)0),
        _ => !word[type.Size..].ContainsAnyExcept((byte)0),
    };

    // PostgreSQL has no text with a NUL.
    private static bool IsText(ReadOnlySpan<byte> value) => Utf8.IsValid(value) && !value.Contains((byte)0);

    private static int ReadLength(ReadOnlySpan<byte> word)
    {
        var length = BinaryPrimitives.ReadUInt32BigEndian(word[28..]);
        return word[..28].ContainsAnyExcept((byte)0) || length > int.MaxValue / 64 ? int.MaxValue / 64 : (int)length;
    }

    private bool TryWriteObjects(in LogView log, CopyBuffer rows)
    {
        AbiValues values;
        try
        {
            values = AbiCodec.Decode(_plain, log.Data);
        }
        catch (AbiException)
        {
            return false;
        }
        var (topic, plain) = (32, 0);
        Span<byte> word = stackalloc byte[32];
        foreach (var column in _columns)
        {
            if (column.Parameter.Indexed)
            {
                if (!TryWriteTopic(column, log.Topics.Slice(topic, 32), rows))
                    return false;
                topic += 32;
                continue;
            }
            var value = values[plain++];
            if (!ColumnType.IsElementary(column.Parameter.Type))
            {
                if (!TryWriteObject(column, value, rows))
                    return false;
                continue;
            }
            ContractAbi.EncodeTopic(column.Parameter.Type, value).CopyTo(word);
            TryWriteWord(column.Type.Kind, column.Parameter.Type, word, rows);
        }
        return true;
    }

    private static bool TryWriteObject(Column column, object value, CopyBuffer rows)
    {
        switch (value)
        {
            case byte[] bytes:
                rows.Bytes(bytes);
                return true;
            case string text:
                var utf8 = System.Text.Encoding.UTF8.GetBytes(text);
                rows.Bytes(utf8);
                return IsText(utf8);
            case object[] elements when column.Type.Kind == ColumnKind.Array:
                var words = new byte[32 * elements.Length];
                for (var i = 0; i < elements.Length; i++)
                    ContractAbi.EncodeTopic(column.Parameter.Type.Element!, elements[i]).CopyTo(words.AsSpan(32 * i));
                return TryWriteArray(column, words, rows);
            default:
                var json = new ArrayBufferWriter<byte>();
                using (var writer = new Utf8JsonWriter(json))
                    WriteJson(writer, value);
                rows.Json(json.WrittenSpan);
                return json.WrittenSpan.IndexOf("\\u0000"u8) < 0;
        }
    }

    // Numbers as strings: JSON's own lose digits in most readers.
    private static void WriteJson(Utf8JsonWriter writer, object value)
    {
        switch (value)
        {
            case AbiValues tuple:
                writer.WriteStartObject();
                for (var i = 0; i < tuple.Count; i++)
                {
                    writer.WritePropertyName(tuple.Parameters[i].Name is { Length: > 0 } name ? name : i.ToString(CultureInfo.InvariantCulture));
                    WriteJson(writer, tuple[i]);
                }
                writer.WriteEndObject();
                break;
            case object[] elements:
                writer.WriteStartArray();
                foreach (var element in elements)
                    WriteJson(writer, element);
                writer.WriteEndArray();
                break;
            case bool flag: writer.WriteBooleanValue(flag); break;
            case byte[] bytes: writer.WriteStringValue(Hex.Encode(bytes)); break;
            case Address address: writer.WriteStringValue(address.ToLowerString()); break;
            case BigInteger number: writer.WriteStringValue(number.ToString(CultureInfo.InvariantCulture)); break;
            default: writer.WriteStringValue(Convert.ToString(value, CultureInfo.InvariantCulture)); break;
        }
    }

    private static string NameOf(string field, int place)
    {
        var name = field.Trim('_') is { Length: > 0 } given ? Sync.EventTables.SnakeCase(given) : $"field_{place}";
        return OwnColumns.Contains(name) ? name + "_" : name;
    }
}
