using Assay.Ethereum.Encoding;

namespace Assay.Indexer.Sources;

/// <summary>
/// How a Solidity type stands in PostgreSQL: addresses and byte strings as bytea, integers in the smallest type that holds all of them, numeric from
/// 64 bits on (unsigned) or above (signed), arrays of such as arrays, everything else (tuples, nested arrays) as jsonb.
/// </summary>
internal sealed record ColumnType(ColumnKind Kind, string Sql, int Oid)
{
    private static readonly ColumnType Bytea = new(ColumnKind.Bytes, "bytea", 17);

    public static ColumnType Of(AbiParameter parameter) =>
        // The chain keeps only the hash of an indexed value that does not fit a word.
        parameter.Indexed && !IsElementary(parameter.Type) ? Bytea : Of(parameter.Type);

    public static bool IsElementary(AbiType type) => type.Kind is not (AbiKind.Bytes or AbiKind.String or AbiKind.Array or AbiKind.Tuple);

    public static ColumnType Of(AbiType type) => type.Kind switch
    {
        AbiKind.Bool => new(ColumnKind.Bool, "boolean", 16),
        AbiKind.String => new(ColumnKind.Text, "text", 25),
        AbiKind.UInt when type.Size < 16 => Small,
        AbiKind.UInt when type.Size < 32 => Int,
        AbiKind.UInt when type.Size < 64 => Big,
        AbiKind.Int when type.Size <= 16 => Small,
        AbiKind.Int when type.Size <= 32 => Int,
        AbiKind.Int when type.Size <= 64 => Big,
        // As many digits as the widest value of the type has.
        AbiKind.UInt or AbiKind.Int => new(ColumnKind.Numeric, $"numeric({(int)Math.Ceiling(type.Size * Math.Log10(2))})", 1700),
        AbiKind.Array when IsElementary(type.Element!) => ArrayOf(Of(type.Element!)),
        AbiKind.Array or AbiKind.Tuple => new(ColumnKind.Json, "jsonb", 3802),
        _ => Bytea,
    };

    private static ColumnType Small => new(ColumnKind.Int16, "smallint", 21);
    private static ColumnType Int => new(ColumnKind.Int32, "integer", 23);
    private static ColumnType Big => new(ColumnKind.Int64, "bigint", 20);

    private static ColumnType ArrayOf(ColumnType element) => new(ColumnKind.Array, element.Sql + "[]", element.Oid);
}

internal enum ColumnKind { Bool, Int16, Int32, Int64, Numeric, Bytes, Text, Array, Json }
