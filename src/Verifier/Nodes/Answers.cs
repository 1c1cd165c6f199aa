using System.Text;
using System.Text.Json;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Primitives;
using Assay.Hosting;
using Assay.Hosting.Http;
using Assay.Hosting.Messaging;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Assay.Protocol.Nodes;
using Assay.Protocol.Work;
using Assay.Verifier.Redundancy;
using Assay.Verifier.Verdicts;
using Dapper;
using Npgsql;

namespace Assay.Verifier.Nodes;

/// <summary>
/// Takes what nodes sign. Each answer is checked against the order, the chain and what was asked, and stored in the transaction that closes
/// its work. The same answer again is fine; another one after the first is refused.
/// </summary>
public sealed class Answers(
    VerifierDatabase database, JobStore jobs, WorkStore work, Facts facts, EscrowTerms terms, ClaimJudge judge, VerifierBlobs blobs,
    Outbox<VerifierDatabase> outbox, TimeProvider time)
{
    private const int MaxReason = 500;
    private const int MaxOpenSeconds = 600;

    /// <summary>Checks the acceptance and lets the order go on to be opened.</summary>
    public Task AcceptAsync(Caller caller, AcceptanceRequest request) => OnJobAsync(request.Acceptance.Order, async (transaction, view) =>
    {
        var acceptance = request.Acceptance;
        if (view.Acceptances.Any(a => a.Acceptance == acceptance && a.Signature.AsSpan().SequenceEqual(request.Signature))) return;
        if (acceptance.Operator != caller.Address) throw Refused(403, "wrong_operator", $"The acceptance names {acceptance.Operator}.");
        var open = view.Offers.LastOrDefault(o => o.State == WorkState.Open && o.Operator == caller.Address)
            ?? throw Refused(409, "not_asked", "This order is not offered to this operator (any more).");
        CheckSignature(acceptance, request.Signature, caller.Signer);
        if (acceptance.NodeKey.IsZero) throw Refused(422, "bad_node_key", "The node key is zero.");
        var now = (ulong)time.GetUtcNow().ToUnixTimeSeconds();
        if (acceptance.OpenBy <= now || acceptance.OpenBy > Math.Max(view.Order.Expiry, now + MaxOpenSeconds))
            throw Refused(422, "bad_open_by", $"openBy {acceptance.OpenBy} is past or more than {MaxOpenSeconds} s and the order's expiry ahead of {now}.");

        await transaction.Connection!.ExecuteAsync(
            """
            insert into acceptances (job, number, operator, body, signature, received_at, after_sequence)
            values (@Job, @Number, @Address, @body::jsonb, @Signature, @now, (select coalesce(max(sequence), 0) from feed))
            """,
            new { view.Job, open.Number, caller.Address, body = Json(acceptance), request.Signature, now = time.GetUtcNow() }, transaction);
        await work.CloseAsync(transaction, open.Id, WorkState.Done, time.GetUtcNow());
    });

    /// <summary>Closes the work; an offer then goes to the next operator.</summary>
    public async Task RefuseAsync(Caller caller, RefusalRequest request)
    {
        if (request.Reason.Length > MaxReason) throw Refused(422, "bad_reason", $"The reason is longer than {MaxReason} characters.");
        var job = await FindJobAsync(caller.Address, request.WorkId);
        await OnJobAsync(job, async (transaction, view) =>
        {
            var asked = view.Work.Single(w => w.Id == request.WorkId);
            if (asked.State == WorkState.Refused) return;
            if (asked.State != WorkState.Open) throw Refused(409, "not_asked", $"This work is {asked.State}.");
            await work.CloseAsync(transaction, asked.Id, WorkState.Refused, time.GetUtcNow(), request.Reason.Replace("\0", ""));
        });
    }

    /// <summary>Stores the first result of the operator that runs the job.</summary>
    public Task ResultAsync(Caller caller, ResultRequest request) => OnJobAsync(request.Result.Job, async (transaction, view) =>
    {
        if (view.Result is { } known && known.Operator == caller.Address)
        {
            if (known.Result != request.Result) throw Refused(409, "conflicting_result", "Another result of this operator was taken before.");
            return;
        }
        var opened = view.Chain.Opened;
        if (opened is null || opened.Operator != caller.Address) throw Refused(403, "wrong_operator", "This operator does not run this job.");
        if (await work.FindOpenAsync(transaction, view.Job, WorkKind.Execute, caller.Address) is not { } asked)
            throw Refused(409, "not_asked", $"No result is awaited: the job is {view.Chain.State}.");
        if (request.Result.Commitment.IsZero) throw Refused(422, "bad_commitment", "The commitment is zero.");
        var (own, witness) = Signatures(view.Order, request.Signature);
        CheckSignature(request.Result, own, opened.NodeKey);
        if (!view.Order.Witness.IsZero) CheckSignature(new Stored(view.Job, request.Result.Commitment), witness, view.Order.Witness);
        CheckManifest(request);

        await transaction.Connection!.ExecuteAsync(
            "insert into results (job, operator, body, signature, manifest) values (@Job, @Address, @body::jsonb, @Signature, @Manifest)",
            new { view.Job, caller.Address, body = Json(request.Result), request.Signature, request.Manifest }, transaction);
        await work.CloseAsync(transaction, asked.Id, WorkState.Done, time.GetUtcNow());
    });

    /// <summary>Takes the opening of the commitment on the chain. It counts although its content is missing, but stays asked for until that is there.</summary>
    public async Task OpenAsync(Caller caller, OpeningRequest request)
    {
        var root = request.Opening.OutputsRoot;
        var isStored = await blobs.Store.ExistsAsync(root);
        await OnJobAsync(request.Job, (transaction, view) => OpenAsync(transaction, view, caller, request, isStored));
        if (!isStored)
            throw Refused(409, "content_missing", $"The opening is taken, but its content {BlobAddress.Format(root)} is not in the store; upload it, or it is not paid.");
    }

    private async Task OpenAsync(NpgsqlTransaction transaction, JobView view, Caller caller, OpeningRequest request, bool isStored)
    {
        if (view.Opening == request.Opening) return;
        if (view.Chain.Opened is { } opened && opened.Operator != caller.Address)
            throw Refused(403, "wrong_operator", "This operator does not run this job.");
        if (await work.FindOpenAsync(transaction, view.Job, WorkKind.Reveal, caller.Address) is not { } asked)
            throw Refused(409, "not_asked", "No opening is awaited.");
        var commitment = view.Chain.Submitted!.Commitment;
        if (Values.Commitment(request.Opening) != commitment)
            throw Refused(422, "bad_opening", $"It does not open the commitment {commitment} that is on the chain.");

        await transaction.Connection!.ExecuteAsync(
            "insert into openings (job, commitment, body) values (@Job, @commitment, @body::jsonb) on conflict do nothing",
            new { view.Job, commitment, body = Json(request.Opening) }, transaction);
        if (isStored) await work.CloseAsync(transaction, asked.Id, WorkState.Done, time.GetUtcNow());
    }

    /// <summary>Stores the first seal of a re-executor or seat; another one is refused, so nobody changes its mind after it has seen the claim.</summary>
    public Task SealAsync(Caller caller, SealRequest request) => OnJobAsync(request.Commitment.Job, async (transaction, view) =>
    {
        var commitment = request.Commitment;
        if (view.SealOf(commitment.Round, commitment.Seat, caller.Address) is { } known)
        {
            if (known.Commitment != commitment) throw Refused(409, "sealed_otherwise", "Another value was sealed before; the first one stands.");
            return;
        }
        if (await work.FindOpenAsync(transaction, view.Job, WorkKind.Recompute, caller.Address, commitment.Round, commitment.Seat) is not { } asked)
            throw Refused(409, "not_asked", "This operator is not asked to run this job again.");
        if (commitment.Commitment.IsZero) throw Refused(422, "bad_commitment", "The commitment is zero.");
        CheckSignature(commitment, request.Signature, caller.Signer);

        await transaction.Connection!.ExecuteAsync(
            """
            insert into seals (job, round, seat, operator, body, signature, received_at)
            values (@Job, @round, @seat, @Address, @body::jsonb, @Signature, @now)
            """,
            new
            {
                view.Job, round = (int)commitment.Round, seat = (int)commitment.Seat, caller.Address, body = Json(commitment), request.Signature,
                now = time.GetUtcNow(),
            }, transaction);
        await work.CloseAsync(transaction, asked.Id, WorkState.Done, time.GetUtcNow());
    });

    /// <summary>Takes the signed value that opens the seal; with tolerance only the finding that the two outputs really give.</summary>
    public Task AttestAsync(Caller caller, AttestationRequest request) => OnJobAsync(request.Attestation.Job, async (transaction, view) =>
    {
        var attestation = request.Attestation;
        if (await work.FindOpenAsync(transaction, view.Job, WorkKind.Attest, caller.Address, attestation.Round, attestation.Seat) is not { } asked)
        {
            var known = view.Attestations.LastOrDefault(
                a => a.Operator == caller.Address && a.Attestation.Round == attestation.Round && a.Attestation.Seat == attestation.Seat);
            if (known?.Attestation == attestation) return;
            throw Refused(409, known is null ? "not_asked" : "attested_otherwise", "This operator is not asked to attest (any more).");
        }
        CheckSignature(attestation, request.Signature, caller.Signer);
        await judge.CheckAsync(view, caller.Address, request, asked.Claim);

        var claim = asked.Claim is { } c ? Values.Value(c.OutputsRoot, c.Units) : Bytes32.Zero;
        await transaction.Connection!.ExecuteAsync(
            """
            insert into attestations (job, round, seat, operator, claim, body, signature, outputs_root, units, salt, received_at)
            values (@Job, @round, @seat, @Address, @claim, @body::jsonb, @Signature, @OutputsRoot, @units, @Salt, @now)
            """,
            new
            {
                view.Job, round = (int)attestation.Round, seat = (int)attestation.Seat, caller.Address, claim, body = Json(attestation),
                request.Signature, request.OutputsRoot, units = (decimal)request.Units, request.Salt, now = time.GetUtcNow(),
            }, transaction);
        await work.CloseAsync(transaction, asked.Id, WorkState.Done, time.GetUtcNow());
    });

    /// <summary>Sends on that a seat could not run the job. It is asked again for as long as it is not replaced.</summary>
    public Task FailAsync(Caller caller, FailureRequest request) => OnJobAsync(request.Failure.Job, async (transaction, view) =>
    {
        var failure = request.Failure;
        if (await work.FindOpenAsync(transaction, view.Job, WorkKind.Recompute, caller.Address, failure.Round, failure.Seat) is not { } asked || failure.Round == 0)
            throw Refused(409, "not_asked", "This operator has no open seat of that number.");
        if (failure.Finding != Finding.Failed || !failure.Value.IsZero || !failure.Salt.IsZero) throw Refused(422, "bad_finding", "A failure has neither value nor salt.");
        CheckSignature(failure, request.Signature, caller.Signer);
        await outbox.AddAsync(transaction, new SeatFailed(view.Job, caller.Address, failure, request.Signature), MessageIds.From("failed", asked.Id));
        await work.CloseAsync(transaction, asked.Id, WorkState.Refused, time.GetUtcNow(), "failed");
    });

    /// <summary>Sends on the convicted operator's pledge.</summary>
    public Task AppealAsync(Caller caller, AppealRequest request) => OnJobAsync(request.Pledge.Job, async (transaction, view) =>
    {
        var pledge = request.Pledge;
        if (await work.FindOpenAsync(transaction, view.Job, WorkKind.Appeal, caller.Address, pledge.Round) is not { } asked)
            throw Refused(409, "not_asked", "No appeal of this operator is awaited.");
        if (pledge.Account != caller.Address) throw Refused(403, "wrong_operator", $"The pledge names {pledge.Account}.");
        CheckSignature(pledge, request.Signature, caller.Signer);
        await outbox.AddAsync(transaction, new AppealSigned(view.Job, pledge, request.Signature), MessageIds.From("appeal", asked.Id));
        await work.CloseAsync(transaction, asked.Id, WorkState.Done, time.GetUtcNow());
    });

    private Task OnJobAsync(Bytes32 job, Func<NpgsqlTransaction, JobView, Task> take) => database.InTransactionAsync(async transaction =>
    {
        var known = await transaction.Connection!.ExecuteScalarAsync<int?>("select 1 from jobs where job = @job", new { job }, transaction);
        if (known is null) throw Refused(404, "unknown_job", $"Job {job} is unknown.");
        await facts.WakeAsync(transaction, job);
        var view = await jobs.LoadAsync(transaction, job) ?? throw Refused(404, "unknown_job", $"The order of job {job} is unknown.");
        await take(transaction, view);
    });

    private async Task<Bytes32> FindJobAsync(Address caller, string workId)
    {
        // PostgreSQL has no text with a zero character in it.
        if (workId.Contains('\0')) throw Refused(404, "unknown_work", "No such work was given to this operator.");
        await using var connection = await database.OpenAsync();
        return await connection.ExecuteScalarAsync<byte[]?>(
            "select job from work where id = @workId and operator = @caller", new { workId, caller }) is { } job
                ? new Bytes32(job)
                : throw Refused(404, "unknown_work", "No such work was given to this operator.");
    }

    /// <summary>As the contract reads them: the witness' last, the node key's what is left.</summary>
    private static (byte[] Own, byte[] Witness) Signatures(Order order, byte[] both) => order.Witness.IsZero || both.Length < Signature.Size
        ? (both, [])
        : (both[..^Signature.Size], both[^Signature.Size..]);

    private void CheckSignature<T>(T document, byte[] signature, Address signer) where T : notnull
    {
        if (!terms.Domain.IsSignedBy(document, signature, signer))
            throw Refused(422, "bad_document_signature", $"The {typeof(T).Name} is not signed by {signer}.");
    }

    private static void CheckManifest(ResultRequest request)
    {
        var bytes = Encoding.UTF8.GetBytes(request.Manifest);
        if (CanonicalJson.Digest(bytes) != request.Result.Manifest)
            throw Refused(422, "bad_manifest", "The run manifest does not have the signed digest.");
        try
        {
            _ = RunManifest.Parse(bytes);
        }
        catch (FormatException e)
        {
            throw Refused(422, "bad_manifest", e.Message);
        }
    }

    private static string Json<T>(T body) => JsonSerializer.Serialize(body, AssayJson.Options);

    private static ProblemException Refused(int status, string code, string detail) => new(status, code, detail);
}
