using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Assay.Protocol.Work;

namespace Assay.Verifier.Redundancy;

/// <summary>The documents that an order names by digest: what is to be run, and when two results count as the same.</summary>
public sealed class OrderDocuments(VerifierBlobs blobs)
{
    /// <summary>Of one document, in bytes.</summary>
    public const int MaxBytes = 64 << 10;

    /// <summary>Why nobody could run the order or judge its result, for its client; null when manifest and policy are there and fit the order.</summary>
    public async Task<string?> FindFaultAsync(Order order) =>
        (await ReadAsync("job manifest", order.Workload, content => JobManifest.Parse(content))).Fault ?? (await ReadPolicyAsync(order)).Fault;

    /// <summary>Null when it cannot be read, or is of another kind than the order says.</summary>
    public async Task<ComparisonPolicy?> PolicyAsync(Order order) => (await ReadPolicyAsync(order)).Document;

    private async Task<(ComparisonPolicy? Document, string? Fault)> ReadPolicyAsync(Order order)
    {
        var read = await ReadAsync("comparison policy", order.Policy, content => ComparisonPolicy.Parse(content));
        var kind = order.Comparison == Comparison.Exact ? PolicyKind.Exact : PolicyKind.Tolerance;
        return read.Document is { } policy && policy.Kind != kind ? (null, $"the comparison policy is {policy.Kind}, the order says {kind}") : read;
    }

    private async Task<(T? Document, string? Fault)> ReadAsync<T>(string name, Bytes32 digest, Func<byte[], T> parse) where T : class
    {
        try
        {
            return (parse(await blobs.Store.GetAsync(digest, MaxBytes)), null);
        }
        catch (BlobException e) when (e.Fault is BlobFault.NotFound or BlobFault.WrongDigest)
        {
            return (null, $"the {name} is not in the content store");
        }
        catch (BlobException e) when (e.Fault == BlobFault.TooLarge)
        {
            return (null, $"the {name} is larger than {MaxBytes} bytes");
        }
        // Its message would quote the client's own bytes.
        catch (FormatException)
        {
            return (null, $"the {name} is not a canonical document of its kind");
        }
    }
}
