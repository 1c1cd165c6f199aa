using System.Text;
using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Assay.Protocol.Nodes;
using Assay.Protocol.Work;
using Assay.Testing;
using Assay.Verifier.Tests.Support;
using Assay.Verifier.Verdicts;
using static Assay.Verifier.Tests.Support.VerifierApp;

namespace Assay.Verifier.Tests;

/// <summary>From a result through check, accusation and seats to the certificate and its evidence, with the chain played by the test.</summary>
public sealed class CaseTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private static readonly ComparisonPolicy Tolerance = ComparisonPolicy.Tolerance("probabilities", new TensorBounds("1e-5", "0", 0));

    private string _database = null!;
    private VerifierApp _app = null!;

    private Cast Cast => _app.Cast;
    private Actor Runner => Cast.Operators[0];

    public async Task InitializeAsync()
    {
        _database = (await postgres.CreateDatabaseAsync())["verifier"];
        _app = await VerifierApp.StartAsync(_database);
        await _app.TellAsync(Cast.Registrations());
    }

    public async Task DisposeAsync() => await _app.DisposeAsync();

    [Fact]
    public async Task A_wrong_exact_result_ends_in_a_conviction_that_its_evidence_replays()
    {
        var order = Cast.Order();
        var job = Cast.JobOf(order);
        var (wrong, right) = (Work.Labels("runner", 9, 9), Work.Labels("seat", 1, 2));
        var accuser = await CheckedAsync(order, wrong, right, Finding.Value);
        Assert.Equal(right.Value, (await _app.MessageAsync<AccusationSigned>()).Attestation.Value);

        var certificate = await JudgedAsync(order, wrong, accuser, [.. Enumerable.Range(0, 3).Select(i => (right with { Salt = Work.SaltOf($"seat{i}") }, Finding.Value))]);
        var bundle = await _app.Http.GetByteArrayAsync($"/evidence/{job}");
        Assert.Equal(certificate.Evidence, CanonicalJson.Digest(bundle));
        Assert.Equal((Protocol.Chain.Verdict.Convicted, right.Value), Verdict(bundle));
        Equal(bundle, certificate.Evidence);
        Assert.Equal(3, certificate.Signatures.Count(s => s.Length == 65));
    }

    [Fact]
    public async Task A_right_exact_result_is_cleared()
    {
        var order = Cast.Order(nonce: 2);
        var (right, lie) = (Work.Labels("runner", 1, 2), Work.Labels("liar", 3, 3));
        var accuser = await CheckedAsync(order, right, lie, Finding.Value);
        var certificate = await JudgedAsync(order, right, accuser, [.. Enumerable.Range(0, 3).Select(i => (right with { Salt = Work.SaltOf($"seat{i}") }, Finding.Value))]);
        var bundle = await _app.Http.GetByteArrayAsync($"/evidence/{Cast.JobOf(order)}");
        Assert.Equal((Protocol.Chain.Verdict.Cleared, right.Value), Verdict(bundle));
        Equal(bundle, certificate.Evidence);
    }

    [Fact]
    public async Task Results_within_tolerance_agree_although_their_bytes_differ()
    {
        var order = await ToleranceOrderAsync(3);
        await CheckedAsync(order, Work.Probabilities("runner", 0.25f, 0.75f), Work.Probabilities("check", 0.250001f, 0.749999f), Finding.Match);
        await _app.MessageAsync<CheckAgreed>();
        await _app.MessageAsync<ResultOpened>();
    }

    [Theory]
    [InlineData("beyond", Finding.Mismatch)]
    [InlineData("nan", Finding.Malformed)]
    [InlineData("infinite", Finding.Malformed)]
    [InlineData("shape", Finding.Malformed)]
    [InlineData("type", Finding.Malformed)]
    [InlineData("garbage", Finding.Malformed)]
    [InlineData("empty", Finding.Malformed)]
    [InlineData("units", Finding.Mismatch)]
    public async Task A_result_outside_tolerance_is_accused_with_its_own_code_and_convicted(string fault, Finding finding)
    {
        var order = await ToleranceOrderAsync(4);
        var right = Work.Probabilities("check", 0.25f, 0.75f);
        var claim = fault switch
        {
            "beyond" => Work.Probabilities("runner", 0.35f, 0.65f),
            "nan" => Work.Probabilities("runner", 0.25f, float.NaN),
            "infinite" => Work.Probabilities("runner", float.PositiveInfinity, 0.75f),
            "shape" => Work.Probabilities("runner", 0.25f, 0.75f, 0f) with { Units = 2 },
            "type" => Work.Labels("runner", 1, 2),
            "garbage" => new Work(Encoding.UTF8.GetBytes("not a tensor file at all"), 2, Work.SaltOf("runner")),
            "empty" => new Work([], 2, Work.SaltOf("runner")),
            _ => Work.Probabilities("runner", 0.25f, 0.75f) with { Units = 1_000 },
        };
        var accuser = await CheckedAsync(order, claim, right, finding);
        Assert.Equal(finding, (await _app.MessageAsync<AccusationSigned>()).Attestation.Finding);

        var certificate = await JudgedAsync(order, claim, accuser, [.. Enumerable.Range(0, 3).Select(i => (right with { Salt = Work.SaltOf($"seat{i}") }, finding))]);
        var bundle = await _app.Http.GetByteArrayAsync($"/evidence/{Cast.JobOf(order)}");
        Assert.Equal((Protocol.Chain.Verdict.Convicted, Bytes32.Zero), Verdict(bundle));
        Equal(bundle, certificate.Evidence);
    }

    [Fact]
    public async Task A_finding_that_the_outputs_contradict_is_refused()
    {
        var order = await ToleranceOrderAsync(5);
        var job = Cast.JobOf(order);
        var (claim, own) = (Work.Probabilities("runner", 0.25f, 0.75f), Work.Probabilities("check", 0.25f, 0.75f));
        var checker = await OpenedAsync(order, claim, own);
        foreach (var lie in new[] { Finding.Mismatch, Finding.Malformed })
            await RefusedAsync(_app.PostAsync(checker, "/nodes/attestations", Attest(job, 0, 0, checker, own, lie)), 422, "finding_contradicted");
        await RefusedAsync(_app.PostAsync(checker, "/nodes/attestations", Attest(job, 0, 0, checker, own, Finding.Value)), 422, "bad_finding");
        await AcceptedAsync(_app.PostAsync(checker, "/nodes/attestations", Attest(job, 0, 0, checker, own, Finding.Match)));
    }

    [Fact]
    public async Task A_signed_match_stands_when_the_policy_has_been_lost_since_and_an_accusation_waits_for_it()
    {
        var order = await ToleranceOrderAsync(8);
        var (claim, own) = (Work.Probabilities("runner", 0.25f, 0.75f), Work.Probabilities("check", 0.25f, 0.75f));
        var checker = await OpenedAsync(order, claim, own);
        File.Delete(new DirectoryBlobStore(_app.BlobFolder).PathOf(order.Policy));
        await RefusedAsync(_app.PostAsync(checker, "/nodes/attestations", Attest(Cast.JobOf(order), 0, 0, checker, own, Finding.Value)), 422, "bad_finding");
        await RefusedAsync(_app.PostAsync(checker, "/nodes/attestations", Attest(Cast.JobOf(order), 0, 0, checker, own, Finding.Mismatch)), 409, "content_missing");
        await AcceptedAsync(_app.PostAsync(checker, "/nodes/attestations", Attest(Cast.JobOf(order), 0, 0, checker, own, Finding.Match)));
        await _app.MessageAsync<CheckAgreed>();
    }

    [Fact]
    public async Task A_case_whose_policy_is_lost_is_judged_by_what_its_seats_sign()
    {
        var order = await ToleranceOrderAsync(9);
        var (claim, right) = (Work.Probabilities("runner", 0.35f, 0.65f), Work.Probabilities("check", 0.25f, 0.75f));
        var accuser = await CheckedAsync(order, claim, right, Finding.Mismatch);
        await _app.MessageAsync<AccusationSigned>();
        File.Delete(new DirectoryBlobStore(_app.BlobFolder).PathOf(order.Policy));
        var certificate = await JudgedAsync(order, claim, accuser, [.. Enumerable.Range(0, 3).Select(i => (right with { Salt = Work.SaltOf($"seat{i}") }, Finding.Mismatch))]);
        var bundle = await _app.Http.GetByteArrayAsync($"/evidence/{Cast.JobOf(order)}");
        Assert.Equal((Protocol.Chain.Verdict.Convicted, Bytes32.Zero), Verdict(bundle));
        Equal(bundle, certificate.Evidence);
    }

    [Fact]
    public async Task A_re_executor_whose_own_outputs_are_malformed_or_missing_finds_nothing()
    {
        var order = await ToleranceOrderAsync(6);
        var job = Cast.JobOf(order);
        var (claim, own) = (Work.Probabilities("runner", 0.25f, 0.75f), Work.Probabilities("check", 0.25f, float.NaN));
        var checker = await OpenedAsync(order, claim, own, upload: false);
        await RefusedAsync(_app.PostAsync(checker, "/nodes/attestations", Attest(job, 0, 0, checker, own, Finding.Mismatch)), 409, "content_missing");
        await _app.StoreAsync(checker, own.Outputs);
        await RefusedAsync(_app.PostAsync(checker, "/nodes/attestations", Attest(job, 0, 0, checker, own, Finding.Mismatch)), 422, "outputs_malformed");
    }

    [Fact]
    public async Task A_seat_that_does_not_open_leaves_an_inconclusive_certificate_with_its_place_empty()
    {
        var order = Cast.Order(nonce: 7);
        var (wrong, right) = (Work.Labels("runner", 9, 9), Work.Labels("seat", 1, 2));
        var accuser = await CheckedAsync(order, wrong, right, Finding.Value);
        var certificate = await JudgedAsync(
            order, wrong, accuser, [(right, Finding.Value), (right with { Salt = Work.SaltOf("b") }, Finding.Value), (right with { Salt = Work.SaltOf("c") }, Finding.None)]);
        Assert.Equal([65, 65, 0], certificate.Signatures.Select(s => s.Length));
        var bundle = await _app.Http.GetByteArrayAsync($"/evidence/{Cast.JobOf(order)}");
        Assert.Equal((Protocol.Chain.Verdict.Inconclusive, Bytes32.Zero), Verdict(bundle));
        Equal(bundle, certificate.Evidence);
    }

    [Fact]
    public async Task A_seat_that_could_not_run_the_job_is_given_back_and_a_convicted_operator_pledges()
    {
        var order = Cast.Order(nonce: 12);
        var job = Cast.JobOf(order);
        var (wrong, right) = (Work.Labels("runner", 9, 9), Work.Labels("seat", 1, 2));
        var accuser = await CheckedAsync(order, wrong, right, Finding.Value);
        await _app.TellAsync(Cast.Accused(job, accuser, right.Value));
        await _app.TellAsync(Cast.Seeds(4));
        var seats = Cast.CasePicks(order, Runner, accuser).Select(Cast.Of).ToList();
        await _app.TellAsync(new SeatsDrawn(Cast.At(51, Cast.Start + 50), job, 1, [.. seats.Select(s => s.Address)], Cast.Start + 90));
        await _app.WorkAsync(seats[1], WorkKind.Recompute);
        FailureRequest Failure(byte seat, Ethereum.Wallets.LocalSigner key, Finding finding = Finding.Failed)
        {
            var failure = new Attestation(job, 1, seat, finding, Bytes32.Zero, Bytes32.Zero);
            return new(failure, Cast.Sign(key, failure));
        }
        await RefusedAsync(_app.PostAsync(seats[1], "/nodes/failures", Failure(2, seats[1].Hot)), 409, "not_asked");
        await RefusedAsync(_app.PostAsync(seats[1], "/nodes/failures", Failure(1, seats[2].Hot)), 422, "bad_document_signature");
        await RefusedAsync(_app.PostAsync(seats[1], "/nodes/failures", Failure(1, seats[1].Hot, Finding.Value)), 422, "bad_finding");
        await AcceptedAsync(_app.PostAsync(seats[1], "/nodes/failures", Failure(1, seats[1].Hot)));
        var sent = await _app.MessageAsync<SeatFailed>();
        Assert.Equal((seats[1].Address, (byte)1), (sent.Operator, sent.Failure.Seat));

        AppealRequest Appeal(Actor by, Address? account = null)
        {
            var pledge = new Pledge(job, account ?? by.Address, 2);
            return new(pledge, Cast.Sign(by.Hot, pledge));
        }
        await RefusedAsync(_app.PostAsync(Runner, "/nodes/appeals", Appeal(Runner)), 409, "not_asked");
        await _app.TellAsync(new VerdictReached(Cast.At(60, Cast.Start + 60), job, 1, Protocol.Chain.Verdict.Convicted, right.Value, Bytes32.Zero));
        Assert.Equal(2, (await _app.WorkAsync(Runner, WorkKind.Appeal)).Round);
        await RefusedAsync(_app.PostAsync(seats[0], "/nodes/appeals", Appeal(seats[0])), 409, "not_asked");
        await RefusedAsync(_app.PostAsync(Runner, "/nodes/appeals", Appeal(Runner, seats[0].Address)), 403, "wrong_operator");
        await AcceptedAsync(_app.PostAsync(Runner, "/nodes/appeals", Appeal(Runner)));
        Assert.Equal(Runner.Address, (await _app.MessageAsync<AppealSigned>()).Pledge.Account);
    }

    [Fact]
    public async Task An_operator_with_an_open_case_is_offered_nothing_until_the_case_has_ended()
    {
        var accuser = Cast.Operators[1];
        var job = await _app.SubmittedAsync(Cast.Order(nonce: 10), Work.Labels("runner", 9, 9));
        await _app.TellAsync(Cast.Accused(job, accuser, Bytes32.Zero));
        await _app.SettledAsync();

        await _app.OrderAsync(Cast.Order(@operator: Runner.Address, nonce: 11));
        await _app.SettledAsync();
        Assert.DoesNotContain(await _app.LeaseAsync(Runner, waitSeconds: 0), w => w.Kind == WorkKind.Offer);

        await _app.TellAsync(new JobRefunded(Cast.At(54), job, Cast.Client.Address, Outcome.Inconclusive, 1, 0));
        await _app.SettledAsync();
        _app.Time.Advance(TimeSpan.FromSeconds(2));
        await _app.WorkAsync(Runner, WorkKind.Offer);
    }

    [Fact]
    public async Task There_is_no_evidence_without_a_certificate()
    {
        await RefusedAsync(_app.Http.GetAsync($"/evidence/{Words.Of(1ul)}"), 404, "no_evidence");
        await RefusedAsync(_app.Http.GetAsync("/evidence/nonsense"), 404, "unknown_job");
    }

    private async Task<Order> ToleranceOrderAsync(uint nonce)
    {
        await _app.StoreAsync(Runner, Tolerance.ToCanonical());
        return Cast.Order(Comparison.Tolerance, policy: Tolerance.Digest, nonce: nonce);
    }

    /// <summary>To where the drawn re-executor has sealed and the operator has opened.</summary>
    private async Task<Actor> OpenedAsync(Order order, Work claim, Work own, bool upload = true)
    {
        var job = await _app.SubmittedAsync(order, claim);
        var checker = Cast.Of(Cast.SpotPicks(order, Runner)[0]);
        await _app.WorkAsync(checker, WorkKind.Recompute);
        var seal = own.Seal(job, 0, 0);
        await AcceptedAsync(_app.PostAsync(checker, "/nodes/seals", new SealRequest(seal, Cast.Sign(checker.Hot, seal))));
        if (upload) await _app.StoreAsync(checker, own.Outputs);
        await _app.StoreAsync(Runner, claim.Outputs);
        await _app.WorkAsync(Runner, WorkKind.Reveal);
        await AcceptedAsync(_app.PostAsync(Runner, "/nodes/openings", new OpeningRequest(job, claim.Opening)));
        await _app.WorkAsync(checker, WorkKind.Attest);
        return checker;
    }

    private async Task<Actor> CheckedAsync(Order order, Work claim, Work own, Finding finding)
    {
        var checker = await OpenedAsync(order, claim, own);
        await AcceptedAsync(_app.PostAsync(checker, "/nodes/attestations", Attest(Cast.JobOf(order), 0, 0, checker, own, finding)));
        return checker;
    }

    /// <summary>The case; a seat whose finding is None does not open.</summary>
    private async Task<CertificateSigned> JudgedAsync(Order order, Work claim, Actor accuser, IReadOnlyList<(Work Work, Finding Finding)> says)
    {
        var job = Cast.JobOf(order);
        var accusation = await _app.MessageAsync<AccusationSigned>();
        var seats = Cast.CasePicks(order, Runner, accuser).Select(Cast.Of).ToList();
        await _app.TellAsync(Cast.Accused(job, accuser, accusation.Attestation.Value));
        await _app.TellAsync(Cast.Seeds(4));
        await _app.TellAsync(new SeatsDrawn(Cast.At(51, Cast.Start + 50), job, 1, [.. seats.Select(s => s.Address)], Cast.Start + 90));
        for (var i = 0; i < 3; i++)
        {
            await _app.WorkAsync(seats[i], WorkKind.Recompute);
            var seal = says[i].Work.Seal(job, 1, i);
            await AcceptedAsync(_app.PostAsync(seats[i], "/nodes/seals", new SealRequest(seal, Cast.Sign(seats[i].Hot, seal))));
            await _app.StoreAsync(seats[i], says[i].Work.Outputs);
        }
        await UntilAsync(async () => (await _app.SentAsync<SeatCommitmentSigned>()).Count == 3, "three seals");
        Assert.Empty(await _app.SentAsync<ResultOpened>());
        await _app.TellAsync(Enumerable.Range(0, 3).Select(i => new SeatCommitted(Cast.At(52), job, 1, (byte)i, seats[i].Address, says[i].Work.Seal(job, 1, i).Commitment)));
        await _app.TellAsync(new SeatsSealed(Cast.At(52), job, 1, Cast.Start + 200));
        Assert.Equal(claim.Opening, (await _app.MessageAsync<ResultOpened>()).Opening);
        await _app.TellAsync(new ClaimOpened(Cast.At(53), job, claim.Root, claim.Units, claim.Salt));
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(new Claim(claim.Root, claim.Units), (await _app.WorkAsync(seats[i], WorkKind.Attest)).Claim);
            if (says[i].Finding != Finding.None)
                await AcceptedAsync(_app.PostAsync(seats[i], "/nodes/attestations", Attest(job, 1, i, seats[i], says[i].Work, says[i].Finding)));
        }
        if (says.Any(s => s.Finding == Finding.None))
        {
            await _app.SettledAsync();
            Assert.Empty(await _app.SentAsync<CertificateSigned>());
            _app.Time.Advance(TimeSpan.FromSeconds(201));
        }
        return await _app.MessageAsync<CertificateSigned>();
    }

    private AttestationRequest Attest(Bytes32 job, byte round, int seat, Actor by, Work work, Finding finding)
    {
        var attestation = work.Attest(job, round, seat, finding);
        return new(attestation, Cast.Sign(by.Hot, attestation), work.Root, work.Units, work.Salt);
    }

    private static (Protocol.Chain.Verdict, Bytes32) Verdict(byte[] bundle)
    {
        var read = CanonicalJson.Parse<EvidenceBundle>(bundle);
        return (read.Verdict, read.VerdictValue);
    }

    private void Equal(byte[] bundle, Bytes32 evidence)
    {
        var lines = Replay.Run(bundle, new(Cast.Domain.ChainId, Cast.Domain.Escrow, evidence));
        Assert.DoesNotContain(lines, line => line.Difference is not null);
        Assert.Contains(lines, line => line.What == "verdict");
    }
}
