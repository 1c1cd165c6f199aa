using System.Security.Cryptography;
using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Assay.Protocol.Work;

namespace Assay.NodeAgent.Tests;

/// <summary>Real jobs over the models of the checkout, with all their documents.</summary>
internal sealed record SampleJob(JobManifest Manifest, ComparisonPolicy Policy, IReadOnlyList<byte[]> Blobs, Order Order)
{
    public static readonly Address Client = Address.Parse("0x00000000000000000000000000000000000000c1");

    public static SampleJob Exact(RunLimits? limits = null) => Create("digits-int8.onnx", "exact.json", Comparison.Exact, limits);

    public static SampleJob Tolerance(RunLimits? limits = null) => Create("digits-fp32.onnx", "tolerance.json", Comparison.Tolerance, limits);

    public static async Task<IBlobStore> StoreAsync(string root, params SampleJob[] jobs)
    {
        var store = new DirectoryBlobStore(root);
        foreach (var blob in jobs.SelectMany(job => job.Blobs)) await store.PutAsync(blob);
        return store;
    }

    private static SampleJob Create(string modelFile, string policyFile, Comparison comparison, RunLimits? limits)
    {
        var model = File.ReadAllBytes(Repository.Runtime("onnx/models/" + modelFile));
        var input = File.ReadAllBytes(Repository.Runtime("onnx/samples/batch-00.safetensors"));
        var policy = ComparisonPolicy.Parse(File.ReadAllBytes(Repository.Runtime("onnx/policies/" + policyFile)));
        var manifest = new JobManifest(
            "onnx", Reference(model), [new InputReference("images", Reference(input).Digest, input.Length)], limits ?? new RunLimits(60, 1024));
        var order = new Order(
            Client, Address.Zero, manifest.Digest, policy.Digest, comparison, 10, 1_000, 100, 600, new Bytes32(RandomNumberGenerator.GetBytes(32)),
            (ulong)DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 600);
        return new(manifest, policy, [model, input, manifest.ToCanonical(), policy.ToCanonical()], order);
    }

    private static ContentReference Reference(byte[] content) => new(BlobAddress.Format(BlobAddress.Of(content)), content.Length);
}
