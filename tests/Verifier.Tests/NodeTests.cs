using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Assay.Protocol.Nodes;
using Assay.Protocol.Work;
using Assay.Testing;
using Assay.Verifier.Tests.Support;
using Dapper;
using MassTransit;
using static Assay.Verifier.Tests.Support.VerifierApp;

namespace Assay.Verifier.Tests;

/// <summary>What nodes may and may not do, over HTTP against the whole service.</summary>
public sealed class NodeTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private static readonly Work Right = Work.Labels("runner", 1, 2, 3);
    private static readonly Work Same = Work.Labels("check", 1, 2, 3);
    private static readonly Work Other = Work.Labels("check", 7, 7, 7);

    private static uint _nonce = 100;

    private string _database = null!;
    private VerifierApp _app = null!;
    private Order _order = null!;

    private Cast Cast => _app.Cast;
    private Actor Runner => Cast.Operators[0];
    private Bytes32 Job => Cast.JobOf(_order);
    private Actor Checker => Cast.Of(Cast.SpotPicks(_order, Runner)[0]);

    public async Task InitializeAsync()
    {
        _database = (await postgres.CreateDatabaseAsync())["verifier"];
        _app = await VerifierApp.StartAsync(_database);
        _order = Cast.Order(@operator: Cast.Operators[0].Address, nonce: Interlocked.Increment(ref _nonce));
        await _app.TellAsync(Cast.Registrations());
    }

    public async Task DisposeAsync() => await _app.DisposeAsync();

    [Fact]
    public async Task An_order_goes_from_offer_to_acceptance()
    {
        await _app.OrderAsync(_order);
        var offer = await _app.WorkAsync(Runner, WorkKind.Offer);
        Assert.Equal((_order, Job), (offer.Order, offer.Job));
        Assert.Equal(Cast.Client.Address, Cast.Domain.SignerOf(offer.Order, offer.OrderSignature));

        await AcceptedAsync(_app.PostAsync(Runner, "/nodes/acceptances", Acceptance()));
        Assert.Equal(Acceptance().Acceptance, (await _app.MessageAsync<OrderAccepted>()).Acceptance);
        await AcceptedAsync(_app.PostAsync(Runner, "/nodes/acceptances", Acceptance()));
        Assert.Single(await _app.SentAsync<OrderAccepted>());
    }

    [Fact]
    public async Task An_acceptance_is_refused_unless_all_of_it_is_right()
    {
        await _app.OrderAsync(_order);
        await _app.WorkAsync(Runner, WorkKind.Offer);
        var good = Acceptance().Acceptance;
        await Refused(good with { Operator = Checker.Address }, Runner.Hot, 403, "wrong_operator");
        await Refused(good with { Order = Words.Of(5ul) }, Runner.Hot, 404, "unknown_job");
        await Refused(good with { NodeKey = Address.Zero }, Runner.Hot, 422, "bad_node_key");
        await Refused(good with { OpenBy = Cast.Start - 100 }, Runner.Hot, 422, "bad_open_by");
        await Refused(good with { OpenBy = ulong.MaxValue }, Runner.Hot, 422, "bad_open_by");
        await Refused(good, Runner.Own, 422, "bad_document_signature");
        await RefusedAsync(_app.PostAsync(Runner, "/nodes/acceptances", new AcceptanceRequest(good, [1, 2, 3])), 422, "bad_document_signature");
        var other = Cast.Operators[1];
        await RefusedAsync(_app.PostAsync(other, "/nodes/acceptances", Acceptance(other)), 409, "not_asked");
        Assert.Empty(await _app.SentAsync<OrderAccepted>());

        Task Refused(Acceptance acceptance, Ethereum.Wallets.LocalSigner key, int status, string code) => RefusedAsync(
            _app.PostAsync(Runner, "/nodes/acceptances", new AcceptanceRequest(acceptance, Cast.Sign(key, acceptance))), status, code);
    }

    [Fact]
    public async Task An_offer_that_is_refused_goes_to_somebody_else_and_one_that_lapses_too()
    {
        _order = Cast.Order(nonce: Interlocked.Increment(ref _nonce));
        foreach (var o in Cast.Operators.Take(3)) await _app.LeaseAsync(o, waitSeconds: 0);
        await _app.OrderAsync(_order);
        await _app.SettledAsync();
        var (first, item) = await FindOfferAsync();
        await RefusedAsync(_app.PostAsync(Cast.Operators[7], "/nodes/refusals", new RefusalRequest(item.Id, "no")), 404, "unknown_work");
        await RefusedAsync(_app.PostAsync(first, "/nodes/refusals", new RefusalRequest("a\0b", "no")), 404, "unknown_work");
        await AcceptedAsync(_app.PostAsync(first, "/nodes/refusals", new RefusalRequest(item.Id, "no room\0")));
        await AcceptedAsync(_app.PostAsync(first, "/nodes/refusals", new RefusalRequest(item.Id, "no room")));
        await _app.SettledAsync();

        var (second, _) = await FindOfferAsync();
        Assert.NotEqual(first, second);
        _app.Time.Advance(TimeSpan.FromSeconds(11));
        await _app.SettledAsync();
        await RefusedAsync(_app.PostAsync(second, "/nodes/acceptances", Acceptance(second)), 409, "not_asked");
        var (third, _) = await FindOfferAsync();
        Assert.DoesNotContain(third, new[] { first, second });
    }

    [Fact]
    public async Task An_acceptance_that_the_contract_would_refuse_goes_to_somebody_else()
    {
        _order = Cast.Order(nonce: Interlocked.Increment(ref _nonce));
        foreach (var o in Cast.Operators.Take(3)) await _app.LeaseAsync(o, waitSeconds: 0);
        await _app.OrderAsync(_order);
        await _app.SettledAsync();
        var (first, _) = await FindOfferAsync();
        await AcceptedAsync(_app.PostAsync(first, "/nodes/acceptances", Acceptance(first)));
        await _app.MessageAsync<OrderAccepted>();

        await _app.RefuseOpenAsync(new OpenRefused(Job, first.Address, Skip.Admission));
        await _app.SettledAsync();

        var (second, _) = await FindOfferAsync();
        Assert.NotEqual(first, second);
    }

    [Fact]
    public async Task Leased_work_is_leased_again_when_its_lease_runs_out()
    {
        await _app.OrderAsync(_order);
        await _app.TellAsync(Cast.Opened(_order, Runner));
        var item = await _app.WorkAsync(Runner, WorkKind.Execute);
        Assert.Empty(await _app.LeaseAsync(Runner, waitSeconds: 0));
        _app.Time.Advance(TimeSpan.FromSeconds(21));
        Assert.Equal(item.Id, Assert.Single(await _app.LeaseAsync(Runner, waitSeconds: 0)).Id);
    }

    [Fact]
    public async Task A_lease_takes_no_more_than_its_capacity()
    {
        for (var i = 0; i < 3; i++)
        {
            var order = Cast.Order(@operator: Runner.Address, nonce: Interlocked.Increment(ref _nonce));
            await _app.OrderAsync(order);
            await _app.TellAsync(Cast.Opened(order, Runner));
        }
        await _app.SettledAsync();
        Assert.Equal(2, (await _app.LeaseAsync(Runner, waitSeconds: 0, capacity: 2)).Count);
        Assert.Single(await _app.LeaseAsync(Runner, waitSeconds: 0, capacity: 2));
    }

    [Fact]
    public async Task A_result_is_taken_once_and_another_one_refused()
    {
        await OpenedAsync();
        await AcceptedAsync(_app.PostAsync(Runner, "/nodes/results", Result(Right)));
        await AcceptedAsync(_app.PostAsync(Runner, "/nodes/results", Result(Right)));
        await RefusedAsync(_app.PostAsync(Runner, "/nodes/results", Result(Other)), 409, "conflicting_result");
        Assert.Equal(Result(Right).Result, (await _app.MessageAsync<ResultSigned>()).Result);
    }

    [Fact]
    public async Task A_result_is_refused_unless_all_of_it_is_right()
    {
        await OpenedAsync();
        var good = Result(Right);
        await RefusedAsync(_app.PostAsync(Checker, "/nodes/results", good), 403, "wrong_operator");
        await RefusedAsync(_app.PostAsync(Runner, "/nodes/results", good with { Signature = Cast.Sign(Runner.Hot, good.Result) }), 422, "bad_document_signature");
        await RefusedAsync(_app.PostAsync(Runner, "/nodes/results", Signed(good.Result with { Job = Words.Of(5ul) })), 404, "unknown_job");
        await RefusedAsync(_app.PostAsync(Runner, "/nodes/results", Signed(good.Result with { Commitment = Bytes32.Zero })), 422, "bad_commitment");
        await RefusedAsync(_app.PostAsync(Runner, "/nodes/results", Signed(good.Result with { Manifest = Words.Of(5ul) })), 422, "bad_manifest");
        await RefusedAsync(_app.PostAsync(Runner, "/nodes/results", good with { Manifest = good.Manifest + " " }), 422, "bad_manifest");
        Assert.Empty(await _app.SentAsync<ResultSigned>());

        ResultRequest Signed(Result result) => new(result, Cast.Sign(Runner.Node, result), good.Manifest);
    }

    [Fact]
    public async Task A_result_for_a_job_that_is_not_open_is_refused()
    {
        await _app.SubmittedAsync(_order, Right);
        await _app.SettledAsync();
        await RefusedAsync(_app.PostAsync(Runner, "/nodes/results", Result(Other)), 409, "not_asked");
    }

    [Fact]
    public async Task An_opening_is_taken_only_when_it_is_asked_for_and_fits_the_chain_and_sent_on_when_its_content_is_there()
    {
        await _app.SubmittedAsync(_order, Right, ratePpm: 0, seed: false);
        await _app.SettledAsync();
        await RefusedAsync(_app.PostAsync(Runner, "/nodes/openings", new OpeningRequest(Job, Right.Opening)), 409, "not_asked");

        await _app.TellAsync(Cast.Seeds(2));
        await _app.WorkAsync(Runner, WorkKind.Reveal);
        await RefusedAsync(_app.PostAsync(Checker, "/nodes/openings", new OpeningRequest(Job, Right.Opening)), 403, "wrong_operator");
        await RefusedAsync(_app.PostAsync(Runner, "/nodes/openings", new OpeningRequest(Job, Right.Opening with { Units = 4 })), 422, "bad_opening");
        await RefusedAsync(_app.PostAsync(Runner, "/nodes/openings", new OpeningRequest(Job, Right.Opening with { Salt = Words.Of(1ul) })), 422, "bad_opening");
        await RefusedAsync(_app.PostAsync(Runner, "/nodes/openings", new OpeningRequest(Job, Right.Opening)), 409, "content_missing");
        await _app.SettledAsync();
        await RefusedAsync(_app.PostAsync(Runner, "/nodes/openings", new OpeningRequest(Job, Right.Opening)), 409, "content_missing");
        Assert.Empty(await _app.SentAsync<ResultOpened>());
        _app.Time.Advance(TimeSpan.FromSeconds(21));
        await _app.WorkAsync(Runner, WorkKind.Reveal);

        await _app.StoreAsync(Runner, Right.Outputs);
        await AcceptedAsync(_app.PostAsync(Runner, "/nodes/openings", new OpeningRequest(Job, Right.Opening)));
        await AcceptedAsync(_app.PostAsync(Runner, "/nodes/openings", new OpeningRequest(Job, Right.Opening)));
        Assert.Equal(Right.Opening, (await _app.MessageAsync<ResultOpened>()).Opening);
    }

    [Fact]
    public async Task A_checked_job_goes_from_seal_to_opening_to_agreement()
    {
        await SealedAsync(Same);
        await OpenAsync();
        var item = await _app.WorkAsync(Checker, WorkKind.Attest);
        Assert.Equal(new Claim(Right.Root, 3), item.Claim);
        await AcceptedAsync(_app.PostAsync(Checker, "/nodes/attestations", Attest(Same)));
        await AcceptedAsync(_app.PostAsync(Checker, "/nodes/attestations", Attest(Same)));
        Assert.Equal(Right.Opening, (await _app.MessageAsync<ResultOpened>()).Opening);
        Assert.Equal(Same.Value, (await _app.MessageAsync<CheckAgreed>()).Attestation.Value);
        Assert.Empty(await _app.SentAsync<AccusationSigned>());
    }

    [Fact]
    public async Task An_honest_operator_whose_content_the_store_lost_is_checked_by_its_value_and_not_accused()
    {
        await SealedAsync(Same);
        await _app.WorkAsync(Runner, WorkKind.Reveal);
        await RefusedAsync(_app.PostAsync(Runner, "/nodes/openings", new OpeningRequest(Job, Right.Opening)), 409, "content_missing");
        // One check window before the end of the long review, when what is closed would be accused.
        _app.Time.Advance(TimeSpan.FromSeconds(10 + 90));
        Assert.Equal(new Claim(Right.Root, 3), (await _app.WorkAsync(Checker, WorkKind.Attest)).Claim);
        await AcceptedAsync(_app.PostAsync(Checker, "/nodes/attestations", Attest(Same)));
        await _app.MessageAsync<CheckAgreed>();
        await _app.SettledAsync();
        Assert.Empty(await _app.SentAsync<AccusationSigned>());
        Assert.Empty(await _app.SentAsync<ResultOpened>());

        await _app.StoreAsync(Runner, Right.Outputs);
        Assert.Equal(Right.Opening, (await _app.MessageAsync<ResultOpened>()).Opening);
    }

    [Theory]
    [InlineData("no manifest", "the job manifest is not in the content store")]
    [InlineData("no policy", "the comparison policy is not in the content store")]
    [InlineData("malformed manifest", "the job manifest is not a canonical document of its kind")]
    [InlineData("malformed policy", "the comparison policy is not a canonical document of its kind")]
    [InlineData("huge policy", "the comparison policy is larger than 65536 bytes")]
    [InlineData("other kind", "the comparison policy is Exact, the order says Tolerance")]
    public async Task An_order_whose_documents_nobody_can_use_is_offered_to_nobody_and_its_client_told_why(string fault, string reason)
    {
        var (malformed, huge) = ("{}"u8.ToArray(), new byte[(64 << 10) + 1]);
        await _app.StoreAsync(Runner, malformed);
        await _app.StoreAsync(Runner, huge);
        var order = fault switch
        {
            "no manifest" => _order with { Workload = Words.Of(1ul) },
            "no policy" => _order with { Policy = Words.Of(1ul) },
            "malformed manifest" => _order with { Workload = BlobAddress.Of(malformed) },
            "malformed policy" => _order with { Policy = BlobAddress.Of(malformed) },
            "huge policy" => _order with { Policy = BlobAddress.Of(huge) },
            _ => _order with { Comparison = Comparison.Tolerance },
        };
        await _app.OrderAsync(order);
        Assert.Equal(new OrderUnplaced(Cast.JobOf(order), reason), await _app.MessageAsync<OrderUnplaced>());
        Assert.Empty(await _app.LeaseAsync(Runner, waitSeconds: 0));
    }

    [Fact]
    public async Task A_check_that_was_refused_is_asked_for_again_so_that_a_gap_of_the_store_makes_nobody_silent()
    {
        await _app.SubmittedAsync(_order, Right);
        var item = await _app.WorkAsync(Checker, WorkKind.Recompute);
        await AcceptedAsync(_app.PostAsync(Checker, "/nodes/refusals", new RefusalRequest(item.Id, "content_unavailable: not in the store")));
        await _app.SettledAsync();
        Assert.Empty(await _app.LeaseAsync(Checker, waitSeconds: 0));

        _app.Time.Advance(TimeSpan.FromSeconds(21));
        Assert.Equal(item.Id, (await _app.WorkAsync(Checker, WorkKind.Recompute)).Id);
        await AcceptedAsync(_app.PostAsync(Checker, "/nodes/seals", Seal(Same, Checker)));
    }

    [Fact]
    public async Task A_differing_re_executor_accuses()
    {
        await SealedAsync(Other);
        await OpenAsync();
        await _app.WorkAsync(Checker, WorkKind.Attest);
        await AcceptedAsync(_app.PostAsync(Checker, "/nodes/attestations", Attest(Other)));
        Assert.Equal(Other.Value, (await _app.MessageAsync<AccusationSigned>()).Attestation.Value);
        Assert.Empty(await _app.SentAsync<ResultOpened>());
    }

    [Fact]
    public async Task A_seal_is_taken_once_from_the_drawn_re_executor_only()
    {
        await _app.SubmittedAsync(_order, Right);
        await _app.WorkAsync(Checker, WorkKind.Recompute);
        var stranger = Cast.Operators.First(o => o != Checker && o != Runner);
        await RefusedAsync(_app.PostAsync(stranger, "/nodes/seals", Seal(Same, stranger)), 409, "not_asked");
        await RefusedAsync(_app.PostAsync(Checker, "/nodes/seals", Seal(Same, stranger)), 422, "bad_document_signature");
        var elsewhere = Same.Seal(Job, 0, 1);
        await RefusedAsync(_app.PostAsync(Checker, "/nodes/seals", new SealRequest(elsewhere, Cast.Sign(Checker.Hot, elsewhere))), 409, "not_asked");

        await AcceptedAsync(_app.PostAsync(Checker, "/nodes/seals", Seal(Same, Checker)));
        await AcceptedAsync(_app.PostAsync(Checker, "/nodes/seals", Seal(Same, Checker)));
        await RefusedAsync(_app.PostAsync(Checker, "/nodes/seals", Seal(Other, Checker)), 409, "sealed_otherwise");
    }

    [Fact]
    public async Task A_re_executor_that_sealed_one_value_cannot_attest_another()
    {
        await SealedAsync(Other);
        await OpenAsync();
        await _app.WorkAsync(Checker, WorkKind.Attest);
        // What a lazy re-executor would do: seal anything, then copy the claim.
        var copied = Right with { Salt = Other.Salt };
        await RefusedAsync(_app.PostAsync(Checker, "/nodes/attestations", Attest(copied)), 422, "seal_broken");
        await RefusedAsync(_app.PostAsync(Checker, "/nodes/attestations", Attest(Other) with { Units = 9 }), 422, "bad_value");
        await RefusedAsync(_app.PostAsync(Checker, "/nodes/attestations", Attest(Other, Finding.Match)), 422, "bad_finding");
        var salted = Attest(Other).Attestation with { Salt = Other.Salt };
        await RefusedAsync(
            _app.PostAsync(Checker, "/nodes/attestations", Attest(Other) with { Attestation = salted, Signature = Cast.Sign(Checker.Hot, salted) }), 422, "bad_salt");
        await RefusedAsync(_app.PostAsync(Checker, "/nodes/attestations", Attest(Other) with { Signature = Cast.Sign(Runner.Hot, Attest(Other).Attestation) }), 422, "bad_document_signature");

        await AcceptedAsync(_app.PostAsync(Checker, "/nodes/attestations", Attest(Other)));
        await RefusedAsync(_app.PostAsync(Checker, "/nodes/attestations", Attest(Same)), 409, "attested_otherwise");
    }

    [Fact]
    public async Task A_reorg_that_removes_the_result_makes_the_job_open_again_and_the_check_follows_the_new_one()
    {
        await OpenedAsync(ratePpm: 0);
        await AcceptedAsync(_app.PostAsync(Runner, "/nodes/results", Result(Right)));
        await _app.MessageAsync<ResultSigned>();
        await _app.TellAsync(Cast.Submitted(Job, Runner, Right.Commitment));
        await _app.TellAsync(Cast.Seeds(2));
        await _app.WorkAsync(Runner, WorkKind.Reveal);

        await _app.OrphanAsync(Cast.BlockHash(12));
        await _app.SettledAsync();
        await RefusedAsync(_app.PostAsync(Runner, "/nodes/openings", new OpeningRequest(Job, Right.Opening)), 409, "not_asked");

        // Nothing of the opening is kept either: the new one is sampled at another rate.
        await _app.OrphanAsync(Cast.BlockHash(5));
        await _app.TellAsync(Cast.Opened(_order, Runner, branch: 1), Cast.Submitted(Job, Runner, Right.Commitment, block: 13, branch: 1));
        var seal = Same.Seal(Job, 0, 0);
        await _app.WorkAsync(Checker, WorkKind.Recompute);
        await AcceptedAsync(_app.PostAsync(Checker, "/nodes/seals", new SealRequest(seal, Cast.Sign(Checker.Hot, seal))));
        await OpenAsync();
        await _app.WorkAsync(Checker, WorkKind.Attest);
        await AcceptedAsync(_app.PostAsync(Checker, "/nodes/attestations", Attest(Same)));
        await _app.MessageAsync<CheckAgreed>();
    }

    [Fact]
    public async Task Messages_may_come_twice_and_in_any_order()
    {
        var order = new OrderReceived(Job, _order, Cast.Sign(Cast.Client, _order));
        var events = new List<IChainEvent> { Cast.Opened(_order, Runner), Cast.Submitted(Job, Runner, Right.Commitment) };
        events.AddRange(Cast.Seeds(2));
        events.Reverse();
        foreach (var e in events.Concat(events))
            await _app.Bus.Publish((object)e, e.GetType(), context => context.MessageId = Hosting.Messaging.MessageIds.From(e.At.Sequence));
        for (var i = 0; i < 2; i++)
            await _app.Bus.Publish(order, context => context.MessageId = Hosting.Messaging.MessageIds.From("order"));

        await _app.WorkAsync(Checker, WorkKind.Recompute);
        await AcceptedAsync(_app.PostAsync(Checker, "/nodes/seals", Seal(Same, Checker)));
        await OpenAsync();
        await _app.WorkAsync(Checker, WorkKind.Attest);
    }

    [Fact]
    public async Task An_order_whose_digest_is_not_its_job_leaves_nothing()
    {
        var other = Cast.Order(nonce: 9_999);
        await _app.Bus.Publish(new OrderReceived(Job, other, []));
        await _app.Bus.Publish(new OrderReceived(Cast.JobOf(other), other, Cast.Sign(Cast.Client, other)));
        await UntilAsync(async () => await OrdersAsync() > 0, "the second order");
        Assert.Equal(1, await OrdersAsync());

        async Task<int> OrdersAsync()
        {
            await using var connection = await _app.Database.OpenAsync();
            return await connection.ExecuteScalarAsync<int>("select count(*) from jobs");
        }
    }

    [Fact]
    public async Task A_restart_in_the_middle_of_a_check_continues_where_it_was()
    {
        await SealedAsync(Same);
        var blobs = Directory.CreateTempSubdirectory("verifier-kept-");
        await using var second = await VerifierApp.StartAsync(_database, Cast, _app.Time, blobs.FullName);
        // Two instances beside each other do no more than one.
        await second.StoreAsync(Runner, Right.Outputs);
        await second.WorkAsync(Runner, WorkKind.Reveal);
        await AcceptedAsync(second.PostAsync(Runner, "/nodes/openings", new OpeningRequest(Job, Right.Opening)));
        await second.WorkAsync(Checker, WorkKind.Attest);
        await AcceptedAsync(second.PostAsync(Checker, "/nodes/attestations", Attest(Same)));
        await second.MessageAsync<CheckAgreed>();
        await second.MessageAsync<ResultOpened>();
        blobs.Delete(recursive: true);
    }

    private AcceptanceRequest Acceptance(Actor? by = null)
    {
        by ??= Runner;
        var acceptance = new Acceptance(Job, by.Address, by.Node.Address, Cast.Start + 120);
        return new(acceptance, Cast.Sign(by.Hot, acceptance));
    }

    private ResultRequest Result(Work work)
    {
        var result = new Result(Job, work.Commitment, Work.ManifestDigest);
        return new(result, Cast.Sign(Runner.Node, result), System.Text.Encoding.UTF8.GetString(Work.Manifest));
    }

    private SealRequest Seal(Work work, Actor signedBy)
    {
        var seal = work.Seal(Job, 0, 0);
        return new(seal, Cast.Sign(signedBy.Hot, seal));
    }

    private AttestationRequest Attest(Work work, Finding finding = Finding.Value)
    {
        var attestation = work.Attest(Job, 0, 0, finding);
        return new(attestation, Cast.Sign(Checker.Hot, attestation), work.Root, work.Units, work.Salt);
    }

    private async Task OpenedAsync(uint ratePpm = 1_000_000)
    {
        await _app.OrderAsync(_order);
        await _app.TellAsync(Cast.Opened(_order, Runner, ratePpm));
        await _app.WorkAsync(Runner, WorkKind.Execute);
    }

    private async Task SealedAsync(Work work)
    {
        await _app.SubmittedAsync(_order, Right);
        await _app.WorkAsync(Checker, WorkKind.Recompute);
        await AcceptedAsync(_app.PostAsync(Checker, "/nodes/seals", Seal(work, Checker)));
    }

    private async Task OpenAsync()
    {
        await _app.StoreAsync(Runner, Right.Outputs);
        await _app.WorkAsync(Runner, WorkKind.Reveal);
        await AcceptedAsync(_app.PostAsync(Runner, "/nodes/openings", new OpeningRequest(Job, Right.Opening)));
    }

    private async Task<(Actor Actor, WorkItem Item)> FindOfferAsync()
    {
        foreach (var actor in Cast.Operators)
            if ((await _app.LeaseAsync(actor, waitSeconds: 0)).SingleOrDefault(w => w.Kind == WorkKind.Offer) is { } item)
                return (actor, item);
        throw new InvalidOperationException("The order is offered to nobody.");
    }
}
