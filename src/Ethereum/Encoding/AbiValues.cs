using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.Encoding;

/// <summary>Decoded values in ABI order, by index and by name; also the form of a tuple.</summary>
public sealed class AbiValues : IReadOnlyList<object>
{
    private readonly object[] _values;

    internal AbiValues(IReadOnlyList<AbiParameter> parameters, object[] values)
    {
        Parameters = parameters;
        _values = values;
    }

    public IReadOnlyList<AbiParameter> Parameters { get; }
    public int Count => _values.Length;
    public object this[int index] => _values[index];

    /// <exception cref="AbiException">No value has that name.</exception>
    public object this[string name] =>
        TryGet(name, out var value)
            ? value
            : throw new AbiException($"ABI: no value '{name}' among ({string.Join(", ", Parameters.Select(p => p.Name))}).");

    public bool TryGet(string name, [MaybeNullWhen(false)] out object value)
    {
        for (var i = 0; i < _values.Length; i++)
            if (Parameters[i].Name == name)
            {
                value = _values[i];
                return true;
            }
        value = null;
        return false;
    }

    /// <summary>The value, converted to <typeparamref name="T"/> without loss; records bind by parameter name.</summary>
    public T Get<T>(string name) => (T)AbiBinder.FromAbi(this[name], typeof(T), name)!;

    public T Get<T>(int index) => (T)AbiBinder.FromAbi(this[index], typeof(T), Parameters[index].Name)!;

    public Address GetAddress(string name) => Get<Address>(name);
    public Bytes32 GetBytes32(string name) => Get<Bytes32>(name);
    public bool GetBool(string name) => Get<bool>(name);
    public ulong GetUInt64(string name) => Get<ulong>(name);
    public long GetInt64(string name) => Get<long>(name);
    public BigInteger GetBigInteger(string name) => Get<BigInteger>(name);
    public byte[] GetBytes(string name) => Get<byte[]>(name);
    public string GetString(string name) => Get<string>(name);
    public AbiValues GetTuple(string name) => Get<AbiValues>(name);
    public IReadOnlyList<object> GetArray(string name) => Get<object[]>(name);
    public IReadOnlyList<AbiValues> GetTuples(string name) => Get<AbiValues[]>(name);

    /// <summary>An object of a type known only at run time; <paramref name="more"/> gives constructor arguments that are not in the ABI.</summary>
    public object To(Type type, params (string Name, object Value)[] more) =>
        AbiBinder.FromAbi(more.Length == 0 ? this : With(more), type, type.Name)!;

    private AbiValues With((string Name, object Value)[] more) => new(
        [.. Parameters, .. more.Select(m => new AbiParameter(m.Name, AbiType.Parse("bytes")))], [.. _values, .. more.Select(m => m.Value)]);

    /// <summary>Binds all values to a record or class by name (case and underscores ignored).</summary>
    public T To<T>() => (T)AbiBinder.FromAbi(this, typeof(T), typeof(T).Name)!;

    public IEnumerator<object> GetEnumerator() => ((IEnumerable<object>)_values).GetEnumerator();
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override string ToString() =>
        "(" + string.Join(", ", Parameters.Zip(_values, (p, v) => p.Name.Length == 0 ? Show(v) : $"{p.Name}: {Show(v)}")) + ")";

    private static string Show(object value) => value switch
    {
        byte[] bytes => Hex.Encode(bytes),
        object[] items => "[" + string.Join(", ", items.Select(Show)) + "]",
        string text => $"\"{text}\"",
        bool flag => flag ? "true" : "false",
        IFormattable number => number.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };
}
