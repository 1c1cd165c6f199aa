using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.Encoding;

/// <summary>The EIP-712 domain; a field left null is not part of the domain's type.</summary>
public sealed record Eip712Domain(
    string? Name = null, string? Version = null, BigInteger? ChainId = null, Address? VerifyingContract = null, Bytes32? Salt = null)
{
    /// <summary>Type of the domain, made of the fields that are present.</summary>
    public Eip712Struct Type => new("EIP712Domain", new Dictionary<string, IReadOnlyList<Eip712Field>> { ["EIP712Domain"] = [.. PresentFields()] });

    /// <summary>hashStruct of the domain.</summary>
    public Bytes32 Separator => Type.Hash(this);

    private IEnumerable<Eip712Field> PresentFields()
    {
        if (Name is not null) yield return new("name", "string");
        if (Version is not null) yield return new("version", "string");
        if (ChainId is not null) yield return new("chainId", "uint256");
        if (VerifyingContract is not null) yield return new("verifyingContract", "address");
        if (Salt is not null) yield return new("salt", "bytes32");
    }
}

/// <summary>A message with its type and domain: what eth_signTypedData_v4 signs.</summary>
public sealed class TypedData
{
    private readonly Bytes32 _separator;
    private readonly JsonElement? _domain;

    public TypedData(Eip712Domain domain, Eip712Struct type, object message)
    {
        (Type, Message) = (type, message);
        _separator = domain.Separator;
        _domain = JsonSerializer.SerializeToElement(DomainJson(domain));
        DomainType = domain.Type;
        Digest = MakeDigest();
    }

    private TypedData(Eip712Struct domainType, JsonElement domain, Eip712Struct type, JsonElement message)
    {
        (Type, Message, DomainType) = (type, message, domainType);
        _separator = domainType.Hash(domain);
        _domain = domain;
        Digest = MakeDigest();
    }

    public Eip712Struct Type { get; }
    public Eip712Struct DomainType { get; }
    public object Message { get; }

    /// <summary>keccak256(0x19 0x01 || domain separator || hashStruct(message)).</summary>
    public Bytes32 Digest { get; }

    /// <summary>Typed data of a record that carries <see cref="Eip712TypeAttribute"/>.</summary>
    public static TypedData Of<T>(Eip712Domain domain, T message) where T : notnull => new(domain, Eip712Struct.Of<T>(), message);

    /// <summary>Reads the JSON object that wallets take: types, primaryType, domain, message.</summary>
    /// <exception cref="AbiException">It is not such an object, or a value does not fit its type.</exception>
    public static TypedData Parse(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement.Clone();
            var types = root.GetProperty("types").EnumerateObject().ToDictionary(
                t => t.Name,
                t => (IReadOnlyList<Eip712Field>)[.. t.Value.EnumerateArray().Select(f => new Eip712Field(f.GetProperty("name").Text(), f.GetProperty("type").Text()))]);
            return new TypedData(
                new Eip712Struct("EIP712Domain", types), root.GetProperty("domain"),
                new Eip712Struct(root.GetProperty("primaryType").Text(), types), root.GetProperty("message"));
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new AbiException($"EIP-712: not a typed data object: {error.Message}", error);
        }
    }

    /// <summary>The JSON object for a wallet; numbers are decimal strings.</summary>
    public string ToJson()
    {
        var types = new JsonObject();
        foreach (var (name, fields) in DomainType.Types.Concat(Type.Types))
            types[name] = new JsonArray([.. fields.Select(f => (JsonNode)new JsonObject { ["name"] = f.Name, ["type"] = f.Type })]);
        return new JsonObject
        {
            ["types"] = types,
            ["primaryType"] = Type.Name,
            ["domain"] = JsonSerializer.SerializeToNode(_domain),
            ["message"] = ToNode(Type.Name, Message),
        }.ToJsonString();
    }

    private Bytes32 MakeDigest()
    {
        Span<byte> data = stackalloc byte[66];
        data[0] = 0x19;
        data[1] = 0x01;
        _separator.CopyTo(data[2..]);
        Type.Hash(Message).CopyTo(data[34..]);
        return Keccak256.Hash(data);
    }

    private static JsonObject DomainJson(Eip712Domain domain)
    {
        var json = new JsonObject();
        if (domain.Name is not null) json["name"] = domain.Name;
        if (domain.Version is not null) json["version"] = domain.Version;
        if (domain.ChainId is { } chain) json["chainId"] = chain.ToString(CultureInfo.InvariantCulture);
        if (domain.VerifyingContract is { } contract) json["verifyingContract"] = contract.ToString();
        if (domain.Salt is { } salt) json["salt"] = salt.ToString();
        return json;
    }

    private JsonNode? ToNode(string type, object? value)
    {
        if (value is null or JsonElement { ValueKind: JsonValueKind.Null })
            return null;
        if (value is JsonElement json)
            return JsonSerializer.SerializeToNode(json);
        if (type.EndsWith(']'))
            return new JsonArray([.. ((System.Collections.IEnumerable)value).Cast<object?>().Select(item => ToNode(type[..type.LastIndexOf('[')], item))]);
        if (Type.Types.TryGetValue(type, out var fields))
        {
            var node = new JsonObject();
            foreach (var field in fields)
                node[field.Name] = ToNode(field.Type, AbiBinder.Member(value, field.Name, type));
            return node;
        }
        return AbiBinder.ToAbi(AbiType.Parse(type), value, type) switch
        {
            bool flag => flag,
            byte[] bytes => Hex.Encode(bytes),
            IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
            var other => other.ToString(),
        };
    }
}
