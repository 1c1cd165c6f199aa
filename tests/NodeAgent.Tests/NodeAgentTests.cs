using System.Buffers.Binary;
using Assay.Ethereum.Primitives;
using Assay.NodeAgent.State;
using Assay.Protocol.Chain;
using Assay.Protocol.Nodes;
using Assay.Protocol.Work;
using Microsoft.AspNetCore.Http;

namespace Assay.NodeAgent.Tests;

public sealed class NodeAgentTests : IDisposable
{
    private readonly Folder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_offer_is_accepted_with_the_hot_key_once_its_content_is_here()
    {
        await using var verifier = await VerifierAsync();
        await using var agent = RunningAgent.Start(_folder, verifier);
        var sample = SampleJob.Exact();
        await PublishAsync(verifier, sample);
        var job = verifier.Give(sample, WorkKind.Offer);

        var request = await verifier.NextAsync<AcceptanceRequest>();
        Assert.Equal((job, ScriptedVerifier.Operator, verifier.Signer.Address), (request.Acceptance.Order, request.Acceptance.Operator, request.Acceptance.NodeKey));
        Assert.InRange(request.Acceptance.OpenBy, (ulong)DateTimeOffset.UtcNow.ToUnixTimeSeconds(), sample.Order.Expiry);
        Assert.True(ScriptedVerifier.Domain.IsSignedBy(request.Acceptance, request.Signature, verifier.Signer.Address));
        foreach (var blob in sample.Blobs) Assert.True(await new DirectoryBlobStore(_folder.File("cache")).ExistsAsync(BlobAddress.Of(blob)));
    }

    [Fact]
    public async Task What_cannot_be_run_is_refused_with_a_reason()
    {
        await using var verifier = await VerifierAsync();
        await using var agent = RunningAgent.Start(_folder, verifier, change: one => one with { MinUnitPrice = 10, MaxSeconds = 100, MaxMemoryMiB = 2000 });
        var good = SampleJob.Exact();
        await PublishAsync(verifier, good);
        var tooLong = SampleJob.Exact(new RunLimits(101, 1024));
        var tooMuch = SampleJob.Exact(new RunLimits(60, 2001));
        await PublishAsync(verifier, tooLong, tooMuch);
        var other = good.Manifest with { Runtime = "llama" };
        await verifier.Blobs.PutAsync(other.ToCanonical());
        var larger = good.Manifest with { Model = good.Manifest.Model with { Size = good.Manifest.Model.Size + 1 } };
        await verifier.Blobs.PutAsync(larger.ToCanonical());

        await RefusedAsync("price_too_low", good.Order with { UnitPrice = 9 });
        await RefusedAsync("expired", good.Order with { Expiry = 1 });
        await RefusedAsync("wrong_operator", good.Order with { Operator = SampleJob.Client });
        await RefusedAsync("unknown_witness", good.Order with { Witness = SampleJob.Client });
        await RefusedAsync("wrong_policy", good.Order with { Comparison = Comparison.Tolerance });
        await RefusedAsync("content_unavailable", good.Order with { Workload = Bytes32.Zero });
        await RefusedAsync("bad_document", good.Order with { Workload = good.Policy.Digest });
        await RefusedAsync("too_long", tooLong.Order);
        await RefusedAsync("too_much_memory", tooMuch.Order);
        await RefusedAsync("unknown_runtime", good.Order with { Workload = other.Digest });
        await RefusedAsync("content_unavailable", good.Order with { Workload = larger.Digest });

        async Task RefusedAsync(string code, Order order)
        {
            verifier.Give(good, WorkKind.Offer, order: order);
            Assert.StartsWith(code + ":", (await verifier.NextAsync<RefusalRequest>()).Reason);
        }
    }

    [Fact]
    public async Task An_operator_that_takes_only_orders_that_name_it_refuses_the_others()
    {
        await using var verifier = await VerifierAsync();
        await using var agent = RunningAgent.Start(_folder, verifier, change: one => one with { NamedOnly = true });
        var sample = SampleJob.Exact();
        await PublishAsync(verifier, sample);
        verifier.Give(sample, WorkKind.Offer, order: sample.Order with { Operator = Address.Zero });
        Assert.StartsWith("not_named:", (await verifier.NextAsync<RefusalRequest>()).Reason);
    }

    [Fact]
    public async Task A_result_hides_its_value_until_it_is_opened()
    {
        await using var verifier = await VerifierAsync();
        await using var agent = RunningAgent.Start(_folder, verifier);
        var sample = SampleJob.Exact();
        await PublishAsync(verifier, sample);
        var job = verifier.Give(sample, WorkKind.Execute);
        var result = await verifier.NextAsync<ResultRequest>();
        Assert.Equal(job, result.Result.Job);
        Assert.True(ScriptedVerifier.Domain.IsSignedBy(result.Result, result.Signature, verifier.Signer.Address));
        var manifest = System.Text.Encoding.UTF8.GetBytes(result.Manifest);
        Assert.Equal(CanonicalJson.Digest(manifest), result.Result.Manifest);
        Assert.Equal("cpu", RunManifest.Parse(manifest).Provider);
        Assert.Equal(manifest, await verifier.Blobs.GetAsync(result.Result.Manifest, 10_000));

        verifier.Give(sample, WorkKind.Reveal);
        var opening = (await verifier.NextAsync<OpeningRequest>()).Opening;
        Assert.Equal(result.Result.Commitment, Values.Commitment(opening));
        Assert.Equal(16ul, opening.Units);
        Assert.Equal(["labels", "scores"], Safetensors.Parse(await verifier.Blobs.GetAsync(opening.OutputsRoot, 1 << 20)).Select(tensor => tensor.Name));
    }

    [Fact]
    public async Task A_result_carries_the_witness_word_and_goes_out_only_with_a_right_one()
    {
        using var store = Ethereum.Wallets.LocalSigner.Generate();
        await using var verifier = await VerifierAsync();
        await using var agent = RunningAgent.Start(_folder, verifier, change: one => one with { Witnesses = [store.Address] });
        var sample = SampleJob.Exact();
        await PublishAsync(verifier, sample);
        var order = sample.Order with { Witness = store.Address };
        verifier.Witness = verifier.Signer;
        verifier.Give(sample, WorkKind.Execute, order: order);
        var (logged, asked) = (agent.Log, 0);
        while (!logged.ToString().Contains("postponed", StringComparison.Ordinal) && asked++ < 600) await Task.Delay(100);
        Assert.Contains("not signed by the witness", logged.ToString());
        Assert.False(verifier.HasAnswers);

        verifier.Witness = store;
        var job = verifier.Give(sample, WorkKind.Execute, order: order);
        var result = await verifier.NextAsync<ResultRequest>();
        Assert.True(ScriptedVerifier.Domain.IsSignedBy(result.Result, result.Signature[..65], verifier.Signer.Address));
        Assert.True(ScriptedVerifier.Domain.IsSignedBy(new Stored(job, result.Result.Commitment), result.Signature[65..], store.Address));
    }

    [Fact]
    public async Task Outputs_that_the_store_lost_are_uploaded_again_with_the_opening()
    {
        await using var verifier = await VerifierAsync();
        await using var agent = RunningAgent.Start(_folder, verifier);
        var sample = SampleJob.Exact();
        await PublishAsync(verifier, sample);
        verifier.Give(sample, WorkKind.Execute);
        await verifier.NextAsync<ResultRequest>();
        verifier.Give(sample, WorkKind.Reveal);
        var root = (await verifier.NextAsync<OpeningRequest>()).Opening.OutputsRoot;

        File.Delete(verifier.Blobs.PathOf(root));
        verifier.Interfere = async context =>
        {
            if (context.Request.Path != "/nodes/openings") return false;
            context.Response.StatusCode = 409;
            await context.Response.WriteAsJsonAsync(new { code = "content_missing", detail = "upload it" });
            return true;
        };
        verifier.Give(sample, WorkKind.Reveal);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await verifier.Blobs.ExistsAsync(root)) await Task.Delay(20, patience.Token);
    }

    [Fact]
    public async Task A_check_is_sealed_first_and_its_outputs_are_shown_only_with_the_attestation()
    {
        await using var verifier = await VerifierAsync();
        await using var agent = RunningAgent.Start(_folder, verifier);
        var sample = SampleJob.Exact();
        await PublishAsync(verifier, sample);
        var job = verifier.Give(sample, WorkKind.Recompute, round: 1, seat: 2);
        var seal = await verifier.NextAsync<SealRequest>();
        Assert.True(ScriptedVerifier.Domain.IsSignedBy(seal.Commitment, seal.Signature, verifier.Signer.Address));
        Assert.DoesNotContain(verifier.Requests, path => path.StartsWith("/blobs/", StringComparison.Ordinal));

        verifier.Give(sample, WorkKind.Attest, round: 1, seat: 2, new Claim(Bytes32.Zero, 1));
        var attested = await verifier.NextAsync<AttestationRequest>();
        Assert.Equal(
            new Attestation(job, 1, 2, Finding.Value, Values.Value(attested.OutputsRoot, attested.Units), attested.Salt), attested.Attestation);
        Assert.Equal(seal.Commitment.Commitment, Values.Seal(attested.Attestation));
        Assert.True(await verifier.Blobs.ExistsAsync(attested.OutputsRoot));
        Assert.True(ScriptedVerifier.Domain.IsSignedBy(attested.Attestation, attested.Signature, verifier.Signer.Address));
    }

    [Fact]
    public async Task With_tolerance_the_claim_gets_the_finding_that_the_policy_says()
    {
        await using var verifier = await VerifierAsync();
        await using var agent = RunningAgent.Start(_folder, verifier);
        var sample = SampleJob.Tolerance();
        await PublishAsync(verifier, sample);
        verifier.Give(sample, WorkKind.Recompute, seat: 1);
        await verifier.NextAsync<SealRequest>();
        verifier.Give(sample, WorkKind.Attest, seat: 1);
        var own = await verifier.NextAsync<AttestationRequest>();
        Assert.Equal((Finding.Malformed, Bytes32.Zero), (own.Attestation.Finding, own.Attestation.Salt));
        var outputs = await verifier.Blobs.GetAsync(own.OutputsRoot, 1 << 20);

        await FoundAsync(Finding.Match, outputs, 16);
        await FoundAsync(Finding.Mismatch, outputs, 17);
        await FoundAsync(Finding.Match, Changed(outputs, value => MathF.BitIncrement(value)), 16);
        await FoundAsync(Finding.Mismatch, Changed(outputs, value => value + 0.5f), 16);
        await FoundAsync(Finding.Malformed, Changed(outputs, _ => float.NaN), 16);
        await FoundAsync(Finding.Malformed, "garbage"u8.ToArray(), 16);
        await FoundAsync(Finding.Malformed, outputs[..^1], 16);

        async Task FoundAsync(Finding finding, byte[] claimed, ulong units)
        {
            var root = await verifier.Blobs.PutAsync(claimed);
            verifier.Give(sample, WorkKind.Attest, seat: 1, claim: new Claim(root, units));
            var attested = await verifier.NextAsync<AttestationRequest>();
            Assert.Equal((finding, own.Attestation.Value), (attested.Attestation.Finding, attested.Attestation.Value));
        }
    }

    [Fact]
    public async Task Own_jobs_and_checks_may_run_differently()
    {
        await using var verifier = await VerifierAsync();
        await using var agent = RunningAgent.Start(_folder, verifier, jobs: _folder.Shell("exit 2"), checks: Repository.Onnx);
        var sample = SampleJob.Exact();
        await PublishAsync(verifier, sample);
        verifier.Give(sample, WorkKind.Execute);
        Assert.StartsWith("run_failed: the runtime ended with exit code 2", (await verifier.NextAsync<RefusalRequest>()).Reason);
        verifier.Give(sample, WorkKind.Recompute);
        await verifier.NextAsync<SealRequest>();
    }

    [Fact]
    public async Task What_was_never_sealed_here_cannot_be_opened_or_attested()
    {
        await using var verifier = await VerifierAsync();
        await using var agent = RunningAgent.Start(_folder, verifier);
        var sample = SampleJob.Exact();
        await PublishAsync(verifier, sample);
        verifier.Give(sample, WorkKind.Reveal);
        Assert.StartsWith("not_sealed:", (await verifier.NextAsync<RefusalRequest>()).Reason);
        verifier.Give(sample, WorkKind.Attest);
        Assert.StartsWith("not_sealed:", (await verifier.NextAsync<RefusalRequest>()).Reason);
    }

    [Theory]
    [InlineData(true, 15_000, null)]
    [InlineData(true, 14_999, "pledge_too_high:")]
    [InlineData(false, 15_000, "result_not_confirmed:")]
    public async Task A_convicted_operator_pledges_up_to_its_bound_when_the_job_run_again_gives_what_it_sealed(bool right, int bound, string? refusal)
    {
        await using var verifier = await VerifierAsync();
        await using var agent = RunningAgent.Start(
            _folder, verifier, right ? Repository.Onnx : Repository.Plausible, Repository.Onnx, one => one with { AppealPledge = bound });
        var sample = SampleJob.Exact();
        await PublishAsync(verifier, sample);
        var job = verifier.Give(sample, WorkKind.Execute);
        await verifier.NextAsync<ResultRequest>();
        verifier.Give(sample, WorkKind.Appeal, 2);
        if (refusal is not null)
        {
            Assert.StartsWith(refusal, (await verifier.NextAsync<RefusalRequest>()).Reason);
            return;
        }
        var appeal = await verifier.NextAsync<AppealRequest>();
        Assert.Equal(new Pledge(job, ScriptedVerifier.Operator, 2), appeal.Pledge);
        Assert.True(ScriptedVerifier.Domain.IsSignedBy(appeal.Pledge, appeal.Signature, verifier.Signer.Address));
    }

    [Fact]
    public async Task A_seat_whose_run_fails_signs_that_and_a_check_whose_run_fails_is_refused()
    {
        await using var verifier = await VerifierAsync();
        await using var agent = RunningAgent.Start(_folder, verifier, checks: _folder.Shell("exit 1"));
        var sample = SampleJob.Exact();
        await PublishAsync(verifier, sample);
        var job = verifier.Give(sample, WorkKind.Recompute, 1, 2);
        var failure = await verifier.NextAsync<FailureRequest>();
        Assert.Equal(new Attestation(job, 1, 2, Finding.Failed, Bytes32.Zero, Bytes32.Zero), failure.Failure);
        Assert.True(ScriptedVerifier.Domain.IsSignedBy(failure.Failure, failure.Signature, verifier.Signer.Address));

        verifier.Give(sample, WorkKind.Recompute);
        Assert.StartsWith("run_failed:", (await verifier.NextAsync<RefusalRequest>()).Reason);
        verifier.Give(sample, WorkKind.Recompute, 1, 0, order: sample.Order with { Workload = Bytes32.Zero });
        Assert.StartsWith("content_unavailable:", (await verifier.NextAsync<RefusalRequest>()).Reason);
    }

    [Fact]
    public async Task The_same_work_given_twice_is_run_once_and_answered_alike()
    {
        var count = _folder.File("count");
        var runtime = _folder.Shell($"echo run >> '{count}'; exec '{Repository.Node}' '{Repository.Runtime("onnx/run.mjs")}' \"$1\"");
        await using var verifier = await VerifierAsync();
        await using var agent = RunningAgent.Start(_folder, verifier, runtime);
        var sample = SampleJob.Exact();
        await PublishAsync(verifier, sample);
        verifier.Give(sample, WorkKind.Execute);
        var first = await verifier.NextAsync<ResultRequest>();
        verifier.Give(sample, WorkKind.Execute);
        Assert.Equivalent(first, await verifier.NextAsync<ResultRequest>(), strict: true);
        Assert.Single(File.ReadAllLines(count));
    }

    [Fact]
    public async Task A_restart_between_commitment_and_opening_keeps_salt_and_value()
    {
        await using var verifier = await VerifierAsync();
        var sample = SampleJob.Exact();
        await PublishAsync(verifier, sample);
        ResultRequest result;
        await using (RunningAgent.Start(_folder, verifier))
        {
            verifier.Give(sample, WorkKind.Execute);
            result = await verifier.NextAsync<ResultRequest>();
        }
        await using var again = RunningAgent.Start(_folder, verifier, jobs: _folder.Shell("exit 1"));
        verifier.Give(sample, WorkKind.Execute);
        Assert.Equal(result.Result, (await verifier.NextAsync<ResultRequest>()).Result);
        verifier.Give(sample, WorkKind.Reveal);
        Assert.Equal(result.Result.Commitment, Values.Commitment((await verifier.NextAsync<OpeningRequest>()).Opening));
    }

    [Fact]
    public async Task A_value_is_sealed_again_for_another_seat_without_becoming_another_value()
    {
        await using var verifier = await VerifierAsync();
        await using var agent = RunningAgent.Start(_folder, verifier);
        var sample = SampleJob.Exact();
        await PublishAsync(verifier, sample);
        var values = new List<AttestationRequest>();
        foreach (var seat in new byte[] { 0, 1 })
        {
            verifier.Give(sample, WorkKind.Recompute, 1, seat);
            await verifier.NextAsync<SealRequest>();
            verifier.Give(sample, WorkKind.Attest, 1, seat);
            values.Add(await verifier.NextAsync<AttestationRequest>());
        }
        Assert.Equal(values[0].Attestation.Value, values[1].Attestation.Value);
        Assert.NotEqual(values[0].Salt, values[1].Salt);
    }

    [Fact]
    public async Task A_damaged_state_file_stops_the_agent_with_its_name()
    {
        await using var verifier = await VerifierAsync();
        var sample = SampleJob.Exact();
        await PublishAsync(verifier, sample);
        await using (RunningAgent.Start(_folder, verifier))
        {
            verifier.Give(sample, WorkKind.Execute);
            await verifier.NextAsync<ResultRequest>();
        }
        var file = Assert.Single(Directory.GetFiles(Path.Combine(_folder.Path, "state/seals")));
        var text = File.ReadAllText(file);
        foreach (var damaged in new[] { text[..^10], "", text.Replace("\"units\":16", "\"units\":17"), text.Replace("\"salt\":\"0x", "\"salt\":\"0y") })
        {
            Assert.NotEqual(text, damaged);
            File.WriteAllText(file, damaged);
            await using var agent = RunningAgent.Start(_folder, verifier);
            Assert.Contains(file, (await Assert.ThrowsAsync<NodeStateException>(() => agent.Running)).Message);
        }
        Assert.False(verifier.HasAnswers);
    }

    [Fact]
    public async Task Two_agents_cannot_share_a_state_directory()
    {
        await using var verifier = await VerifierAsync();
        await using var first = RunningAgent.Start(_folder, verifier);
        await using var second = RunningAgent.Start(_folder, verifier);
        await Assert.ThrowsAsync<NodeStateException>(() => second.Running);
        Assert.False(first.Running.IsCompleted);
    }

    [Fact]
    [System.Runtime.Versioning.SupportedOSPlatform("linux")]
    public async Task State_is_readable_by_the_agent_s_user_alone()
    {
        await using var verifier = await VerifierAsync();
        await using var agent = RunningAgent.Start(_folder, verifier);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_folder.File("state")));
    }

    private Task<ScriptedVerifier> VerifierAsync() => ScriptedVerifier.StartAsync(_folder);

    private static async Task PublishAsync(ScriptedVerifier verifier, params SampleJob[] samples)
    {
        foreach (var blob in samples.SelectMany(sample => sample.Blobs)) await verifier.Blobs.PutAsync(blob);
    }

    private static byte[] Changed(byte[] outputs, Func<float, float> change)
    {
        var changed = outputs.ToArray();
        var last = changed.AsSpan(^4..);
        BinaryPrimitives.WriteSingleLittleEndian(last, change(BinaryPrimitives.ReadSingleLittleEndian(last)));
        return changed;
    }
}
