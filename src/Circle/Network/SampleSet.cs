using System.Text.Json;
using Assay.Circle.Stack;
using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Assay.Protocol.Work;

namespace Assay.Circle.Network;

public enum Model { Int8, Fp32 }

/// <summary>The two trained models, the held-out samples with their labels, and the policies, as committed under runtimes/onnx.</summary>
public sealed class SampleSet
{
    public static readonly RunLimits Limits = new(Seconds: 30, MemoryMiB: 2048);

    private readonly IReadOnlyDictionary<string, int[]> labels;

    private SampleSet(string folder, IReadOnlyDictionary<string, int[]> labels)
    {
        Folder = folder;
        this.labels = labels;
        Names = [.. labels.Keys.Order(StringComparer.Ordinal)];
    }

    public string Folder { get; }

    /// <summary>File names of the batches, in order.</summary>
    public IReadOnlyList<string> Names { get; }

    public IReadOnlyList<int> LabelsOf(int batch) => labels[Names[batch]];

    public static SampleSet Read(Checkout checkout)
    {
        var folder = Path.Combine(checkout.Root, "runtimes/onnx");
        var labels = JsonSerializer.Deserialize<Dictionary<string, int[]>>(File.ReadAllBytes(Path.Combine(folder, "samples/labels.json")))!;
        return new SampleSet(folder, labels);
    }

    public byte[] ModelBytes(Model model) => File.ReadAllBytes(Path.Combine(Folder, model == Model.Int8 ? "models/digits-int8.onnx" : "models/digits-fp32.onnx"));

    public byte[] BatchBytes(int batch) => File.ReadAllBytes(Path.Combine(Folder, "samples", Names[batch]));

    public ComparisonPolicy Policy(Model model) =>
        ComparisonPolicy.Parse(File.ReadAllBytes(Path.Combine(Folder, "policies", model == Model.Int8 ? "exact.json" : "tolerance.json")));

    public static Comparison ComparisonOf(Model model) => model == Model.Int8 ? Comparison.Exact : Comparison.Tolerance;
}
