using System.Collections;
using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.Encoding;

/// <summary>Gives a record its EIP-712 type string, the same text as the contract's type hash constant.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct)]
public sealed class Eip712TypeAttribute(string encodeType) : Attribute
{
    public string EncodeType { get; } = encodeType;
}

public sealed record Eip712Field(string Name, string Type);

/// <summary>An EIP-712 struct type with the structs it refers to.</summary>
public sealed class Eip712Struct
{
    /// <summary>Deepest nesting of values that is hashed; recursive structs allow any.</summary>
    public const int MaxDepth = 32;

    private static readonly ConcurrentDictionary<Type, Eip712Struct> ByRecord = new();

    private readonly Dictionary<string, (IReadOnlyList<Eip712Field> Fields, string EncodeType, Bytes32 TypeHash)> _structs = [];
    private readonly ConcurrentDictionary<string, AbiType> _elementary = new();

    /// <param name="name">The primary type.</param>
    /// <param name="types">Fields of it and of every struct it refers to; others are left out.</param>
    /// <exception cref="AbiException">A field's type is neither a Solidity type nor one of <paramref name="types"/>.</exception>
    public Eip712Struct(string name, IReadOnlyDictionary<string, IReadOnlyList<Eip712Field>> types)
    {
        Name = name;
        foreach (var used in References(name, types))
            _structs[used] = (types[used], "", default);
        foreach (var used in _structs.Keys.ToList())
        {
            var encodeType = string.Concat(
                References(used, types).Where(r => r != used).Order(StringComparer.Ordinal).Prepend(used)
                    .Select(r => $"{r}({string.Join(',', types[r].Select(f => $"{f.Type} {f.Name}"))})"));
            _structs[used] = (types[used], encodeType, Keccak256.Hash(encodeType));
        }
    }

    public string Name { get; }

    /// <summary>Name(type field,…) followed by the referenced structs in the order of their names.</summary>
    public string EncodeType => _structs[Name].EncodeType;

    public Bytes32 TypeHash => _structs[Name].TypeHash;

    public IReadOnlyList<Eip712Field> Fields => _structs[Name].Fields;

    /// <summary>The structs by name, the primary one included.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<Eip712Field>> Types => _structs.ToDictionary(s => s.Key, s => s.Value.Fields);

    /// <summary>Reads a type string: <c>Mail(Person from,string contents)Person(string name,address wallet)</c>.</summary>
    /// <exception cref="AbiException">It does not parse, or is not in the order EIP-712 asks for (its hash would differ).</exception>
    public static Eip712Struct Parse(string encodeType)
    {
        var types = new Dictionary<string, IReadOnlyList<Eip712Field>>();
        string? first = null;
        for (var rest = encodeType; rest.Length > 0;)
        {
            var (open, close) = (rest.IndexOf('(', StringComparison.Ordinal), rest.IndexOf(')', StringComparison.Ordinal));
            if (open <= 0 || close < open)
                throw new AbiException($"EIP-712: '{encodeType}' is no type string.");
            var name = rest[..open];
            first ??= name;
            if (!types.TryAdd(name, [.. AbiType.Split(rest[(open + 1)..close]).Select(f => Field(f, encodeType))]))
                throw new AbiException($"EIP-712: {name} is declared twice.");
            rest = rest[(close + 1)..];
        }
        var result = new Eip712Struct(first ?? throw new AbiException("EIP-712: the type string is empty."), types);
        return result.EncodeType == encodeType
            ? result
            : throw new AbiException($"EIP-712 type string: expected '{result.EncodeType}', actual '{encodeType}'.");
    }

    /// <summary>The type of a record that carries <see cref="Eip712TypeAttribute"/>.</summary>
    public static Eip712Struct Of<T>() => ByRecord.GetOrAdd(typeof(T), type =>
        Parse(type.GetCustomAttribute<Eip712TypeAttribute>()?.EncodeType ?? throw new AbiException($"EIP-712: {type.Name} has no Eip712Type attribute.")));

    /// <summary>hashStruct of a record, dictionary, decoded tuple or JSON object whose members have the fields' names.</summary>
    public Bytes32 Hash(object value) => HashStruct(Name, value, Name, 0);

    private Bytes32 HashStruct(string name, object value, string what, int depth)
    {
        if (depth > MaxDepth)
            throw new AbiException($"EIP-712: values nested deeper than {MaxDepth}.");
        var (fields, _, typeHash) = _structs[name];
        var data = new byte[32 * (fields.Count + 1)];
        typeHash.CopyTo(data);
        for (var i = 0; i < fields.Count; i++)
            EncodeField(fields[i].Type, AbiBinder.Member(value, fields[i].Name, what), $"{what}.{fields[i].Name}", depth, data.AsSpan(32 * (i + 1), 32));
        return Keccak256.Hash(data);
    }

    private void EncodeField(string type, object? value, string what, int depth, Span<byte> word)
    {
        if (type.EndsWith(']'))
        {
            HashArray(type, value, what, depth, word);
            return;
        }
        if (_structs.ContainsKey(type))
        {
            // A recursive struct ends in a missing value, whose word is zero (the v4 convention of eth_signTypedData).
            if (value is not (null or JsonElement { ValueKind: JsonValueKind.Null }))
                HashStruct(type, value, what, depth + 1).CopyTo(word);
            return;
        }
        var elementary = _elementary.GetOrAdd(type, t => AbiType.Parse(t));
        switch (AbiBinder.ToAbi(elementary, value, what))
        {
            case byte[] bytes when elementary.Kind == AbiKind.Bytes:
                Keccak256.Hash(bytes, word);
                break;
            case string text:
                Keccak256.Hash(AbiCodec.Utf8(text), word);
                break;
            case var other:
                AbiCodec.WriteWord(word, elementary, other);
                break;
        }
    }

    private void HashArray(string type, object? value, string what, int depth, Span<byte> word)
    {
        var open = type.LastIndexOf('[');
        var items = value switch
        {
            JsonElement { ValueKind: JsonValueKind.Array } json => json.EnumerateArray().Select(i => (object?)i).ToArray(),
            IEnumerable list and not string => list.Cast<object?>().ToArray(),
            _ => throw new AbiException($"{what}: expected a list for {type}."),
        };
        var length = type[(open + 1)..^1];
        if (length.Length > 0 && length != items.Length.ToString(System.Globalization.CultureInfo.InvariantCulture))
            throw new AbiException($"{what}: {type} takes {length} elements, actual {items.Length}.");
        if (depth > MaxDepth)
            throw new AbiException($"EIP-712: values nested deeper than {MaxDepth}.");
        var data = new byte[32 * items.Length];
        for (var i = 0; i < items.Length; i++)
            EncodeField(type[..open], items[i], $"{what}[{i}]", depth + 1, data.AsSpan(32 * i, 32));
        Keccak256.Hash(data, word);
    }

    private static Eip712Field Field(string text, string encodeType)
    {
        var space = text.IndexOf(' ', StringComparison.Ordinal);
        return space > 0 && space < text.Length - 1 && text.LastIndexOf(' ') == space
            ? new Eip712Field(text[(space + 1)..], text[..space])
            : throw new AbiException($"EIP-712: '{text}' in '{encodeType}' is not a type and a name.");
    }

    /// <summary>The struct and all it refers to; every other field type must be a Solidity type.</summary>
    private static HashSet<string> References(string name, IReadOnlyDictionary<string, IReadOnlyList<Eip712Field>> types)
    {
        var found = new HashSet<string>();
        var open = new Stack<string>([name]);
        while (open.TryPop(out var next))
        {
            if (!found.Add(next))
                continue;
            if (!types.TryGetValue(next, out var fields))
                throw new AbiException($"EIP-712: the struct {next} is not declared.");
            foreach (var type in fields.Select(f => f.Type.Split('[')[0]))
                if (types.ContainsKey(type))
                    open.Push(type);
                else
                    CheckElementary(type);
        }
        return found;
    }

    private static void CheckElementary(string type)
    {
        if (type.Contains('(', StringComparison.Ordinal) || type == "tuple")
            throw new AbiException($"EIP-712: '{type}' is no field type.");
        AbiType.Parse(type);
    }
}
