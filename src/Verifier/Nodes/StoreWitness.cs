using Assay.Ethereum.Crypto;
using Assay.Ethereum.Primitives;
using Assay.Hosting.Http;
using Assay.Protocol.Chain;
using Assay.Protocol.Nodes;
using Assay.Protocol.Work;
using Assay.Verifier.Redundancy;

namespace Assay.Verifier.Nodes;

/// <summary>The store's own word, by a key of its own: it holds the content that a commitment stands for. It signs nothing else.</summary>
/// <param name="key">Null: it signs nothing at all.</param>
public sealed class StoreWitness(ISigner? key, VerifierBlobs blobs, EscrowTerms terms)
{
    /// <summary>What orders name; null: this store signs nothing.</summary>
    public Address? Address => key?.Address;

    /// <exception cref="ProblemException">The content is not here, or the store has no key.</exception>
    public async Task<WitnessResponse> SignAsync(WitnessRequest request, CancellationToken cancellation)
    {
        if (key is null) throw new ProblemException(404, "no_witness", "This store signs nothing.");
        var root = request.Opening.OutputsRoot;
        if (!await blobs.Store.ExistsAsync(root, cancellation))
            throw new ProblemException(409, "content_missing", $"The content {BlobAddress.Format(root)} is not in the store; upload it first.");
        var stored = new Stored(request.Job, Values.Commitment(request.Opening));
        return new WitnessResponse(await terms.Domain.SignAsync(key, stored, cancellation));
    }
}
