using System.Text;
using Assay.Protocol.Work;

namespace Assay.Protocol.Tests.Work;

public class DocumentTests
{
    [Fact]
    public void A_job_manifest_is_written_as_the_design_shows_it()
    {
        var canonical = Samples.Job.ToCanonical();
        Assert.Equal(
            $$"""{"inputs":[{"digest":"{{Samples.Hex}}","name":"images","size":12632}],"limits":{"memoryMiB":1024,"seconds":60},"model":{"digest":"{{Samples.Hex}}","size":1000},"runtime":"onnx"}""",
            Encoding.UTF8.GetString(canonical));
        Assert.Equal(BlobAddress.Of(canonical), Samples.Job.Digest);
        Assert.Equal(canonical, JobManifest.Parse(canonical).ToCanonical());
    }

    [Fact]
    public void A_policy_is_written_with_decimal_strings()
    {
        Assert.Equal("""{"kind":"exact"}""", Encoding.UTF8.GetString(ComparisonPolicy.Exact.ToCanonical()));
        Assert.Equal(
            """{"kind":"tolerance","tensors":{"probabilities":{"absolute":"1e-5","relative":"0.0001","ulps":4}}}""",
            Encoding.UTF8.GetString(Samples.Policy.ToCanonical()));
        Assert.Equal(Samples.Policy.ToCanonical(), ComparisonPolicy.Parse(Samples.Policy.ToCanonical()).ToCanonical());
    }

    [Fact]
    public void A_run_manifest_survives_the_way_through_its_bytes()
    {
        var read = RunManifest.Parse(Samples.Run.ToCanonical());
        Assert.Equal(Samples.Run.ToCanonical(), read.ToCanonical());
        Assert.Equal("1.30.0", read.Versions["onnxruntime"]);
    }

    [Theory]
    [InlineData("\"runtime\":\"onnx\"", "\"runtime\":\"../onnx\"")]
    [InlineData("\"runtime\":\"onnx\"", "\"runtime\":\"\"")]
    [InlineData("\"runtime\":\"onnx\"", "\"runtime\":null")]
    [InlineData("\"runtime\":\"onnx\"", "\"runtime\":1")]
    [InlineData(",\"runtime\":\"onnx\"", "")]
    [InlineData("\"runtime\":\"onnx\"", "\"runtime\":\"onnx\",\"secret\":1")]
    [InlineData("\"seconds\":60", "\"seconds\":0")]
    [InlineData("\"seconds\":60", "\"seconds\":3601")]
    [InlineData("\"seconds\":60", "\"seconds\":\"60\"")]
    [InlineData("\"memoryMiB\":1024", "\"memoryMiB\":70000")]
    [InlineData("\"size\":1000", "\"size\":-1")]
    [InlineData("\"size\":1000", "\"size\":9999999999999")]
    [InlineData("\"name\":\"images\"", "\"name\":\"../images\"")]
    [InlineData("\"name\":\"images\"", "\"name\":\".images\"")]
    [InlineData("ba7816bf", "BA7816BF")]
    [InlineData("ba7816bf", "0xba7816")]
    [InlineData("\"model\":{", "\"model\": {")]
    public void A_job_manifest_outside_its_bounds_is_refused(string part, string instead)
    {
        var text = Encoding.UTF8.GetString(Samples.Job.ToCanonical());
        Assert.Contains(part, text);
        Assert.Throws<FormatException>(() => JobManifest.Parse(Encoding.UTF8.GetBytes(text.Replace(part, instead))));
    }

    [Fact]
    public void Two_inputs_of_one_name_are_refused() =>
        Assert.Throws<FormatException>(() => (Samples.Job with { Inputs = [Samples.Job.Inputs[0], Samples.Job.Inputs[0]] }).ToCanonical());

    [Theory]
    [InlineData("""{"kind":"exact","tensors":{}}""")]
    [InlineData("""{"kind":"tolerance"}""")]
    [InlineData("""{"kind":"tolerance","tensors":{}}""")]
    [InlineData("""{"kind":"tolerance","tensors":{"p":null}}""")]
    [InlineData("""{"kind":"Exact"}""")]
    [InlineData("""{"kind":0}""")]
    [InlineData("""{"kind":"tokens"}""")]
    [InlineData("""{"kind":"tolerance","tensors":{"p":{"absolute":"0.10","relative":"0","ulps":0}}}""")]
    [InlineData("""{"kind":"tolerance","tensors":{"p":{"absolute":"1E-5","relative":"0","ulps":0}}}""")]
    [InlineData("""{"kind":"tolerance","tensors":{"p":{"absolute":"-1","relative":"0","ulps":0}}}""")]
    [InlineData("""{"kind":"tolerance","tensors":{"p":{"absolute":"NaN","relative":"0","ulps":0}}}""")]
    [InlineData("""{"kind":"tolerance","tensors":{"p":{"absolute":"00","relative":"0","ulps":0}}}""")]
    [InlineData("""{"kind":"tolerance","tensors":{"p":{"absolute":"0","relative":"0","ulps":-1}}}""")]
    [InlineData("""{"kind":"tolerance","tensors":{"p q":{"absolute":"0","relative":"0","ulps":0}}}""")]
    [InlineData("""{"kind":"tolerance","tensors":{"p":{"absolute":"1e05","relative":"0","ulps":0}}}""")]
    [InlineData("""{"kind":"tolerance","tensors":{"p":{"absolute":"1e-300","relative":"0","ulps":0}}}""")]
    public void A_policy_outside_its_bounds_is_refused(string text) =>
        Assert.Throws<FormatException>(() => ComparisonPolicy.Parse(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void A_run_manifest_that_could_break_a_log_is_refused() =>
        Assert.Throws<FormatException>(() => (Samples.Run with { Device = "a\nb" }).ToCanonical());

    [Fact]
    public void Mutated_documents_are_read_or_refused_by_a_format_exception_alone()
    {
        var random = new Random(20_261_121);
        for (var i = 0; i < 3_000; i++)
        {
            OnlyFormatException(() => JobManifest.Parse(Samples.Mutate(Samples.Job.ToCanonical(), random)));
            OnlyFormatException(() => ComparisonPolicy.Parse(Samples.Mutate(Samples.Policy.ToCanonical(), random)));
            OnlyFormatException(() => RunManifest.Parse(Samples.Mutate(Samples.Run.ToCanonical(), random)));
        }
    }

    private static void OnlyFormatException(Action parse)
    {
        var thrown = Record.Exception(parse);
        if (thrown is not null) Assert.IsType<FormatException>(thrown);
    }
}
