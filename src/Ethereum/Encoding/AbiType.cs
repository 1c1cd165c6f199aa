using System.Globalization;

namespace Assay.Ethereum.Encoding;

public enum AbiKind
{
    UInt,
    Int,
    Address,
    Bool,
    FixedBytes,
    Bytes,
    String,
    Array,
    Tuple,
}

/// <summary>A named value of an ABI: a call's argument, an event's field, a tuple's component.</summary>
public sealed record AbiParameter(string Name, AbiType Type, bool Indexed = false);

/// <summary>
/// A Solidity type. Values of it are, in C#: uintN and intN up to 64 bits <see cref="ulong"/> and <see cref="long"/>, wider ones
/// <see cref="System.Numerics.BigInteger"/>; address, bool, string their namesakes; bytes32 Bytes32; other bytesN and bytes a byte array;
/// arrays an object array; tuples <see cref="AbiValues"/>.
/// </summary>
public sealed class AbiType
{
    /// <summary>Deepest nesting of arrays and tuples that is read.</summary>
    public const int MaxDepth = 32;

    private AbiType(AbiKind kind, string name, int size = 0, AbiType? element = null, int? length = null, IReadOnlyList<AbiParameter>? components = null)
    {
        Kind = kind;
        Name = name;
        Size = size;
        Element = element;
        Length = length;
        Components = components ?? [];
        IsDynamic = kind switch
        {
            AbiKind.Bytes or AbiKind.String => true,
            AbiKind.Array => length is null || element!.IsDynamic,
            AbiKind.Tuple => Components.Any(c => c.Type.IsDynamic),
            _ => false,
        };
        HeadSize = IsDynamic ? 32 : StaticSize();
    }

    public AbiKind Kind { get; }

    /// <summary>Canonical name as signatures use it: uint256, (address,bytes)[3].</summary>
    public string Name { get; }

    /// <summary>Bits of an integer, bytes of a bytesN, else 0.</summary>
    public int Size { get; }

    /// <summary>Element type of an array.</summary>
    public AbiType? Element { get; }

    /// <summary>Length of a fixed array; null for a dynamic one.</summary>
    public int? Length { get; }

    /// <summary>Components of a tuple.</summary>
    public IReadOnlyList<AbiParameter> Components { get; }

    public bool IsDynamic { get; }

    /// <summary>Bytes in the head: 32 for a dynamic type (its offset), the whole encoding for a static one.</summary>
    public int HeadSize { get; }

    private int StaticSize()
    {
        var size = Kind switch
        {
            AbiKind.Array => (long)Length!.Value * Element!.HeadSize,
            AbiKind.Tuple => Components.Sum(c => (long)c.Type.HeadSize),
            _ => 32,
        };
        return size <= 1 << 24 ? (int)size : throw new AbiException($"ABI type {Name}: a static type of {size} bytes is too large.");
    }

    public static AbiType Tuple(IReadOnlyList<AbiParameter> components) =>
        new(AbiKind.Tuple, $"({string.Join(',', components.Select(c => c.Type.Name))})", components: components);

    public static AbiType ArrayOf(AbiType element, int? length = null) =>
        new(AbiKind.Array, length is null ? $"{element.Name}[]" : string.Create(CultureInfo.InvariantCulture, $"{element.Name}[{length}]"), element: element, length: length);

    /// <summary>Reads a type: uint256, bytes32[2][], (address,uint96)[]; "tuple" stands for the given components.</summary>
    public static AbiType Parse(string text, IReadOnlyList<AbiParameter>? components = null) => Parse(text, components, 0);

    private static AbiType Parse(string text, IReadOnlyList<AbiParameter>? components, int depth)
    {
        if (depth > MaxDepth)
            throw new AbiException($"ABI type: nested deeper than {MaxDepth}.");
        if (text.EndsWith(']'))
        {
            var open = text.LastIndexOf('[');
            if (open <= 0)
                throw Malformed(text);
            var element = Parse(text[..open], components, depth + 1);
            var digits = text[(open + 1)..^1];
            return digits.Length == 0 ? ArrayOf(element) : ArrayOf(element, Number(digits, 0, 1 << 20, text));
        }
        if (text == "tuple")
            return Tuple(components ?? throw new AbiException("ABI type tuple: its components are missing."));
        if (text.StartsWith('(') && text.EndsWith(')'))
            return Tuple([.. Split(text[1..^1]).Select(part => new AbiParameter("", Parse(part, null, depth + 1)))]);
        return Elementary(text);
    }

    private static AbiType Elementary(string text)
    {
        switch (text)
        {
            case "address": return new AbiType(AbiKind.Address, text);
            case "bool": return new AbiType(AbiKind.Bool, text);
            case "string": return new AbiType(AbiKind.String, text);
            case "bytes": return new AbiType(AbiKind.Bytes, text);
            case "function": return new AbiType(AbiKind.FixedBytes, text, 24);
            case "uint": return new AbiType(AbiKind.UInt, "uint256", 256);
            case "int": return new AbiType(AbiKind.Int, "int256", 256);
        }
        if (text.StartsWith("uint", StringComparison.Ordinal))
            return new AbiType(AbiKind.UInt, text, Bits(text[4..], text));
        if (text.StartsWith("int", StringComparison.Ordinal))
            return new AbiType(AbiKind.Int, text, Bits(text[3..], text));
        if (text.StartsWith("bytes", StringComparison.Ordinal))
            return new AbiType(AbiKind.FixedBytes, text, Number(text[5..], 1, 32, text));
        throw Malformed(text);
    }

    private static int Bits(string digits, string text)
    {
        var bits = Number(digits, 8, 256, text);
        return bits % 8 == 0 ? bits : throw Malformed(text);
    }

    private static int Number(string digits, int min, int max, string text)
    {
        var canonical = digits.Length is > 0 and <= 7 && digits.All(char.IsAsciiDigit) && (digits.Length == 1 || digits[0] != '0');
        var number = canonical ? int.Parse(digits, CultureInfo.InvariantCulture) : -1;
        return number >= min && number <= max ? number : throw Malformed(text);
    }

    private static AbiException Malformed(string text) => new($"ABI type: '{Primitives.Hex.Excerpt(text)}' is no Solidity type.");

    /// <summary>Splits at the commas outside parentheses.</summary>
    internal static List<string> Split(string text)
    {
        var parts = new List<string>();
        if (text.Length == 0)
            return parts;
        var (depth, start) = (0, 0);
        for (var i = 0; i < text.Length; i++)
        {
            depth += text[i] switch { '(' => 1, ')' => -1, _ => 0 };
            if (text[i] != ',' || depth != 0)
                continue;
            parts.Add(text[start..i]);
            start = i + 1;
        }
        parts.Add(text[start..]);
        return parts;
    }

    public override string ToString() => Name;
}
