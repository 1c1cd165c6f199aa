using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Assay.Settlement.Orders;
using Assay.Settlement.Payouts;
using Assay.Settlement.Tests.World;
using Assay.Testing;

namespace Assay.Settlement.Tests.Submission;

public sealed class RecoveryTests(PostgresFixture postgres, ChainFixture chain) : IClassFixture<PostgresFixture>, IClassFixture<ChainFixture>, IAsyncLifetime
{
    private const string Send = "eth_sendRawTransaction";
    private SettlementWorld world = null!;

    public async Task InitializeAsync() => world = await SettlementWorld.CreateAsync(postgres, chain);

    public async Task DisposeAsync() => await world.DisposeAsync();

    /// <summary>Nonces without gap, every one settled with success, each action done by exactly one of them.</summary>
    private async Task NothingIsLostOrDoubledAsync()
    {
        await world.UntilAsync(async () => (await world.QueryAsync<int>("select 1 from transactions where state = 'Pending'")).Count == 0, "every transaction to settle");
        var nonces = await world.QueryAsync<long>("select nonce from transactions order by nonce");
        Assert.Equal(Enumerable.Range(0, nonces.Count).Select(i => nonces[0] + i), nonces);
        Assert.Equal(["Succeeded"], await world.QueryAsync<string>("select distinct state from transactions"));
        Assert.Empty(await world.QueryAsync<string>(
            "select encode(subject, 'hex') from actions where state = 'Done' group by subject, transition, slot having count(*) > 1"));
        await world.UntilAsync(async () => (await world.ReconcileAsync()).Differences.Count == 0, "the books to agree");
    }

    [Fact]
    public async Task A_kill_between_the_row_and_the_broadcast_sends_the_same_bytes_after_the_restart()
    {
        world.Node.Before = method => method == Send;
        var job = await world.PlaceAsync(world.Order());
        await world.AcceptAsync(job);
        await world.UntilAsync(async () => (await world.QueryAsync<int>("select 1 from attempts where sent_at is null")).Count == 1 && world.Node.Calls.ContainsKey(Send), "the row");
        var hash = Assert.Single(await world.QueryAsync<byte[]>("select hash from attempts"));
        await world.StopAsync();
        Assert.Empty(world.Reader.Said.Select(s => s.Message).OfType<JobOpened>());

        world.Node.Before = _ => false;
        await world.StartAsync();
        await world.UntilStateAsync(job, "Open");
        Assert.Equal(hash, Assert.Single(world.Reader.Said.Select(s => s.Message).OfType<JobOpened>()).At.TransactionHash.ToArray());
        await NothingIsLostOrDoubledAsync();
    }

    [Fact]
    public async Task A_kill_between_the_broadcast_and_its_mark_opens_the_job_once()
    {
        world.Node.After = method => method == Send;
        var job = await world.PlaceAsync(world.Order());
        await world.AcceptAsync(job);
        await world.UntilAsync(() => Task.FromResult(world.Node.Calls.ContainsKey(Send)), "the broadcast", mining: false);
        await world.StopAsync();
        Assert.Equal(0, Assert.Single(await world.QueryAsync<int>("select count(sent_at)::int from attempts")));

        world.Node.After = _ => false;
        await world.StartAsync();
        await world.UntilStateAsync(job, "Open");
        await NothingIsLostOrDoubledAsync();
        Assert.Single(world.Reader.Said.Select(s => s.Message).OfType<JobOpened>());
    }

    [Fact]
    public async Task A_transaction_that_the_pool_dropped_is_sent_again()
    {
        await world.Chain.AutomineAsync(false);
        var jobs = new[] { await world.PlaceAsync(world.Order(nonce: 1)), await world.PlaceAsync(world.Order(nonce: 2)) };
        foreach (var job in jobs)
        {
            await world.AcceptAsync(job);
            await world.UntilAsync(async () => (await world.QueryAsync<int>("select 1 from attempts where sent_at is not null")).Count == (job == jobs[0] ? 1 : 2), "the broadcast", mining: false);
        }
        // The lower nonce is lost, so that the higher one cannot be mined: a gap.
        var first = Assert.Single(await world.QueryAsync<byte[]>("select hash from attempts a join transactions t on t.id = a.transaction_id order by nonce limit 1"));
        await world.Chain.RpcAsync("anvil_dropTransaction", Ethereum.Primitives.Hex.Encode(first));
        foreach (var job in jobs) await world.UntilStateAsync(job, "Open");
        await NothingIsLostOrDoubledAsync();
    }

    [Fact]
    public async Task A_stuck_transaction_is_replaced_at_the_same_nonce()
    {
        await world.StopAsync();
        world.Settings["Relayer:ReplaceSeconds"] = "1";
        await world.StartAsync();
        await world.Chain.AutomineAsync(false);
        var job = await world.PlaceAsync(world.Order());
        await world.AcceptAsync(job);
        await world.UntilAsync(async () => (await world.QueryAsync<int>("select number from attempts")).Contains(1), "a replacement", mining: false);
        var fees = (await world.QueryAsync<decimal>("select max_fee from attempts order by number")).ToList();
        Assert.True(fees[1] >= fees[0] * 1.1m);
        await world.UntilStateAsync(job, "Open");
        await NothingIsLostOrDoubledAsync();
        Assert.Single(await world.QueryAsync<long>("select nonce from transactions"));
    }

    [Fact]
    public async Task A_transaction_that_no_node_takes_gives_its_nonce_up_and_its_steps_another()
    {
        var refusals = 0;
        world.Node.Refuse = method => method == Send && refusals++ == 0 ? "exceeds block gas limit" : null;
        var job = await world.PlaceAsync(world.Order());
        await world.AcceptAsync(job);
        await world.UntilStateAsync(job, "Open");
        await world.UntilAsync(async () => (await world.QueryAsync<int>("select 1 from transactions where state = 'Pending'")).Count == 0, "every transaction to settle");
        Assert.Equal(["Cancelled", "Succeeded"], await world.QueryAsync<string>("select state from transactions order by nonce"));
        Assert.Equal(["Void", "Done"], await world.QueryAsync<string>("select state from actions order by revision"));
    }

    [Fact]
    public async Task A_key_that_somebody_else_uses_too_stops_until_a_person_looks()
    {
        await world.AcceptAsync(await world.PlaceAsync(world.Order(nonce: 1)));
        await world.UntilAsync(async () => (await world.QueryAsync<int>("select 1 from transactions where state = 'Succeeded'")).Count == 1, "a first transaction");
        using var elsewhere = new Ethereum.Web3(world.Chain.RpcUrl.ToString(), world.Escrow.Relayer);
        await elsewhere.Sender!.SendAndWaitAsync(world.Escrow.Relayer.Address, []);
        var job = await world.PlaceAsync(world.Order(nonce: 2));
        await world.AcceptAsync(job);
        await world.UntilAsync(async () => (await (await world.Http.GetAsync("/health")).Content.ReadAsStringAsync()).Contains("another sender uses the key"), "the alarm");
        Assert.Equal("Pending", (await world.StatusAsync(job)).State);
        Assert.Single(await world.QueryAsync<long>("select nonce from transactions"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public async Task A_reorg_that_removes_a_release_ends_with_the_same_balances(int deeper)
    {
        await world.DisposeAsync();
        world = await SettlementWorld.CreateAsync(postgres, chain, w => w.Settings["Chain:Confirmations"] = "16");
        var job = await world.RunHonestJobAsync();
        await world.UntilStateAsync(job, "Released");
        var before = (await world.AccountAsync(world.Escrow.Client(0).Address)).Balances;
        var release = world.Reader.Said.Select(s => s.Message).OfType<RewardReleased>().Single();
        await world.Chain.ReorgAsync((int)(await world.Chain.BlockNumberAsync() - (long)release.At.BlockNumber) + 1 + deeper);
        await world.ReadAsync();
        await world.UntilAsync(async () => (await world.StatusAsync(job)).State != "Released", "the release to be gone", mining: false);

        await world.UntilClosedAsync(job);
        Assert.Equal(before, (await world.AccountAsync(world.Escrow.Client(0).Address)).Balances);
        Assert.Equal(Outcome.Checked, (await world.StatusAsync(job)).Outcome);
        Assert.NotEqual(release.At.BlockHash, world.Reader.Said.Select(s => s.Message).OfType<RewardReleased>().Last().At.BlockHash);
        await NothingIsLostOrDoubledAsync();
    }

    [Fact]
    public async Task A_record_of_a_fork_is_refused_and_the_step_is_done_with_the_right_one_once_it_is_read()
    {
        var job = await world.PlaceAsync(world.Order());
        await world.AcceptAsync(job);
        await world.UntilAsync(async () => (await world.StatusAsync(job)).State == "Open", "the opening", mining: false);
        // The opening comes back at another time, which the service has not read yet.
        var openedAt = await world.Chain.TimeAsync();
        await world.Chain.ReorgAsync(1);
        await world.Chain.MineAtAsync(openedAt + 1);
        await world.UntilAsync(async () => (await world.Escrow.Contract.CallAsync<JobStanding>("stateOf", job)).State == JobState.Open, "the opening again", reading: false);
        var opening = SettlementWorld.OpeningOf(job);
        await world.SubmitAsync(job, opening);
        await world.UntilAsync(
            async () => (await world.StatusAsync(job)).Refused.Contains(new RefusedStep(Transition.Submit, nameof(Skip.WrongRecord))), "the refusal", mining: false, reading: false);
        Assert.Equal("Open", (await world.StatusAsync(job)).State);

        await world.UntilStateAsync(job, "Submitted");
        await world.CheckAsync(job, Values.Value(opening.OutputsRoot, opening.Units), agrees: true);
        await world.PublishAsync(new ResultOpened(job, opening));
        await world.UntilClosedAsync(job);
        Assert.Equal(Outcome.Checked, (await world.StatusAsync(job)).Outcome);
        await NothingIsLostOrDoubledAsync();
    }

    [Fact]
    public async Task A_node_that_fails_half_of_its_calls_delays_and_loses_nothing()
    {
        var random = new Random(20260721);
        world.Node.Before = _ => random.NextDouble() < 0.25;
        world.Node.After = _ => random.NextDouble() < 0.25;
        var job = await world.RunHonestJobAsync();
        await world.UntilClosedAsync(job);
        world.Node.Before = world.Node.After = _ => false;
        await NothingIsLostOrDoubledAsync();
    }
}
