using System.Buffers.Binary;
using System.Globalization;
using Assay.Protocol.Chain;

namespace Assay.Protocol.Work;

/// <summary>What a comparison found, and the first place that decided it.</summary>
/// <param name="Finding">Match, Mismatch or Malformed.</param>
/// <param name="Tensor">Null when no single tensor decided.</param>
/// <param name="Index">Row-major index of the deciding element; null when no single element decided.</param>
public sealed record ComparisonReport(
    Finding Finding, string Reason, string? Tensor = null, long? Index = null, string? Claimed = null, string? Own = null)
{
    public bool IsMatch => Finding == Finding.Match;
}

/// <summary>
/// Compares a claimed result with an own one. With tolerance an element passes iff |claim - own| is at most absolute + relative * |own|, or the
/// two are at most <c>ulps</c> representable numbers (integers: steps) apart. The arithmetic is IEEE binary64 in the written order, without
/// fused operations, so that every machine finds the same.
/// </summary>
public static class ResultComparer
{
    /// <param name="claim">Content of the claimed outputs; anything at all, for it comes from a stranger.</param>
    /// <param name="own">Content of the own outputs.</param>
    /// <exception cref="FormatException">The own outputs cannot serve as the measure: not canonical, NaN or infinite.</exception>
    public static ComparisonReport Compare(ComparisonPolicy policy, ReadOnlyMemory<byte> claim, ReadOnlyMemory<byte> own)
    {
        if (policy.Kind == PolicyKind.Exact)
            return claim.Span.SequenceEqual(own.Span)
                ? new(Finding.Match, "The outputs are equal.")
                : new(Finding.Mismatch, "The outputs differ.");

        var ownTensors = Safetensors.Parse(own);
        if (FirstNonFinite(ownTensors) is { } bad)
            throw new FormatException($"The own outputs hold no finite number in {bad.Tensor} at {bad.Index}.");
        return ReadClaim(claim, out var claimTensors) ?? CompareTensors(policy, claimTensors, ownTensors);
    }

    /// <summary>Compares whole results: outputs that match but were metered differently are a mismatch too, because units are paid for.</summary>
    /// <exception cref="FormatException">The own outputs cannot serve as the measure.</exception>
    public static ComparisonReport Compare(
        ComparisonPolicy policy, ReadOnlyMemory<byte> claim, ulong claimUnits, ReadOnlyMemory<byte> own, ulong ownUnits)
    {
        var report = Compare(policy, claim, own);
        return !report.IsMatch || claimUnits == ownUnits
            ? report
            : new(Finding.Mismatch, "The units differ.", null, null,
                claimUnits.ToString(CultureInfo.InvariantCulture), ownUnits.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Whether outputs can be a result at all: canonical, every number finite.</summary>
    /// <returns>Null, or the reason why not with Finding Malformed.</returns>
    public static ComparisonReport? FindMalformation(ReadOnlyMemory<byte> outputs) => ReadClaim(outputs, out _);

    private static ComparisonReport? ReadClaim(ReadOnlyMemory<byte> claim, out IReadOnlyList<Tensor> tensors)
    {
        try
        {
            tensors = Safetensors.Parse(claim);
        }
        catch (FormatException e)
        {
            tensors = [];
            return new(Finding.Malformed, e.Message);
        }
        return FirstNonFinite(tensors);
    }

    private static ComparisonReport CompareTensors(ComparisonPolicy policy, IReadOnlyList<Tensor> claim, IReadOnlyList<Tensor> own)
    {
        if (!claim.Select(tensor => tensor.Name).SequenceEqual(own.Select(tensor => tensor.Name), StringComparer.Ordinal))
            return new(Finding.Malformed, "The outputs have other names.");
        for (var i = 0; i < own.Count; i++)
        {
            if (claim[i].Type != own[i].Type)
                return new(Finding.Malformed, "The tensor has another type.", own[i].Name, null, claim[i].Type.ToString(), own[i].Type.ToString());
            if (!claim[i].Shape.SequenceEqual(own[i].Shape))
                return new(Finding.Malformed, "The tensor has another shape.", own[i].Name, null, Shape(claim[i]), Shape(own[i]));
        }
        for (var i = 0; i < own.Count; i++)
            if (FirstBeyond(policy.BoundsOf(own[i].Name), claim[i], own[i]) is { } mismatch) return mismatch;
        return new(Finding.Match, "Every element is within its bounds.");
    }

    private static ComparisonReport? FirstBeyond(TensorBounds bounds, Tensor claim, Tensor own)
    {
        var (absolute, relative) = (bounds.AbsoluteBound, bounds.RelativeBound);
        for (var i = 0; i < own.Count; i++)
        {
            var within = own.Type == TensorType.F32
                ? Within(Single(claim, i), Single(own, i), absolute, relative, bounds.Ulps)
                : Within(Integer(claim, i), Integer(own, i), absolute, relative, bounds.Ulps);
            if (!within) return new(Finding.Mismatch, "The element is beyond its bounds.", own.Name, i, Text(claim, i), Text(own, i));
        }
        return null;
    }

    private static bool Within(float claim, float own, double absolute, double relative, long ulps) =>
        Math.Abs((double)claim - own) <= absolute + relative * Math.Abs((double)own) || UlpDistance(claim, own) <= ulps;

    // Int128: the distance of two 64-bit integers can take 65 bits. An integer bound that is zero leaves only equality.
    private static bool Within(long claim, long own, double absolute, double relative, long ulps)
    {
        var distance = Int128.Abs((Int128)claim - own);
        return distance <= ulps || (double)distance <= absolute + relative * (double)Int128.Abs(own);
    }

    /// <summary>How many representable numbers apart two finite floats are; +0 and -0 are the same.</summary>
    public static long UlpDistance(float a, float b) => Math.Abs(Ordered(a) - Ordered(b));

    private static long Ordered(float value)
    {
        var bits = BitConverter.SingleToInt32Bits(value);
        return bits >= 0 ? bits : -(long)(bits & int.MaxValue);
    }

    private static ComparisonReport? FirstNonFinite(IReadOnlyList<Tensor> tensors)
    {
        foreach (var tensor in tensors.Where(tensor => tensor.Type == TensorType.F32))
            for (var i = 0; i < tensor.Count; i++)
                if (!float.IsFinite(Single(tensor, i)))
                    return new(Finding.Malformed, "The element is not a finite number.", tensor.Name, i, Text(tensor, i));
        return null;
    }

    private static float Single(Tensor tensor, int index) => BinaryPrimitives.ReadSingleLittleEndian(tensor.Data.Span[(index * 4)..]);

    private static long Integer(Tensor tensor, int index)
    {
        var data = tensor.Data.Span[(index * tensor.ElementSize)..];
        return tensor.Type switch
        {
            TensorType.I32 => BinaryPrimitives.ReadInt32LittleEndian(data),
            TensorType.I64 => BinaryPrimitives.ReadInt64LittleEndian(data),
            TensorType.I8 => (sbyte)data[0],
            TensorType.U8 => data[0],
            _ => throw new InvalidOperationException($"Tensor {tensor.Name} of type {tensor.Type} holds no integers."),
        };
    }

    private static string Text(Tensor tensor, int index) => tensor.Type == TensorType.F32
        ? Single(tensor, index).ToString("R", CultureInfo.InvariantCulture)
        : Integer(tensor, index).ToString(CultureInfo.InvariantCulture);

    private static string Shape(Tensor tensor) => $"[{string.Join(',', tensor.Shape)}]";
}
