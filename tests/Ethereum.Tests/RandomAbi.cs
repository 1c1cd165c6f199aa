using System.Globalization;
using System.Numerics;
using System.Text.Json.Serialization;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.Tests;

/// <summary>Types and values as JSON, from a seed. Values at the ends of their ranges come more often than chance would have it.</summary>
internal sealed class RandomAbi(int seed)
{
    private static readonly string[] Letters = ["a", "Z", "0", "\n", "\"", "ü", "ß", "漢", "🙂", "\u0000", "\u200d"];

    private readonly Random _random = new(seed);

    internal sealed record TypeJson(
        [property: JsonPropertyName("name")] string Name,
        [property: JsonPropertyName("type")] string Type,
        [property: JsonPropertyName("components"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<TypeJson>? Components = null)
    {
        internal AbiType ToAbi() => AbiType.Parse(Type, Components?.Select(c => new AbiParameter(c.Name, c.ToAbi())).ToList());
    }

    internal sealed record Parameter(TypeJson Type, object Value);

    internal int Next(int from, int below) => _random.Next(from, below);

    internal byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        _random.NextBytes(bytes);
        return bytes;
    }

    internal BigInteger Integer(int bits) => new(Bytes(bits / 8), isUnsigned: true);

    internal Address Address() => new(Bytes(20));

    internal Bytes32 Word(byte? first = null)
    {
        var bytes = Bytes(32);
        bytes[0] = first ?? bytes[0];
        return new Bytes32(bytes);
    }

    internal IReadOnlyList<Parameter> Parameters(int most) => [.. Enumerable.Range(0, _random.Next(1, most + 1)).Select(i =>
    {
        var type = Type($"p{i}", 0);
        return new Parameter(type, Value(type));
    })];

    /// <summary>Structs that refer to later ones, with a message of the first.</summary>
    internal object TypedData()
    {
        var structs = Enumerable.Range(0, _random.Next(1, 4)).Reverse().ToList();
        var types = new Dictionary<string, List<TypeJson>>();
        foreach (var i in structs)
            types[$"S{i}"] = [.. Enumerable.Range(0, _random.Next(1, 5)).Select(f => _random.Next(3) == 0 && types.Count > 0
                ? new TypeJson($"f{f}", types.Keys.ElementAt(_random.Next(types.Count)) + Suffix(_random.Next(2)))
                : new TypeJson($"f{f}", Elementary() + Suffix(_random.Next(2))))];
        object Message(string type) => type.EndsWith(']') ? Items(type, Message)
            : types.TryGetValue(type, out var fields) ? fields.ToDictionary(f => f.Name, f => Message(f.Type)) : Word(type);
        var domain = new { name = Text(), version = "1", chainId = _random.Next(1, 1 << 30), verifyingContract = Address().ToString() };
        TypeJson[] domainType = [new("name", "string"), new("version", "string"), new("chainId", "uint256"), new("verifyingContract", "address")];
        return new { types = types.Append(new("EIP712Domain", [.. domainType])).ToDictionary(t => t.Key, t => t.Value), primaryType = "S0", domain, message = Message("S0") };
    }

    private TypeJson Type(string name, int depth)
    {
        var suffix = Suffix(depth == 0 ? _random.Next(3) : _random.Next(2));
        return depth < 3 && _random.Next(4) == 0
            ? new TypeJson(name, "tuple" + suffix, [.. Enumerable.Range(0, _random.Next(1, 4)).Select(i => Type($"c{i}", depth + 1))])
            : new TypeJson(name, Elementary() + suffix);
    }

    private string Suffix(int most) => string.Concat(Enumerable.Range(0, most).Select(_ => _random.Next(3) switch { 0 => "[]", 1 => $"[{_random.Next(1, 4)}]", _ => "" }));

    private string Elementary() => _random.Next(8) switch
    {
        0 => $"uint{8 * _random.Next(1, 33)}",
        1 => $"int{8 * _random.Next(1, 33)}",
        2 => "address",
        3 => "bool",
        4 => $"bytes{_random.Next(1, 33)}",
        5 => "bytes",
        6 => "string",
        _ => "uint256",
    };

    private object Value(TypeJson type)
    {
        if (type.Type.EndsWith(']'))
            return Items(type.Type, element => Value(type with { Type = element }));
        return type.Type == "tuple" ? type.Components!.Select(Value).ToArray() : Word(type.Type);
    }

    private object[] Items(string type, Func<string, object> item)
    {
        var open = type.LastIndexOf('[');
        var digits = type[(open + 1)..^1];
        return [.. Enumerable.Range(0, digits.Length > 0 ? int.Parse(digits, CultureInfo.InvariantCulture) : _random.Next(0, 4)).Select(_ => item(type[..open]))];
    }

    private object Word(string type)
    {
        if (type.StartsWith("uint", StringComparison.Ordinal))
            return Number(BigInteger.Zero, (BigInteger.One << Size(type, "uint")) - 1);
        if (type.StartsWith("int", StringComparison.Ordinal))
            return Number(-(BigInteger.One << Size(type, "int") - 1), (BigInteger.One << Size(type, "int") - 1) - 1);
        return type switch
        {
            "address" => Address().ToString(),
            "bool" => _random.Next(2) == 0,
            "string" => Text(),
            "bytes" => Hex.Encode(Bytes(_random.Next(0, 80))),
            _ => Hex.Encode(Bytes(Size(type, "bytes"))),
        };
    }

    private string Number(BigInteger from, BigInteger to) => (_random.Next(4) switch
    {
        0 => from,
        1 => to,
        _ => from + Integer(256) % (to - from + 1),
    }).ToString(CultureInfo.InvariantCulture);

    private string Text() => string.Concat(Enumerable.Range(0, _random.Next(0, 40)).Select(_ => Letters[_random.Next(Letters.Length)]));

    private static int Size(string type, string prefix) => int.Parse(type[prefix.Length..], CultureInfo.InvariantCulture);
}
