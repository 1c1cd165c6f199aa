using System.Globalization;
using Microsoft.CodeAnalysis;

namespace Assay.Ethereum.Generator;

/// <summary>Which C# type stands for which of the ABI, for one contract class.</summary>
internal sealed class Shapes
{
    private readonly Compilation _compilation;
    private readonly string _namespace;
    private readonly Dictionary<string, ITypeSymbol> _types;
    private readonly Dictionary<string, string> _names;
    private readonly HashSet<string> _used = [];

    public Shapes(Compilation compilation, INamedTypeSymbol contract)
    {
        _compilation = compilation;
        _namespace = contract.ContainingNamespace.ToDisplayString();
        var attributes = contract.GetAttributes();
        _types = Pairs(attributes, "AbiTypeAttribute").ToDictionary(a => (string)a.ConstructorArguments[0].Value!, a => (ITypeSymbol)a.ConstructorArguments[1].Value!);
        _names = Pairs(attributes, "AbiNameAttribute").ToDictionary(a => (string)a.ConstructorArguments[0].Value!, a => (string)a.ConstructorArguments[1].Value!);
    }

    /// <summary>Structs that records are to be made for, by record name.</summary>
    public Dictionary<string, AbiField> Structs { get; } = [];

    /// <summary>What an attribute names and the ABI does not have.</summary>
    public IEnumerable<string> Unused => _types.Keys.Concat(_names.Keys).Where(key => !_used.Contains(key));

    /// <summary>The name that an attribute gives, else <paramref name="otherwise"/>.</summary>
    public string NameFor(string abi, string otherwise) => Use(_names, abi, out var name) ? name : otherwise;

    public Shape Of(AbiField field)
    {
        if (field.IsArray)
            return new ArrayShape(Of(field.Element), field.Length);
        if (field.Type == "tuple")
            return Struct(field);
        if (field.Type is "bytes")
            return new BytesShape();
        if (field.Type is "string")
            return new StringShape();
        return Word(field);
    }

    /// <summary>Of an event's field: the chain keeps only the hash of an indexed value that does not fit a word.</summary>
    public Shape OfEvent(AbiField field) =>
        field.Indexed && (field.IsArray || field.Type is "tuple" or "bytes" or "string") ? Bytes32 : Of(field);

    private static WordShape Bytes32 => new("Bytes32", "AbiWord.Write({1}, {0})", "AbiWord.ReadBytes32({0})");

    private StructShape Struct(AbiField field)
    {
        var members = field.Components.Select(Of).ToList();
        var (dynamic, size) = (members.Any(m => m.Dynamic), members.Sum(m => m.HeadSize));
        if (Use(_types, field.SourceName, out var own))
            return new StructShape(Full(own), dynamic, size);
        var name = NameFor(field.SourceName, Names.Pascal(field.SourceName));
        Structs[name] = field;
        return new StructShape($"global::{_namespace}.{name}", dynamic, size);
    }

    private WordShape Word(AbiField field)
    {
        var integer = field.Type.StartsWith("uint", StringComparison.Ordinal) || field.Type.StartsWith("int", StringComparison.Ordinal);
        if (integer && (Use(_types, field.Name, out var own) || Use(_types, field.SourceName, out own) || Use(_types, field.Type, out own)))
            return Own(field, own);
        if (field.Solidity.StartsWith("enum ", StringComparison.Ordinal)
            && _compilation.GetTypeByMetadataName($"{_namespace}.{field.SourceName}") is { TypeKind: TypeKind.Enum } named)
            return Own(field, named);
        return field.Type switch
        {
            "address" => new WordShape("Address", "AbiWord.Write({1}, {0})", "AbiWord.ReadAddress({0})"),
            "bool" => new WordShape("bool", "AbiWord.Write({1}, {0})", "AbiWord.ReadBool({0})"),
            "bytes32" => Bytes32,
            "function" => FixedBytes(24),
            _ when field.Type.StartsWith("bytes", StringComparison.Ordinal) => FixedBytes(Number(field.Type, "bytes")),
            _ when field.Type.StartsWith("uint", StringComparison.Ordinal) => Integer(Number(field.Type, "uint"), "UInt", ["byte", "ushort", "uint", "ulong"]),
            _ when field.Type.StartsWith("int", StringComparison.Ordinal) => Integer(Number(field.Type, "int"), "Int", ["sbyte", "short", "int", "long"]),
            _ => throw new FormatException($"{field.Type} is no Solidity type"),
        };
    }

    private static WordShape FixedBytes(int size) => new("byte[]", $"AbiWord.WriteBytes({{1}}, {{0}}, {size})", $"AbiWord.ReadBytes({{0}}, {size}).ToArray()",
        ("ReadOnlySpan<byte>", $"AbiWord.ReadBytes({{0}}, {size})"));

    private static WordShape Integer(int bits, string kind, string[] narrow)
    {
        if (bits > 64)
            return new WordShape(
                "global::System.Numerics.BigInteger", $"AbiWord.Write{kind}({{1}}, {{0}}, {bits})", $"AbiWord.ReadWide{kind}({{0}}, {bits})", Unread(kind, bits));
        var csharp = narrow[bits <= 8 ? 0 : bits <= 16 ? 1 : bits <= 32 ? 2 : 3];
        return new WordShape(csharp, $"AbiWord.Write{kind}({{1}}, {{0}}, {bits})", $"({csharp})AbiWord.Read{kind}({{0}}, {bits})");
    }

    // BigInteger allocates: a view has the checked word.
    private static (string, string) Unread(string kind, int bits) => ("Bytes32", $"AbiWord.Read{kind}Word({{0}}, {bits})");

    private static WordShape Own(AbiField field, ITypeSymbol own)
    {
        var (csharp, signed) = (Full(own), field.Type.StartsWith("int", StringComparison.Ordinal));
        var (bits, kind) = (Number(field.Type, signed ? "int" : "uint"), signed ? "Int" : "UInt");
        if (own.TypeKind == TypeKind.Enum)
            return new WordShape(csharp, $"AbiWord.WriteUInt({{1}}, (ulong){{0}}, {bits})", $"AbiWord.ReadEnum<{csharp}>({{0}}, {bits})");
        if (own.Name == "Bytes32" && bits == 256)
            return Bytes32;
        if (own.AllInterfaces.Any(i => i.Name == "IAbiInteger" && i.IsGenericType))
            return new WordShape(csharp, $"AbiWord.Write{kind}({{1}}, {{0}}.ToBigInteger(), {bits})", $"AbiWord.ReadOwn<{csharp}>(AbiWord.ReadWide{kind}({{0}}, {bits}))", Unread(kind, bits));
        throw new FormatException($"{field.Type} {field.Name} cannot be a {own.Name}, which is no enumeration, no Bytes32 and no IAbiInteger");
    }

    private bool Use<T>(Dictionary<string, T> map, string key, out T value)
    {
        var found = map.TryGetValue(key, out value!);
        if (found)
            _used.Add(key);
        return found;
    }

    private static IEnumerable<AttributeData> Pairs(IEnumerable<AttributeData> attributes, string name) => attributes.Where(a => a.AttributeClass?.Name == name);

    private static string Full(ITypeSymbol type) => type.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat);

    private static int Number(string type, string prefix) => int.Parse(type.Substring(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture);
}
