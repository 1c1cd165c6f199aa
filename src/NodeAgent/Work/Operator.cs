using Assay.Ethereum.Crypto;
using Assay.Ethereum.Primitives;
using Assay.NodeAgent.Runs;
using Assay.NodeAgent.State;
using Assay.NodeAgent.Verifiers;
using Assay.Protocol.Chain;
using Assay.Protocol.Nodes;
using Assay.Protocol.Work;

namespace Assay.NodeAgent.Work;

/// <summary>
/// Answers each kind of work for one operator. A value is on the disk with its salt before anything about it leaves the machine, so that the
/// same work gets the same answer however often it comes and whatever was killed in between.
/// </summary>
internal sealed class Operator(
    OperatorOptions options, EscrowDomain domain, ISigner signer, VerifierClient verifier, IBlobStore store, BlobCache blobs, JobRunner runner,
    SealStore seals, NodeLog log, TimeProvider time)
{
    private const int MaxDocument = 256 << 10;
    private const int RunTries = 2;
    private const ulong OpenWithinSeconds = 300;
    private const byte SecondRound = 2;

    private sealed record Job(JobManifest Manifest, ComparisonPolicy Policy);

    /// <summary>Does one piece of work to its end: answered, refused, or left to be leased again.</summary>
    public async Task HandleAsync(WorkItem item, CancellationToken cancellation)
    {
        try
        {
            if (domain.Digest(item.Order) != item.Job)
            {
                log.Write(options.Address, "ignored", ("work", item.Id), ("reason", "the job id is not the order's digest"));
                return;
            }
            await AnswerAsync(item, cancellation);
            log.Write(options.Address, "answered", ("kind", item.Kind), ("job", item.Job));
        }
        catch (RefusalException refusal)
        {
            await RefuseAsync(item, refusal, cancellation);
        }
        catch (VerifierRefusedException e)
        {
            log.Write(options.Address, "not-taken", ("kind", item.Kind), ("job", item.Job), ("reason", e.Message));
        }
        catch (Exception e) when (e is VerifierUnreachableException or BlobException { Fault: BlobFault.Unreachable })
        {
            log.Write(options.Address, "postponed", ("kind", item.Kind), ("job", item.Job), ("reason", e.Message));
        }
    }

    private Task AnswerAsync(WorkItem item, CancellationToken cancellation) => item.Kind switch
    {
        WorkKind.Offer => AcceptAsync(item, cancellation),
        WorkKind.Execute => ExecuteAsync(item, cancellation),
        WorkKind.Reveal => RevealAsync(item, cancellation),
        WorkKind.Recompute => RecomputeAsync(item, cancellation),
        WorkKind.Attest => AttestAsync(item, cancellation),
        WorkKind.Appeal => AppealAsync(item, cancellation),
        _ => throw new RefusalException("unknown_kind", $"work of kind {(int)item.Kind}"),
    };

    private async Task AcceptAsync(WorkItem item, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        JobTerms.RequireAcceptable(options, item.Order, now, runner.Queued);
        var job = await ReadJobAsync(item.Order, cancellation);
        await FetchContentAsync(job.Manifest, cancellation);
        var openBy = Math.Min(item.Order.Expiry, (ulong)now.ToUnixTimeSeconds() + OpenWithinSeconds);
        var acceptance = new Acceptance(item.Job, options.Address, signer.Address, openBy);
        await verifier.PostAsync(
            "/nodes/acceptances", new AcceptanceRequest(acceptance, await domain.SignAsync(signer, acceptance, cancellation)), cancellation);
    }

    private async Task ExecuteAsync(WorkItem item, CancellationToken cancellation)
    {
        var sealedValue = await SealAsync(new SealFor(item.Job, Own: true), item.Order, runtime => runtime.Jobs, cancellation);
        await UploadAsync(sealedValue, cancellation);
        var manifest = System.Text.Encoding.UTF8.GetBytes(sealedValue.Manifest);
        await store.PutAsync(manifest, cancellation);
        var result = new Result(item.Job, sealedValue.Commitment, CanonicalJson.Digest(manifest));
        byte[] signature = [.. await domain.SignAsync(signer, result, cancellation), .. await WitnessedAsync(item, sealedValue, cancellation)];
        await verifier.PostAsync("/nodes/results", new ResultRequest(result, signature, sealedValue.Manifest), cancellation);
    }

    /// <summary>What the order's witness has to say, empty where it names none. The store has the outputs already, and learns salt and units with it.</summary>
    private async Task<byte[]> WitnessedAsync(WorkItem item, SealedValue value, CancellationToken cancellation)
    {
        if (item.Order.Witness.IsZero) return [];
        var answer = await verifier.AskAsync<WitnessRequest, WitnessResponse>("/nodes/witness", new WitnessRequest(item.Job, value.Opening), cancellation);
        return domain.IsSignedBy(new Stored(item.Job, value.Commitment), answer.Signature, item.Order.Witness)
            ? answer.Signature
            : throw new VerifierUnreachableException($"the store's word is not signed by the witness {item.Order.Witness}");
    }

    private async Task RevealAsync(WorkItem item, CancellationToken cancellation)
    {
        var sealedValue = Require(new SealFor(item.Job, Own: true));
        try
        {
            await verifier.PostAsync("/nodes/openings", new OpeningRequest(item.Job, sealedValue.Opening), cancellation);
        }
        // The opening is taken all the same, but paid only with its outputs; the store has lost them.
        catch (VerifierRefusedException e) when (e.Code == "content_missing")
        {
            await UploadAsync(sealedValue, cancellation);
        }
    }

    // The outputs stay here until all have sealed: who could read them could seal them without the work.
    private async Task RecomputeAsync(WorkItem item, CancellationToken cancellation)
    {
        var sealedValue = await SealAsync(
            new SealFor(item.Job, Own: false, item.Round, item.Seat), item.Order, runtime => runtime.ForChecks, cancellation);
        var commitment = new SeatCommitment(
            item.Job, item.Round, item.Seat, Values.Seal(item.Job, item.Round, item.Seat, sealedValue.Salt, sealedValue.Value));
        await verifier.PostAsync(
            "/nodes/seals", new SealRequest(commitment, await domain.SignAsync(signer, commitment, cancellation)), cancellation);
    }

    private async Task AttestAsync(WorkItem item, CancellationToken cancellation)
    {
        var own = Require(new SealFor(item.Job, Own: false, item.Round, item.Seat));
        var finding = await FindAsync(item, own, cancellation);
        await UploadAsync(own, cancellation);
        var opens = item.Round == 0 ? Bytes32.Zero : own.Salt;
        var attestation = new Attestation(item.Job, item.Round, item.Seat, finding, own.Value, opens);
        await verifier.PostAsync(
            "/nodes/attestations",
            new AttestationRequest(attestation, await domain.SignAsync(signer, attestation, cancellation), own.OutputsRoot, own.Units, own.Salt),
            cancellation);
    }

    // The Verifier's word is not enough to risk a bond for: the job is run again, on what other operators' jobs are checked with, and counted with the most seats
    // there can be.
    private async Task AppealAsync(WorkItem item, CancellationToken cancellation)
    {
        var own = Require(new SealFor(item.Job, Own: true));
        var most = item.Order.MaxPrice * Quorums.MostSeats;
        if (most > options.AppealPledge) throw new RefusalException("pledge_too_high", $"up to {most} would be locked, more than {options.AppealPledge}");
        var job = await ReadJobAsync(item.Order, cancellation);
        var again = await RunAsync(item.Job, item.Order, job.Manifest, options.Runtimes[job.Manifest.Runtime].ForChecks, cancellation);
        if (!await ConfirmsAsync(job.Policy, own, again, cancellation)) throw new RefusalException("result_not_confirmed", "run again, the job gives another result");
        var pledge = new Pledge(item.Job, options.Address, SecondRound);
        await verifier.PostAsync("/nodes/appeals", new AppealRequest(pledge, await domain.SignAsync(signer, pledge, cancellation)), cancellation);
    }

    private async Task<bool> ConfirmsAsync(ComparisonPolicy policy, SealedValue own, RunOutputs again, CancellationToken cancellation) =>
        policy.Kind == PolicyKind.Exact
            ? again.Value == own.Value
            : ResultComparer.Compare(policy, await seals.OutputsAsync(own, options.MaxOutputBytes, cancellation), own.Units, again.Content, again.Units).IsMatch;

    private async Task<Finding> FindAsync(WorkItem item, SealedValue own, CancellationToken cancellation)
    {
        var policy = await ReadDocumentAsync(item.Order.Policy, content => ComparisonPolicy.Parse(content), cancellation);
        if (policy.Kind == PolicyKind.Exact) return Finding.Value;
        // A claim that was never opened is no result, whatever it hides.
        if (item.Claim is not { } claim) return Finding.Malformed;
        var claimed = await WithContentAsync(() => store.GetAsync(claim.OutputsRoot, options.MaxOutputBytes, cancellation));
        var report = ResultComparer.Compare(
            policy, claimed, claim.Units, await seals.OutputsAsync(own, options.MaxOutputBytes, cancellation), own.Units);
        if (!report.IsMatch)
            log.Write(options.Address, "differs", ("job", item.Job), ("finding", report.Finding), ("tensor", report.Tensor), ("index", report.Index),
                ("claimed", report.Claimed), ("own", report.Own), ("reason", report.Reason));
        return report.Finding;
    }

    private async Task<SealedValue> SealAsync(
        SealFor what, Order order, Func<RuntimeOptions, RuntimeCommand> command, CancellationToken cancellation)
    {
        if (seals.Find(what) is { } known) return known;
        var value = seals.FindAny(what.Job) is { } other
            ? SealedValue.Create(what.Job, other.OutputsRoot, other.Units, other.Manifest)
            : await ComputeAsync(what.Job, order, command, cancellation);
        return await seals.AddAsync(what, value, cancellation);
    }

    private async Task<SealedValue> ComputeAsync(
        Bytes32 job, Order order, Func<RuntimeOptions, RuntimeCommand> command, CancellationToken cancellation)
    {
        var described = await ReadJobAsync(order, cancellation);
        var outputs = await RunAsync(job, order, described.Manifest, command(options.Runtimes[described.Manifest.Runtime]), cancellation);
        await seals.AddOutputsAsync(outputs.Content, cancellation);
        log.Write(options.Address, "ran", ("job", job), ("units", outputs.Units), ("milliseconds", outputs.Manifest.Milliseconds));
        return SealedValue.Create(job, outputs.Root, outputs.Units, System.Text.Encoding.UTF8.GetString(outputs.Manifest.ToCanonical()));
    }

    private async Task<RunOutputs> RunAsync(
        Bytes32 job, Order order, JobManifest manifest, RuntimeCommand command, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await WithContentAsync(() => runner.RunAsync(job, manifest, command, order.RunWindow, cancellation));
            }
            // Only a failure of the runtime itself may be chance; the job or its limits stay what they are.
            catch (RunException e) when (e.Fault == RunFault.Failed && attempt < RunTries)
            {
                log.Write(options.Address, "run-failed", ("job", job), ("reason", e.Message));
            }
            catch (RunException e)
            {
                log.Write(options.Address, "run-failed", ("job", job), ("fault", e.Fault), ("reason", e.Message));
                throw new RefusalException("run_failed", e.Message, e);
            }
        }
    }

    private async Task<Job> ReadJobAsync(Order order, CancellationToken cancellation)
    {
        var manifest = await ReadDocumentAsync(order.Workload, content => JobManifest.Parse(content), cancellation);
        var policy = await ReadDocumentAsync(order.Policy, content => ComparisonPolicy.Parse(content), cancellation);
        JobTerms.RequireRunnable(options, order, manifest, policy);
        return new Job(manifest, policy);
    }

    private async Task FetchContentAsync(JobManifest manifest, CancellationToken cancellation)
    {
        await WithContentAsync(async () =>
        {
            await blobs.FetchAsync(manifest.Model.ToDigest(), manifest.Model.Size, cancellation);
            foreach (var input in manifest.Inputs) await blobs.FetchAsync(input.ToDigest(), input.Size, cancellation);
            return true;
        });
    }

    private async Task<T> ReadDocumentAsync<T>(Bytes32 digest, Func<byte[], T> parse, CancellationToken cancellation)
    {
        var content = await WithContentAsync(() => blobs.GetAsync(digest, MaxDocument, cancellation));
        try
        {
            return parse(content);
        }
        catch (FormatException e)
        {
            throw new RefusalException("bad_document", e.Message, e);
        }
    }

    private static async Task<T> WithContentAsync<T>(Func<Task<T>> read)
    {
        try
        {
            return await read();
        }
        catch (BlobException e) when (e.Fault != BlobFault.Unreachable)
        {
            throw new RefusalException("content_unavailable", e.Message, e);
        }
    }

    private async Task UploadAsync(SealedValue value, CancellationToken cancellation) =>
        await store.PutAsync(await seals.OutputsAsync(value, options.MaxOutputBytes, cancellation), cancellation);

    private SealedValue Require(SealFor what) =>
        seals.Find(what) ?? throw new RefusalException("not_sealed", "no value was sealed for this job here");

    private async Task RefuseAsync(WorkItem item, RefusalException refusal, CancellationToken cancellation)
    {
        log.Write(options.Address, "refused", ("kind", item.Kind), ("job", item.Job), ("reason", refusal.Reason));
        try
        {
            if (IsFailure(item, refusal)) await FailAsync(item, cancellation);
            else await verifier.PostAsync("/nodes/refusals", new RefusalRequest(item.Id, refusal.Reason), cancellation);
        }
        catch (Exception e) when (e is VerifierRefusedException or VerifierUnreachableException)
        {
            log.Write(options.Address, "refusal-not-taken", ("work", item.Id), ("reason", e.Message));
        }
    }

    // A seat that says so is replaced at once and without a strike. What the store lacks may come yet.
    private static bool IsFailure(WorkItem item, RefusalException refusal) =>
        item is { Kind: WorkKind.Recompute, Round: > 0 } && refusal.Code != "content_unavailable";

    private async Task FailAsync(WorkItem item, CancellationToken cancellation)
    {
        var failure = new Attestation(item.Job, item.Round, item.Seat, Finding.Failed, Bytes32.Zero, Bytes32.Zero);
        await verifier.PostAsync("/nodes/failures", new FailureRequest(failure, await domain.SignAsync(signer, failure, cancellation)), cancellation);
    }
}
