using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Text.Json;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.Encoding;

/// <summary>A function of an ABI. <see cref="Selector"/> is the first 4 bytes of keccak256(<see cref="Signature"/>).</summary>
public sealed record AbiFunction(string Name, IReadOnlyList<AbiParameter> Inputs, IReadOnlyList<AbiParameter> Outputs, string StateMutability)
{
    public string Signature { get; } = AbiSignature.Of(Name, Inputs);
    public uint Selector { get; } = AbiSignature.Selector(AbiSignature.Of(Name, Inputs));
}

/// <summary>An event of an ABI. <see cref="Topic"/> is keccak256(<see cref="Signature"/>), topic 0 of its logs unless it is anonymous.</summary>
public sealed record AbiEvent(string Name, IReadOnlyList<AbiParameter> Inputs, bool Anonymous)
{
    public string Signature { get; } = AbiSignature.Of(Name, Inputs);
    public Bytes32 Topic { get; } = Keccak256.Hash(AbiSignature.Of(Name, Inputs));
}

/// <summary>A custom error of an ABI, or one of Solidity's own: Error(string), Panic(uint256).</summary>
public sealed record AbiError(string Name, IReadOnlyList<AbiParameter> Inputs)
{
    public string Signature { get; } = AbiSignature.Of(Name, Inputs);
    public uint Selector { get; } = AbiSignature.Selector(AbiSignature.Of(Name, Inputs));
}

public sealed record DecodedEvent(AbiEvent Event, AbiValues Values, Log Log)
{
    public string Name => Event.Name;

    /// <summary>Binds the values to a record by name.</summary>
    public T To<T>() => Values.To<T>();
}

public sealed record DecodedCall(AbiFunction Function, AbiValues Values);

public sealed record DecodedError(AbiError Error, AbiValues Values)
{
    public string Name => Error.Name;

    /// <summary>Name and values, or the text of Error(string), or the meaning of Panic's code.</summary>
    public override string ToString() => Error.Signature switch
    {
        "Error(string)" => Values.Get<string>(0),
        "Panic(uint256)" => $"Panic: {AbiSignature.PanicMeaning(Values.Get<BigInteger>(0))}",
        _ => Name + Values,
    };
}

/// <summary>A contract's functions, events and errors, from its JSON ABI.</summary>
public sealed class ContractAbi
{
    private static readonly ContractAbi Solidity = new(
        [], [], [new AbiError("Error", [new("message", AbiType.Parse("string"))]), new AbiError("Panic", [new("code", AbiType.Parse("uint256"))])], []);

    /// <summary>Knows nothing but Error(string) and Panic(uint256).</summary>
    public static ContractAbi Empty => Solidity;

    private readonly Dictionary<Bytes32, AbiEvent[]> _eventsByTopic;
    private readonly Dictionary<uint, AbiFunction> _functionsBySelector;
    private readonly Dictionary<uint, AbiError> _errorsBySelector;

    private ContractAbi(
        IReadOnlyList<AbiFunction> functions, IReadOnlyList<AbiEvent> events, IReadOnlyList<AbiError> errors, IReadOnlyList<AbiParameter> constructor)
    {
        (Functions, Events, Errors, Constructor) = (functions, events, errors, constructor);
        _eventsByTopic = events.Where(e => !e.Anonymous).GroupBy(e => e.Topic).ToDictionary(g => g.Key, g => g.ToArray());
        _functionsBySelector = functions.DistinctBy(f => f.Selector).ToDictionary(f => f.Selector);
        _errorsBySelector = errors.DistinctBy(e => e.Selector).ToDictionary(e => e.Selector);
    }

    public IReadOnlyList<AbiFunction> Functions { get; }
    public IReadOnlyList<AbiEvent> Events { get; }
    public IReadOnlyList<AbiError> Errors { get; }

    /// <summary>Inputs of the constructor; empty when the ABI names none.</summary>
    public IReadOnlyList<AbiParameter> Constructor { get; }

    /// <summary>Reads an ABI array, or a compiler's artifact object with the array in its property "abi".</summary>
    /// <exception cref="AbiException">Not JSON, or not an ABI.</exception>
    public static ContractAbi Parse(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return Parse(document.RootElement);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new AbiException($"ABI: not a JSON ABI: {error.Message}", error);
        }
    }

    private static ContractAbi Parse(JsonElement root)
    {
        if (root.ValueKind == JsonValueKind.Object)
            root = root.GetProperty("abi");
        var (functions, events, errors) = (new List<AbiFunction>(), new List<AbiEvent>(), new List<AbiError>());
        IReadOnlyList<AbiParameter> constructor = [];
        foreach (var item in root.EnumerateArray())
        {
            var name = item.TryGetProperty("name", out var property) ? property.GetString() ?? "" : "";
            switch (item.TryGetProperty("type", out var type) ? type.GetString() : "function")
            {
                case "function":
                    functions.Add(new AbiFunction(name, Parameters(item, "inputs"), Parameters(item, "outputs"), Mutability(item)));
                    break;
                case "event":
                    events.Add(new AbiEvent(name, Parameters(item, "inputs"), item.TryGetProperty("anonymous", out var a) && a.GetBoolean()));
                    break;
                case "error":
                    errors.Add(new AbiError(name, Parameters(item, "inputs")));
                    break;
                case "constructor":
                    constructor = Parameters(item, "inputs");
                    break;
            }
        }
        return new ContractAbi(functions, events, errors, constructor);
    }

    private static string Mutability(JsonElement item) =>
        item.TryGetProperty("stateMutability", out var mutability) ? mutability.GetString() ?? "nonpayable" : "nonpayable";

    private static List<AbiParameter> Parameters(JsonElement item, string property) =>
        item.TryGetProperty(property, out var list) ? [.. list.EnumerateArray().Select(Parameter)] : [];

    private static AbiParameter Parameter(JsonElement item) => new(
        item.TryGetProperty("name", out var name) ? name.GetString() ?? "" : "",
        AbiType.Parse(item.GetProperty("type").Text(), item.TryGetProperty("components", out _) ? Parameters(item, "components") : null),
        item.TryGetProperty("indexed", out var indexed) && indexed.GetBoolean());

    /// <summary>A function by name, or by signature ("open(bytes32,uint96)") where the name is overloaded.</summary>
    public AbiFunction Function(string name) => Find(Functions, name, f => f.Name, f => f.Signature, "function");

    public AbiEvent Event(string name) => Find(Events, name, e => e.Name, e => e.Signature, "event");

    public AbiError Error(string name) => Find(Errors, name, e => e.Name, e => e.Signature, "error");

    private static T Find<T>(IReadOnlyList<T> items, string wanted, Func<T, string> name, Func<T, string> signature, string kind)
    {
        var found = wanted.Contains('(', StringComparison.Ordinal)
            ? items.Where(i => signature(i) == wanted).ToList()
            : items.Where(i => name(i) == wanted).ToList();
        return found.Count switch
        {
            1 => found[0],
            0 => throw new AbiException($"ABI: no {kind} '{wanted}'."),
            _ => throw new AbiException($"ABI: {kind} '{wanted}' is overloaded; name its signature: {string.Join(", ", found.Select(signature))}."),
        };
    }

    /// <summary>Call data: selector and arguments.</summary>
    public byte[] Encode(string function, params object?[] arguments)
    {
        var found = Function(function);
        var values = AbiBinder.ToAbi(found.Inputs, arguments, found.Name);
        return AbiCodec.EncodeAbi(found.Selector, found.Inputs, values);
    }

    /// <summary>Constructor arguments, to be appended to the creation code.</summary>
    public byte[] EncodeConstructor(params object?[] arguments) =>
        AbiCodec.EncodeAbi(Constructor, AbiBinder.ToAbi(Constructor, arguments, "constructor"));

    public byte[] EncodeError(string error, params object?[] arguments)
    {
        var found = Error(error);
        return AbiCodec.EncodeAbi(found.Selector, found.Inputs, AbiBinder.ToAbi(found.Inputs, arguments, found.Name));
    }

    /// <summary>Returned values of a call.</summary>
    public AbiValues DecodeResult(string function, ReadOnlySpan<byte> data) => AbiCodec.Decode(Function(function).Outputs, data);

    /// <summary>The function and arguments of call data, found by selector.</summary>
    /// <exception cref="AbiException">Unknown selector or malformed arguments.</exception>
    public DecodedCall DecodeCall(ReadOnlySpan<byte> data) =>
        TryFindFunction(data, out var function)
            ? new DecodedCall(function, AbiCodec.Decode(function.Inputs, data[4..]))
            : throw new AbiException("ABI: the call data starts with no selector of this ABI.");

    internal bool TryFindFunction(ReadOnlySpan<byte> data, [NotNullWhen(true)] out AbiFunction? function)
    {
        function = null;
        return AbiSignature.TryReadSelector(data, out var selector) && _functionsBySelector.TryGetValue(selector, out function);
    }

    /// <summary>Call data arguments bound to a record.</summary>
    public T DecodeCall<T>(string function, ReadOnlySpan<byte> data)
    {
        var call = DecodeCall(data);
        return call.Function == Function(function)
            ? call.Values.To<T>()
            : throw new AbiException($"ABI: expected a call of {function}, actual {call.Function.Name}.");
    }

    /// <summary>The event of a log, found by topic 0; false when this ABI has no such event.</summary>
    /// <exception cref="AbiException">The event is known, the log's topics or data are not its encoding.</exception>
    public bool TryDecodeLog(Log log, [NotNullWhen(true)] out DecodedEvent? decoded)
    {
        decoded = null;
        if (log.Topics.Count == 0 || !_eventsByTopic.TryGetValue(log.Topics[0], out var candidates))
            return false;
        // ERC-20 and ERC-721 share Transfer's topic and differ in what is indexed.
        var found = candidates.FirstOrDefault(c => c.Inputs.Count(i => i.Indexed) == log.Topics.Count - 1)
            ?? throw new AbiException($"ABI: {candidates[0].Name} does not have {log.Topics.Count - 1} indexed values.");
        decoded = new DecodedEvent(found, DecodeLog(found, log.Topics.Skip(1), log.Data), log);
        return true;
    }

    public DecodedEvent DecodeLog(Log log) =>
        TryDecodeLog(log, out var decoded) ? decoded : throw new AbiException("ABI: the log's topic 0 is no event of this ABI.");

    /// <summary>A log's values bound to a record by parameter name.</summary>
    public T Decode<T>(Log log) => DecodeLog(log).To<T>();

    /// <summary>Values of one event's log. An indexed value of a dynamic type is its hash (<see cref="Bytes32"/>), all the chain keeps.</summary>
    /// <param name="found">The event that the log is taken for.</param>
    /// <param name="indexedTopics">Topics without the event's own topic 0.</param>
    /// <param name="data">The log's data.</param>
    public static AbiValues DecodeLog(AbiEvent found, IEnumerable<Bytes32> indexedTopics, ReadOnlySpan<byte> data)
    {
        var topics = indexedTopics.ToArray();
        if (topics.Length != found.Inputs.Count(i => i.Indexed))
            throw new AbiException($"ABI: {found.Name}: expected {found.Inputs.Count(i => i.Indexed)} indexed topics, actual {topics.Length}.");
        var plain = AbiCodec.Decode([.. found.Inputs.Where(i => !i.Indexed)], data);
        var (topic, field) = (0, 0);
        return new AbiValues(found.Inputs, [.. found.Inputs.Select(i => i.Indexed ? DecodeTopic(i.Type, topics[topic++]) : plain[field++])]);
    }

    private static object DecodeTopic(AbiType type, Bytes32 topic)
    {
        if (type.IsDynamic || type.Kind is AbiKind.Array or AbiKind.Tuple)
            return topic;
        Span<byte> word = stackalloc byte[32];
        topic.CopyTo(word);
        return AbiCodec.ReadWord(type, word);
    }

    /// <summary>Topic of an indexed value, for a log filter; of strings, bytes, arrays and structs it is the hash.</summary>
    /// <exception cref="AbiException">The value does not fit the type.</exception>
    public static Bytes32 EncodeTopic(AbiType type, object value)
    {
        var own = AbiBinder.ToAbi(type, value, "topic");
        if (type.IsDynamic || type.Kind is AbiKind.Array or AbiKind.Tuple)
            return Keccak256.Hash(AbiPacked.InPlace(type, own));
        Span<byte> word = stackalloc byte[32];
        AbiCodec.WriteWord(word, type, own);
        return new Bytes32(word);
    }

    /// <summary>The custom error, Error(string) or Panic in revert data; null when it is none that this ABI can read.</summary>
    public DecodedError? DecodeError(ReadOnlySpan<byte> data)
    {
        if (!AbiSignature.TryReadSelector(data, out var selector))
            return null;
        if (!_errorsBySelector.TryGetValue(selector, out var error) && !Solidity._errorsBySelector.TryGetValue(selector, out error))
            return null;
        try
        {
            return new DecodedError(error, AbiCodec.Decode(error.Inputs, data[4..]));
        }
        catch (AbiException)
        {
            // Any contract in the call may have written these bytes, so bytes that only look like the error are not ours to fail on.
            return null;
        }
    }
}
