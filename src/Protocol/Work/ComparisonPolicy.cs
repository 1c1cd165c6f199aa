using System.Globalization;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Assay.Ethereum.Primitives;

namespace Assay.Protocol.Work;

public enum PolicyKind
{
    /// <summary>The values must be equal byte for byte; only for runtimes that are deterministic on every provider.</summary>
    Exact,
    /// <summary>Tensors must agree within bounds.</summary>
    Tolerance,
}

/// <summary>How far one output tensor may be from the re-executor's own; an element passes by either bound.</summary>
/// <param name="Absolute">Decimal string, e.g. <c>1e-5</c> or <c>0.25</c>.</param>
/// <param name="Relative">Decimal string, share of the own value's magnitude.</param>
/// <param name="Ulps">Distance in representable numbers (F32) or in steps of one (integers).</param>
public sealed partial record TensorBounds(string Absolute, string Relative, long Ulps)
{
    public static readonly TensorBounds Equal = new("0", "0", 0);

    internal double AbsoluteBound => Number(Absolute, "absolute");

    internal double RelativeBound => Number(Relative, "relative");

    internal void Check()
    {
        _ = AbsoluteBound;
        _ = RelativeBound;
        Require.Range(Ulps, 0, 1 << 24, "tensors.ulps");
    }

    // double.Parse rounds correctly, so one text is one bound on every machine.
    private static double Number(string text, string field) =>
        DecimalForm().IsMatch(text)
            ? double.Parse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture)
            : throw new FormatException($"tensors.{field}: expected a decimal like 0.25 or 1e-5, at most 9 digits before and 18 after the point, no needless zeros.");

    [GeneratedRegex(@"\A(0|[1-9][0-9]{0,8})(\.[0-9]{0,17}[1-9])?(e-?[1-9][0-9]?)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex DecimalForm();
}

/// <summary>When two results count as the same. Its canonical bytes are a blob and their SHA-256 is the order's policy.</summary>
/// <param name="Tensors">By tensor name, only with tolerance; a tensor that is not listed must be equal.</param>
public sealed record ComparisonPolicy(PolicyKind Kind, IReadOnlyDictionary<string, TensorBounds>? Tensors = null)
{
    public const int MaxTensors = 64;

    public static readonly ComparisonPolicy Exact = new(PolicyKind.Exact);

    public static ComparisonPolicy Tolerance(string tensor, TensorBounds bounds) =>
        new(PolicyKind.Tolerance, new Dictionary<string, TensorBounds> { [tensor] = bounds });

    public byte[] ToCanonical()
    {
        Check();
        return CanonicalJson.Serialize(this);
    }

    [JsonIgnore]
    public Bytes32 Digest => CanonicalJson.Digest(ToCanonical());

    /// <exception cref="FormatException">Not canonical, not a policy, or a value outside its bounds.</exception>
    public static ComparisonPolicy Parse(ReadOnlySpan<byte> canonical)
    {
        var policy = CanonicalJson.Parse<ComparisonPolicy>(canonical);
        policy.Check();
        return policy;
    }

    internal TensorBounds BoundsOf(string tensor) =>
        Tensors is not null && Tensors.TryGetValue(tensor, out var bounds) ? bounds : TensorBounds.Equal;

    private void Check()
    {
        if (!Enum.IsDefined(Kind)) throw new FormatException($"kind: unknown value {(int)Kind}.");
        if (Kind == PolicyKind.Exact)
        {
            if (Tensors is not null) throw new FormatException("tensors: expected only with tolerance.");
            return;
        }
        if (Tensors is null) throw new FormatException("tensors: expected with tolerance.");
        Require.Range(Tensors.Count, 1, MaxTensors, "tensors");
        foreach (var (name, bounds) in Tensors)
        {
            if (!Safetensors.IsTensorName(name)) throw new FormatException("tensors: not the name of a tensor.");
            (bounds ?? throw new FormatException("tensors: expected an object, actual null.")).Check();
        }
    }
}
