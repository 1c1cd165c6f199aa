using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Assay.Settlement.Tests.World;
using Assay.Testing;

namespace Assay.Settlement.Tests.Payouts;

public sealed class JobLifeTests(PostgresFixture postgres, ChainFixture chain) : IClassFixture<PostgresFixture>, IClassFixture<ChainFixture>, IAsyncLifetime
{
    private SettlementWorld world = null!;

    public async Task InitializeAsync() => world = await SettlementWorld.CreateAsync(postgres, chain);

    public async Task DisposeAsync() => await world.DisposeAsync();

    [Fact]
    public async Task An_honest_job_is_released_with_its_check_and_closed_at_finality()
    {
        var job = await world.RunHonestJobAsync();
        await world.UntilStateAsync(job, "Released");
        Assert.False((await world.StatusAsync(job)).Closed);
        await world.UntilClosedAsync(job);

        var status = await world.StatusAsync(job);
        var opening = SettlementWorld.OpeningOf(job);
        Assert.Equal((Outcome.Checked, "Checked", (Amount?)500, opening.OutputsRoot), (status.Outcome, status.Reason, status.Price, status.OutputsRoot!.Value));
        Assert.Equal(["JobOpened", "ResultSubmitted", "RewardReleased"], status.Transactions.Select(t => t.Event));
        Assert.All(status.Transactions, t => Assert.True(t.IsFinal));
        Assert.Empty(status.Refused);
        // 500 for the work, 200 for the check, 5 for the keeper.
        Assert.Equal(10_000 - 705, (await world.AccountAsync(world.Escrow.Client(0).Address)).Balances[Book.Available]);
        await world.BooksAgreeAsync();
    }

    [Fact]
    public async Task A_job_with_a_witness_is_submitted_with_the_witness_word_and_not_without()
    {
        var witness = world.Escrow.Client(1);
        var job = await world.PlaceAsync(world.Order() with { Witness = witness.Address });
        await world.AcceptAsync(job);
        await world.UntilStateAsync(job, "Open");
        var opening = SettlementWorld.OpeningOf(job);
        await world.SubmitAsync(job, opening);
        await world.UntilAsync(async () => (await world.StatusAsync(job)).Refused.Any(r => r.Code == "BadWitness"), "the refusal");
        Assert.Equal("Open", (await world.StatusAsync(job)).State);
        await world.SubmitAsync(job, opening, witness: witness);
        await world.UntilStateAsync(job, "Submitted");
    }

    [Fact]
    public async Task A_wrong_result_is_accused_judged_and_slashed()
    {
        var job = await world.PlaceAsync(world.Order());
        await world.AcceptAsync(job);
        await world.UntilStateAsync(job, "Open");
        var wrong = SettlementWorld.OpeningOf(job);
        await world.SubmitAsync(job, wrong);
        await world.UntilStateAsync(job, "Submitted");
        var right = Values.Value(Words.Of(0x7f), 5);
        await world.CheckAsync(job, right, agrees: false);
        await world.UntilStateAsync(job, "Accused");
        await world.PublishAsync(new ResultOpened(job, wrong));

        await world.UntilAsync(() => Task.FromResult(world.Reader.Said.Any(s => s.Message is SeatsDrawn)), "seats");
        var seats = world.Reader.Said.Select(s => s.Message).OfType<SeatsDrawn>().Single().Seats.Select(world.Escrow.OperatorAt).ToList();
        for (byte i = 0; i < 3; i++)
        {
            var seal = new SeatCommitment(job, 1, i, Values.Seal(job, 1, i, Words.Of(i), right));
            await world.PublishAsync(new SeatCommitmentSigned(job, seal, await world.Escrow.Domain.SignAsync(seats[i], seal)));
        }
        await world.UntilAsync(() => Task.FromResult(world.Reader.Said.Any(s => s.Message is ClaimOpened)), "the claim");
        var attestations = Enumerable.Range(0, 3).Select(i => new Attestation(job, 1, (byte)i, Finding.Value, right, Words.Of((ulong)i))).ToList();
        var signatures = await Task.WhenAll(attestations.Select((a, i) => world.Escrow.Domain.SignAsync(seats[i], a).AsTask()));
        await world.PublishAsync(new CertificateSigned(job, attestations, signatures, Words.Of(0xe1)));

        await world.UntilClosedAsync(job);
        var status = await world.StatusAsync(job);
        Assert.Equal(("Slashed", Outcome.WrongResult), (status.State, status.Outcome));
        Assert.Contains("StakeSlashed", status.Transactions.Select(t => t.Event));
        // Everything back, and compensation of the price.
        Assert.Equal(11_000, (await world.AccountAsync(world.Escrow.Client(0).Address)).Balances[Book.Available]);
        await world.BooksAgreeAsync();
    }

    [Fact]
    public async Task A_job_without_result_is_refunded_as_a_no_show()
    {
        var job = await world.PlaceAsync(world.Order() with { RunWindow = 5 });
        await world.AcceptAsync(job);
        await world.UntilClosedAsync(job);
        Assert.Equal(("Refunded", Outcome.NoShow), ((await world.StatusAsync(job)).State, (await world.StatusAsync(job)).Outcome));
        await world.BooksAgreeAsync();
    }

    [Fact]
    public async Task A_result_that_is_never_opened_is_refunded_as_unavailable()
    {
        var job = await world.PlaceAsync(world.Order());
        await world.AcceptAsync(job);
        await world.UntilStateAsync(job, "Open");
        await world.SubmitAsync(job, SettlementWorld.OpeningOf(job));
        await world.UntilStateAsync(job, "Submitted");
        await world.UntilAsync(() => Task.FromResult(IsSeeded(job)), "the deciding seed, which starts the windows when it is late");
        await world.Chain.IncreaseTimeAsync(TimeSpan.FromSeconds(Escrow.Terms.LongReview + Escrow.Terms.OpenWindow));
        await world.UntilClosedAsync(job);
        Assert.Equal(Outcome.Unavailable, (await world.StatusAsync(job)).Outcome);
        await world.BooksAgreeAsync();
    }

    private bool IsSeeded(Bytes32 job)
    {
        var said = world.Reader.Said.Select(s => s.Message).ToList();
        return said.OfType<ResultSubmitted>().LastOrDefault(r => r.Job == job) is { } submitted
            && said.OfType<SeedRecorded>().Any(s => s.Epoch == Sampling.DecidingEpoch(submitted.Epoch));
    }

    [Fact]
    public async Task A_refused_acceptance_is_reported_and_another_operators_is_used()
    {
        var job = await world.PlaceAsync(world.Order());
        var stranger = world.Escrow.Client(1);
        var acceptance = new Acceptance(job, stranger.Address, stranger.Address, 1UL << 40);
        await world.PublishAsync(new OrderAccepted(job, acceptance, await world.Escrow.Domain.SignAsync(stranger, acceptance)));
        await world.UntilAsync(() => Task.FromResult(world.Heard<OpenRefused>().Count > 0), "the refusal");
        Assert.Equal(new OpenRefused(job, stranger.Address, Skip.NotEligible), Assert.Single(world.Heard<OpenRefused>()));
        Assert.Equal("Pending", (await world.StatusAsync(job)).State);
        await world.AcceptAsync(job, by: 3);
        await world.UntilStateAsync(job, "Open");
    }

    [Fact]
    public async Task An_order_that_expires_unopened_is_rejected_and_its_money_is_free_again()
    {
        var now = (ulong)await world.Chain.TimeAsync();
        var job = await world.PlaceAsync(world.Order() with { Expiry = now + 5 });
        Assert.Equal(10_000 - 1205, (await world.AccountAsync(world.Escrow.Client(0).Address)).Spendable);
        await world.UntilStateAsync(job, "Rejected");
        Assert.Equal("expired", (await world.StatusAsync(job)).Reason);
        Assert.Equal(10_000, (await world.AccountAsync(world.Escrow.Client(0).Address)).Spendable);
    }

    [Fact]
    public async Task One_bad_item_of_a_batch_costs_the_others_nothing()
    {
        await world.StopAsync();
        world.Settings["Relayer:LingerMilliseconds"] = "2000";
        await world.StartAsync();
        var client = world.Escrow.Client(0);
        var jobs = new[] { await world.PlaceAsync(world.Order(nonce: 1)), await world.PlaceAsync(world.Order(nonce: 2)) };
        // Each alone could still be opened, both together not.
        await world.Escrow.From(client).SendAsync("withdraw", 10_000 - 1205 - 100);
        foreach (var job in jobs) await world.AcceptAsync(job);
        await world.UntilAsync(async () => (await Task.WhenAll(jobs.Select(world.StatusAsync))).Any(s => s.State == "Open"), "one of them to open");
        await world.UntilAsync(async () => (await Task.WhenAll(jobs.Select(world.StatusAsync))).Any(s => s.Refused.Any(r => r.Code == "InsufficientFunds")), "the other's refusal");
        var skipped = Assert.Single(world.Reader.Said.Select(s => s.Message).OfType<ItemSkipped>());
        Assert.Equal((ItemAction.Open, Skip.InsufficientFunds), (skipped.Action, skipped.Code));
        await world.BooksAgreeAsync();
    }

    [Fact]
    public async Task A_job_that_came_to_the_chain_without_us_is_brought_to_its_end()
    {
        var order = world.Order() with { RunWindow = 5 };
        var request = await world.SignAsync(order);
        var job = world.Escrow.Domain.Digest(order);
        var acceptance = new Acceptance(job, world.Escrow.Operator(0).Address, world.Escrow.Operator(0).Address, 1UL << 40);
        await world.Escrow.From(world.Escrow.Client(1)).SendAsync("open", new[]
        {
            OpenItem.Of(order, request.Signature, acceptance, await world.Escrow.Domain.SignAsync(world.Escrow.Operator(0), acceptance)),
        }.ToList());
        await world.UntilAsync(async () => (await world.QueryAsync<string>("select outcome from jobs where closed_at is not null")).Contains("NoShow"), "its refund");
        await world.BooksAgreeAsync();
    }
}
