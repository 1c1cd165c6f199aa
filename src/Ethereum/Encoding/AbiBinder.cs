using System.Collections;
using System.Collections.Concurrent;
using System.Globalization;
using System.Numerics;
using System.Reflection;
using System.Text.Json;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.Encoding;

/// <summary>Between the values of the ABI (see <see cref="AbiType"/>) and the types a caller likes to write: records, ints, lists, enums.</summary>
internal static class AbiBinder
{
    private static readonly ConcurrentDictionary<Type, Dictionary<string, PropertyInfo>> PropertiesOf = new();
    private static readonly ConcurrentDictionary<Type, ConstructorInfo?> ConstructorOf = new();

    // ---- from C# to the ABI ----

    internal static object[] ToAbi(IReadOnlyList<AbiParameter> parameters, object?[] values, string what)
    {
        if (values.Length != parameters.Count)
            throw new AbiException($"{what}: expected {parameters.Count} values, actual {values.Length}.");
        return [.. parameters.Select((p, i) => ToAbi(p.Type, values[i], p.Name.Length == 0 ? $"{what}[{i}]" : $"{what}.{p.Name}"))];
    }

    /// <summary>The value in the ABI's own form, checked against the type.</summary>
    internal static object ToAbi(AbiType type, object? value, string what)
    {
        if (value is JsonElement json)
            return FromJson(type, json, what);
        return type.Kind switch
        {
            AbiKind.UInt or AbiKind.Int => ToInteger(type, value, what),
            AbiKind.Address => value is Address ? value : throw Mismatch(type, value, what),
            AbiKind.Bool => value is bool ? value : throw Mismatch(type, value, what),
            AbiKind.String => value is string ? value : throw Mismatch(type, value, what),
            AbiKind.Bytes => ToBytes(type, value, what),
            AbiKind.FixedBytes => ToFixedBytes(type, ToBytes(type, value, what), what),
            AbiKind.Array => ToArray(type, value, what),
            _ => ToTuple(type, value, what),
        };
    }

    private static object ToInteger(AbiType type, object? value, string what)
    {
        BigInteger number = value switch
        {
            BigInteger big => big,
            ulong n => n,
            long n => n,
            uint n => n,
            int n => n,
            ushort n => n,
            short n => n,
            byte n => n,
            sbyte n => n,
            UInt128 n => n,
            Int128 n => n,
            Enum e => Convert.ToInt64(e, CultureInfo.InvariantCulture),
            IAbiInteger own => own.ToBigInteger(),
            Bytes32 word when type is { Kind: AbiKind.UInt, Size: 256 } => word.ToBigInteger(),
            _ => throw Mismatch(type, value, what),
        };
        return Integer(type, number, what);
    }

    internal static object Integer(AbiType type, BigInteger number, string what)
    {
        var fits = type.Kind == AbiKind.UInt
            ? number.Sign >= 0 && number.GetBitLength() <= type.Size
            : number.GetBitLength() <= type.Size - 1;
        if (!fits)
            throw new AbiException($"{what}: {number} does not fit {type.Name}.");
        if (type.Size > 64)
            return number;
        return type.Kind == AbiKind.UInt ? (ulong)number : (long)number;
    }

    private static byte[] ToBytes(AbiType type, object? value, string what) => value switch
    {
        byte[] bytes => bytes,
        Bytes32 word => word.ToArray(),
        ReadOnlyMemory<byte> memory => memory.ToArray(),
        Memory<byte> memory => memory.ToArray(),
        IReadOnlyCollection<byte> list => [.. list],
        _ => throw Mismatch(type, value, what),
    };

    private static object ToFixedBytes(AbiType type, byte[] bytes, string what)
    {
        if (bytes.Length != type.Size)
            throw new AbiException($"{what}: {type.Name} takes {type.Size} bytes, actual {bytes.Length}.");
        return type.Size == 32 ? new Bytes32(bytes) : bytes;
    }

    private static object[] ToArray(AbiType type, object? value, string what)
    {
        if (value is not IEnumerable items || value is string)
            throw Mismatch(type, value, what);
        var result = items.Cast<object?>().Select((item, i) => ToAbi(type.Element!, item, $"{what}[{i}]")).ToArray();
        return type.Length is { } length && result.Length != length
            ? throw new AbiException($"{what}: {type.Name} takes {length} elements, actual {result.Length}.")
            : result;
    }

    private static AbiValues ToTuple(AbiType type, object? value, string what) => value switch
    {
        AbiValues values => new AbiValues(type.Components, ToAbi(type.Components, [.. values], what)),
        object?[] values => new AbiValues(type.Components, ToAbi(type.Components, values, what)),
        System.Runtime.CompilerServices.ITuple values =>
            new AbiValues(type.Components, ToAbi(type.Components, [.. Enumerable.Range(0, values.Length).Select(i => values[i])], what)),
        null => throw Mismatch(type, value, what),
        _ => new AbiValues(type.Components, ToAbi(type.Components, [.. type.Components.Select(c => Member(value, c.Name, what))], what)),
    };

    /// <summary>A named member of a dictionary, decoded values, a JSON object or any object with properties.</summary>
    internal static object? Member(object value, string name, string what)
    {
        switch (value)
        {
            case AbiValues values:
                return values[name];
            case IReadOnlyDictionary<string, object?> map:
                return map.TryGetValue(name, out var entry) ? entry : throw Missing(name, what);
            case JsonElement { ValueKind: JsonValueKind.Object } json:
                return json.TryGetProperty(name, out var property) ? property : throw Missing(name, what);
            case JsonElement:
                throw new AbiException($"{what}: expected a JSON object.");
        }
        var properties = PropertiesOf.GetOrAdd(value.GetType(), type =>
            type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
                .Where(p => p.GetIndexParameters().Length == 0)
                .GroupBy(p => Key(p.Name))
                .ToDictionary(g => g.Key, g => g.First()));
        // A generated record whose property would have the record's own name calls it so.
        return properties.TryGetValue(Key(name), out var found) || properties.TryGetValue(Key(name + "Value"), out found) ? found.GetValue(value) : throw Missing(name, $"{what} ({value.GetType().Name})");
    }

    private static AbiException Missing(string name, string what) => new($"{what}: the value '{name}' is missing.");

    private static object FromJson(AbiType type, JsonElement json, string what)
    {
        try
        {
            return type.Kind switch
            {
                AbiKind.UInt or AbiKind.Int => Integer(type, JsonInteger(json), what),
                AbiKind.Address => Address.Parse(json.Text()),
                AbiKind.Bool => json.GetBoolean(),
                AbiKind.String => json.Text(),
                AbiKind.Bytes => Hex.Decode(json.GetString()),
                AbiKind.FixedBytes => ToFixedBytes(type, Hex.Decode(json.GetString()), what),
                AbiKind.Array => ToArray(type, json.EnumerateArray().Select(item => (object)item).ToArray(), what),
                _ when json.ValueKind == JsonValueKind.Array =>
                    ToTuple(type, json.EnumerateArray().Select(item => (object)item).ToArray(), what),
                _ => new AbiValues(type.Components, ToAbi(type.Components, [.. type.Components.Select(c => Member(json, c.Name, what))], what)),
            };
        }
        catch (Exception error) when (error is FormatException or InvalidOperationException)
        {
            throw new AbiException($"{what}: expected {type.Name} in JSON: {error.Message}", error);
        }
    }

    private static BigInteger JsonInteger(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.Number)
            return BigInteger.Parse(Bounded(json.GetRawText()), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var text = Bounded(json.GetString() ?? "");
        return text.StartsWith("0x", StringComparison.Ordinal)
            ? Hex.ParseQuantity(text)
            : BigInteger.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
    }

    // 2^256 has 78 digits; a longer number can only be an attempt to spend our time.
    private static string Bounded(string text) => text.Length <= 80 ? text : throw new FormatException("a number of more than 80 characters.");

    private static AbiException Mismatch(AbiType type, object? value, string what) =>
        new($"{what}: expected a value for {type.Name}, actual {value?.GetType().Name ?? "null"}.");

    // ---- from the ABI to C# ----

    internal static object? FromAbi(object value, Type target, string what)
    {
        target = Nullable.GetUnderlyingType(target) ?? target;
        if (target.IsInstanceOfType(value))
            return value;
        return value switch
        {
            ulong n => ToNumber(n, target, what),
            long n => ToNumber(n, target, what),
            BigInteger n => ToNumber(n, target, what),
            byte[] bytes when target == typeof(ReadOnlyMemory<byte>) => new ReadOnlyMemory<byte>(bytes),
            Bytes32 word when target == typeof(byte[]) => word.ToArray(),
            Bytes32 word when target == typeof(ReadOnlyMemory<byte>) => new ReadOnlyMemory<byte>(word.ToArray()),
            object[] items => ToList(items, target, what),
            AbiValues values => ToObject(values, target, what),
            _ => throw CannotBind(value, target, what),
        };
    }

    private static object ToNumber(BigInteger number, Type target, string what)
    {
        try
        {
            if (target.IsEnum)
            {
                var named = Enum.ToObject(target, (long)number);
                return Enum.IsDefined(target, named) ? named : throw new AbiException($"{what}: {number} is no {target.Name}.");
            }
            if (target == typeof(BigInteger)) return number;
            if (target == typeof(Bytes32)) return Bytes32.FromBigInteger(number);
            if (target.IsAssignableTo(typeof(IAbiInteger))) return FromInteger(number, target);
            if (target == typeof(ulong)) return (ulong)number;
            if (target == typeof(long)) return (long)number;
            if (target == typeof(uint)) return (uint)number;
            if (target == typeof(int)) return (int)number;
            if (target == typeof(ushort)) return (ushort)number;
            if (target == typeof(short)) return (short)number;
            if (target == typeof(byte)) return (byte)number;
            if (target == typeof(sbyte)) return (sbyte)number;
            if (target == typeof(UInt128)) return (UInt128)number;
            if (target == typeof(Int128)) return (Int128)number;
        }
        catch (OverflowException error)
        {
            throw new AbiException($"{what}: {number} does not fit {target.Name}.", error);
        }
        throw CannotBind(number, target, what);
    }

    private static object FromInteger(BigInteger number, Type target) =>
        target.GetMethod(nameof(IAbiInteger<>.From), [typeof(BigInteger)])!.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [number], null)!;

    private static object ToList(object[] items, Type target, string what)
    {
        var element = target.IsArray ? target.GetElementType()
            : target.IsGenericType && target.GenericTypeArguments.Length == 1 ? target.GenericTypeArguments[0]
            : null;
        if (element is null)
            throw CannotBind(items, target, what);
        var array = Array.CreateInstance(element, items.Length);
        for (var i = 0; i < items.Length; i++)
            array.SetValue(FromAbi(items[i], element, $"{what}[{i}]"), i);
        if (target.IsInstanceOfType(array))
            return array;
        return target.GetConstructor([typeof(IEnumerable<>).MakeGenericType(element)])?.Invoke([array]) ?? throw CannotBind(items, target, what);
    }

    private static object ToObject(AbiValues values, Type target, string what)
    {
        var constructor = ConstructorOf.GetOrAdd(target, type =>
            type.GetConstructors().Where(c => c.GetParameters().Length > 0).MaxBy(c => c.GetParameters().Length));
        if (constructor is null)
            throw CannotBind(values, target, what);
        var arguments = constructor.GetParameters().Select(p =>
        {
            for (var i = 0; i < values.Count; i++)
                if (Key(values.Parameters[i].Name) == Key(p.Name!))
                    return FromAbi(values[i], p.ParameterType, $"{what}.{p.Name}");
            return p.HasDefaultValue ? p.DefaultValue : throw new AbiException($"{what}: the ABI has no value for {target.Name}.{p.Name}.");
        }).ToArray();
        return constructor.Invoke(BindingFlags.DoNotWrapExceptions, null, arguments, CultureInfo.InvariantCulture);
    }

    private static AbiException CannotBind(object value, Type target, string what) =>
        new($"{what}: a {value.GetType().Name} cannot become a {target.Name} without loss.");

    private static string Key(string name) => name.Replace("_", "", StringComparison.Ordinal).ToUpperInvariant();
}
