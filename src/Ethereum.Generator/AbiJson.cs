using System.Runtime.Serialization.Json;
using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace Assay.Ethereum.Generator;

/// <summary>A contract's JSON ABI, or a compiler's artifact around it.</summary>
internal sealed class AbiJson
{
    private AbiJson(IReadOnlyList<AbiItem> items, string? creationCode) => (Items, CreationCode) = (items, creationCode);

    public IReadOnlyList<AbiItem> Items { get; }

    /// <summary>Hexadecimal digits; null where the file has no bytecode, or one with library addresses to fill in.</summary>
    public string? CreationCode { get; }

    /// <exception cref="XmlException">Not JSON.</exception>
    /// <exception cref="FormatException">JSON, but no ABI.</exception>
    public static AbiJson Parse(string text)
    {
        // The framework's own JSON reader; System.Text.Json is not part of what a compiler can load.
        using var reader = JsonReaderWriterFactory.CreateJsonReader(Encoding.UTF8.GetBytes(text), XmlDictionaryReaderQuotas.Max);
        var root = XElement.Load(reader);
        var abi = (string?)root.Attribute("type") == "array" ? root : root.Element("abi") ?? throw new FormatException("it has no abi");
        var code = (string?)root.Element("bytecode");
        return new AbiJson(
            [.. abi.Elements().Select(item => new AbiItem(item))],
            code is not null && code.StartsWith("0x", StringComparison.Ordinal) && code.Length > 2 && code.IndexOf('_') < 0 ? code.Substring(2) : null);
    }
}

/// <summary>A function, event, error or constructor.</summary>
internal sealed class AbiItem(XElement json)
{
    public string Kind { get; } = (string?)json.Element("type") ?? "function";
    public string Name { get; } = (string?)json.Element("name") ?? "";
    public IReadOnlyList<AbiField> Inputs { get; } = AbiField.List(json.Element("inputs"));
    public IReadOnlyList<AbiField> Outputs { get; } = AbiField.List(json.Element("outputs"));
    public string Mutability { get; } = (string?)json.Element("stateMutability") ?? "nonpayable";
    public bool Anonymous { get; } = (string?)json.Element("anonymous") == "true";

    public string Signature => $"{Name}({string.Join(",", Inputs.Select(i => i.Canonical))})";

    public string ToJson() =>
        $$"""{"type":"{{Kind}}","name":"{{Name}}","stateMutability":"{{Mutability}}","anonymous":{{(Anonymous ? "true" : "false")}},"inputs":{{AbiField.ToJson(Inputs)}},"outputs":{{AbiField.ToJson(Outputs)}}}""";
}

/// <summary>A named value: an argument, a result, a struct's member.</summary>
internal sealed class AbiField(string name, string type, string solidity, bool indexed, IReadOnlyList<AbiField> components)
{
    public string Name { get; } = name;

    /// <summary>The ABI's type: uint96, tuple[3].</summary>
    public string Type { get; } = type;

    /// <summary>The source's type: "struct IVocabulary.Order[3]", "enum State".</summary>
    public string Solidity { get; } = solidity;

    public bool Indexed { get; } = indexed;
    public IReadOnlyList<AbiField> Components { get; } = components;

    public bool IsArray => Type.EndsWith("]", StringComparison.Ordinal);

    /// <summary>The element of an array, without a name of its own.</summary>
    public AbiField Element => new(Name, Stem(Type), Stem(Solidity), Indexed, Components);

    /// <summary>Length of a fixed array.</summary>
    public int? Length
    {
        get
        {
            var open = Type.LastIndexOf('[');
            var digits = Type.Substring(open + 1, Type.Length - open - 2);
            return digits.Length == 0 ? null : int.Parse(digits, System.Globalization.CultureInfo.InvariantCulture);
        }
    }

    /// <summary>The source's name of a struct, an enumeration or a type of its own, without its scope.</summary>
    public string SourceName
    {
        get
        {
            var name = Solidity.Substring(Solidity.LastIndexOfAny([' ', '.']) + 1);
            return name.Length > 0 ? name : Type;
        }
    }

    public string Canonical
    {
        get
        {
            if (!Type.StartsWith("tuple", StringComparison.Ordinal))
                return Type;
            return $"({string.Join(",", Components.Select(c => c.Canonical))}){Type.Substring("tuple".Length)}";
        }
    }

    public static IReadOnlyList<AbiField> List(XElement? json) => json is null ? [] : [.. json.Elements().Select(Read)];

    private static AbiField Read(XElement json)
    {
        var type = (string?)json.Element("type") ?? throw new FormatException("a parameter has no type");
        return new AbiField(
            (string?)json.Element("name") ?? "", type, (string?)json.Element("internalType") ?? type, (string?)json.Element("indexed") == "true", List(json.Element("components")));
    }

    public static string ToJson(IEnumerable<AbiField> fields) => $"[{string.Join(",", fields.Select(f => f.ToJson()))}]";

    private string ToJson() =>
        $$"""{"name":"{{Name}}","type":"{{Type}}","indexed":{{(Indexed ? "true" : "false")}}{{(Components.Count > 0 ? $",\"components\":{ToJson(Components)}" : "")}}}""";

    private static string Stem(string type)
    {
        var open = type.LastIndexOf('[');
        return open < 0 ? type : type.Substring(0, open);
    }
}
