using Assay.Ethereum.Primitives;
using Assay.Hosting.Http;
using Assay.Protocol.Chain;
using Assay.Protocol.Nodes;
using Assay.Protocol.Work;
using Assay.Verifier.Redundancy;

namespace Assay.Verifier.Verdicts;

/// <summary>Holds what a node says against the contents it names.</summary>
public sealed class ClaimJudge(VerifierBlobs blobs, OrderDocuments documents, VerifierOptions options)
{
    /// <exception cref="ProblemException">It does not open the seal, or says something else than its own outputs.</exception>
    public async Task CheckAsync(JobView job, Address who, AttestationRequest request, Claim? claim)
    {
        var attestation = request.Attestation;
        if (attestation.Value != Values.Value(request.OutputsRoot, request.Units))
            throw Refused("bad_value", "The value is not that of the outputs root and units.");
        if (attestation.Salt != (attestation.Round == 0 ? Bytes32.Zero : request.Salt))
            throw Refused("bad_salt", "The attestation carries the seal's salt in a case, and zero in a spot check.");
        if (Values.Seal(attestation with { Salt = request.Salt }) != SealOf(job, who, attestation))
            throw Refused("seal_broken", "The value is not the one that was sealed.");
        await CheckFindingAsync(job.Order, request, claim);
    }

    // In a case the chain's word counts: a seat may have committed without us.
    private static Bytes32 SealOf(JobView job, Address who, Attestation attestation) => attestation.Round == 0
        ? job.SealOf(0, attestation.Seat, who)!.Commitment.Commitment
        : job.Chain.Seats[attestation.Seat].Commitment!.Value;

    private async Task CheckFindingAsync(Order order, AttestationRequest request, Claim? claim)
    {
        var finding = request.Attestation.Finding;
        if (order.Comparison == Comparison.Exact)
        {
            if (finding != Finding.Value) throw Refused("bad_finding", $"With exact comparison the finding is Value, not {finding}.");
            return;
        }
        if (claim is null)
        {
            if (finding is not (Finding.Mismatch or Finding.Malformed))
                throw Refused("bad_finding", $"A claim that was not opened differs from every value; {finding} cannot be found.");
            return;
        }
        if (finding is not (Finding.Match or Finding.Mismatch or Finding.Malformed))
            throw Refused("bad_finding", $"With tolerance the finding is Match, Mismatch or Malformed, not {finding}.");
        if (await documents.PolicyAsync(order) is not { } policy)
        {
            // Who has read the policy must not be struck because we have lost it: the signed word then stands, as it does on the chain. But a case
            // could find no seats that are able to judge.
            if (request.Attestation.Round == 0 && finding != Finding.Match) throw Missing(order.Policy);
            return;
        }
        var report = await CompareAsync(policy, request, claim);
        if (finding != report.Finding)
            throw Refused("finding_contradicted", $"The two outputs give {report.Finding}, not {finding}: {report.Reason}");
    }

    private async Task<ComparisonReport> CompareAsync(ComparisonPolicy policy, AttestationRequest request, Claim claim)
    {
        var claimed = await ReadAsync(claim.OutputsRoot, options.Blobs.MaxBytes);
        var own = await ReadAsync(request.OutputsRoot, options.Blobs.MaxBytes);
        try
        {
            return ResultComparer.Compare(policy, claimed, claim.Units, own, request.Units);
        }
        catch (FormatException e)
        {
            throw Refused("outputs_malformed", e.Message);
        }
    }

    private async Task<byte[]> ReadAsync(Bytes32 digest, long maxBytes)
    {
        try
        {
            return await blobs.Store.GetAsync(digest, maxBytes);
        }
        catch (BlobException e) when (e.Fault is BlobFault.NotFound or BlobFault.WrongDigest)
        {
            throw Missing(digest);
        }
        catch (BlobException e) when (e.Fault == BlobFault.TooLarge)
        {
            throw Refused("content_too_large", e.Message);
        }
    }

    private static ProblemException Missing(Bytes32 digest) =>
        new(409, "content_missing", $"The content {BlobAddress.Format(digest)} is not in the store; upload it and try again.");

    private static ProblemException Refused(string code, string detail) => new(422, code, detail);
}
