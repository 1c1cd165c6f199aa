using System.Globalization;
using Assay.Protocol.Chain;
using Assay.Protocol.Work;

namespace Assay.Protocol.Tests.Work;

public class ResultComparerTests
{
    [Theory]
    [InlineData(1f, 1f, "0", "0", 0, true)]
    [InlineData(1.0000001f, 1f, "0", "0", 0, false)]
    [InlineData(1.0000001f, 1f, "0", "0", 1, true)]
    [InlineData(1.00001f, 1f, "0.00001", "0", 0, false)]
    [InlineData(1.000009f, 1f, "0.00001", "0", 0, true)]
    [InlineData(1000.05f, 1000f, "0", "0.0001", 0, true)]
    [InlineData(1000.2f, 1000f, "0", "0.0001", 0, false)]
    [InlineData(1.75f, 1f, "0.5", "0.25", 0, true)]
    [InlineData(1.7500001f, 1f, "0.5", "0.25", 0, false)]
    [InlineData(0.25f, 1f, "0.5", "0.25", 0, true)]
    [InlineData(1.3f, 1f, "0", "0.25", 0, false)]
    [InlineData(1f, 1.3f, "0", "0.25", 0, true)]
    [InlineData(-0f, 0f, "0", "0", 0, true)]
    [InlineData(-1.4e-45f, 1.4e-45f, "0", "0", 2, true)]
    [InlineData(-1.4e-45f, 1.4e-45f, "0", "0", 1, false)]
    [InlineData(3.4028235e38f, -3.4028235e38f, "999999999", "1", 16777216, false)]
    public void A_float_passes_within_absolute_plus_relative_of_the_own_or_within_ulps(
        float claim, float own, string absolute, string relative, long ulps, bool passes)
    {
        var report = Compare(new TensorBounds(absolute, relative, ulps), Samples.F32("p", 0f, claim), Samples.F32("p", 0f, own));
        Assert.Equal(passes ? Finding.Match : Finding.Mismatch, report.Finding);
        if (!passes) Assert.Equal(("p", 1L), (report.Tensor, report.Index!.Value));
    }

    [Theory]
    [InlineData(5, 5, "0", 0, true)]
    [InlineData(6, 5, "0", 0, false)]
    [InlineData(6, 5, "0", 1, true)]
    [InlineData(7, 5, "2", 0, true)]
    [InlineData(8, 5, "2", 1, false)]
    [InlineData(long.MinValue, long.MaxValue, "0", 16777216, false)]
    [InlineData(long.MaxValue, long.MaxValue - 1, "0", 0, false)]
    public void An_integer_passes_within_its_bounds(long claim, long own, string absolute, long ulps, bool passes) =>
        Assert.Equal(
            passes ? Finding.Match : Finding.Mismatch,
            Compare(new TensorBounds(absolute, "0", ulps), Samples.I64("n", claim), Samples.I64("n", own)).Finding);

    [Fact]
    public void A_tensor_without_bounds_must_be_equal()
    {
        var policy = ComparisonPolicy.Tolerance("p", new TensorBounds("1", "1", 100));
        var own = Safetensors.Write([Samples.I32("labels", 1), Samples.F32("p", 1f)]);
        Assert.True(ResultComparer.Compare(policy, Safetensors.Write([Samples.I32("labels", 1), Samples.F32("p", 2f)]), own).IsMatch);
        Assert.Equal(
            Finding.Mismatch,
            ResultComparer.Compare(policy, Safetensors.Write([Samples.I32("labels", 2), Samples.F32("p", 1f)]), own).Finding);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void A_claim_with_a_number_that_is_not_finite_is_malformed(float number)
    {
        var report = Compare(new TensorBounds("9", "9", 9), Samples.F32("p", 1f, number), Samples.F32("p", 1f, 1f));
        Assert.Equal((Finding.Malformed, "p", 1L), (report.Finding, report.Tensor, report.Index!.Value));
    }

    [Fact]
    public void A_claim_of_other_names_types_shapes_or_bytes_is_malformed()
    {
        var bounds = new TensorBounds("9", "9", 9);
        var own = Samples.F32("p", 1f, 1f);
        Assert.Equal(Finding.Malformed, Compare(bounds, Samples.F32("q", 1f, 1f), own).Finding);
        Assert.Equal(Finding.Malformed, Compare(bounds, Samples.F32("p", 1f), own).Finding);
        Assert.Equal(Finding.Malformed, Compare(bounds, own with { Shape = [2, 1] }, own).Finding);
        Assert.Equal(Finding.Malformed, Compare(bounds, Samples.I32("p", 1, 1), own).Finding);
        Assert.Equal(Finding.Malformed, ResultComparer.Compare(ComparisonPolicy.Tolerance(own.Name, bounds), "garbage"u8.ToArray(), Safetensors.Write([own])).Finding);
        Assert.Equal(Finding.Malformed, ResultComparer.Compare(ComparisonPolicy.Tolerance(own.Name, bounds), Array.Empty<byte>(), Safetensors.Write([own])).Finding);
    }

    [Fact]
    public void Own_outputs_that_are_malformed_cannot_judge()
    {
        var policy = ComparisonPolicy.Tolerance("p", new TensorBounds("9", "9", 9));
        var claim = Safetensors.Write([Samples.F32("p", 1f)]);
        Assert.Throws<FormatException>(() => ResultComparer.Compare(policy, claim, "garbage"u8.ToArray()));
        Assert.Throws<FormatException>(() => ResultComparer.Compare(policy, claim, Safetensors.Write([Samples.F32("p", float.NaN)])));
    }

    [Fact]
    public void Exact_compares_bytes()
    {
        var own = Safetensors.Write([Samples.I32("labels", 1, 2)]);
        Assert.True(ResultComparer.Compare(ComparisonPolicy.Exact, own.ToArray(), own).IsMatch);
        Assert.Equal(Finding.Mismatch, ResultComparer.Compare(ComparisonPolicy.Exact, Safetensors.Write([Samples.I32("labels", 1, 3)]), own).Finding);
    }

    [Fact]
    public void Equal_outputs_with_other_units_are_a_mismatch()
    {
        var own = Safetensors.Write([Samples.F32("probabilities", 1f)]);
        Assert.True(ResultComparer.Compare(Samples.Policy, own, 16, own, 16).IsMatch);
        var report = ResultComparer.Compare(Samples.Policy, own, 17, own, 16);
        Assert.Equal((Finding.Mismatch, "17", "16"), (report.Finding, report.Claimed, report.Own));
        Assert.Equal(Finding.Malformed, ResultComparer.Compare(Samples.Policy, Array.Empty<byte>(), 17, own, 16).Finding);
    }

    [Fact]
    public void The_culture_of_the_machine_changes_nothing()
    {
        var before = CultureInfo.CurrentCulture;
        var bounds = new TensorBounds("0.5", "0.25", 0);
        var reports = new[] { "en-US", "de-DE", "ar-SA", "tr-TR" }.Select(name =>
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(name);
            return Compare(bounds, Samples.F32("p", 1.9f), Samples.F32("p", 1.1f)) with { };
        }).ToArray();
        CultureInfo.CurrentCulture = before;
        Assert.All(reports, report => Assert.Equal(reports[0], report));
        Assert.Equal(("1.9", "1.1"), (reports[0].Claimed, reports[0].Own));
    }

    [Fact]
    public void Mutated_claims_always_get_a_finding()
    {
        var random = new Random(11);
        var own = Safetensors.Write([Samples.F32("p", 0.25f, 0.75f), Samples.I32("labels", 1, 0)]);
        for (var i = 0; i < 10_000; i++)
        {
            var report = ResultComparer.Compare(Samples.Policy, Samples.Mutate(own, random), own);
            Assert.Contains(report.Finding, new[] { Finding.Match, Finding.Mismatch, Finding.Malformed });
        }
    }

    private static ComparisonReport Compare(TensorBounds bounds, Tensor claim, Tensor own) =>
        ResultComparer.Compare(ComparisonPolicy.Tolerance(own.Name, bounds), Safetensors.Write([claim]), Safetensors.Write([own]));
}
