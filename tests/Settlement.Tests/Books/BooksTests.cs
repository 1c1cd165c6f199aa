using System.Net;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Assay.Settlement.Books;
using Assay.Settlement.Tests.World;
using Assay.Testing;

namespace Assay.Settlement.Tests.Books;

public sealed class BooksTests(PostgresFixture postgres, ChainFixture chain) : IClassFixture<PostgresFixture>, IClassFixture<ChainFixture>, IAsyncLifetime
{
    private SettlementWorld world = null!;

    public async Task InitializeAsync() => world = await SettlementWorld.CreateAsync(postgres, chain, w =>
    {
        w.Settings["Books:PatienceSeconds"] = "1";
        w.Settings["Books:CheckSeconds"] = "1";
    });

    public async Task DisposeAsync() => await world.DisposeAsync();

    [Fact]
    public async Task A_difference_with_the_contract_stops_payouts_until_it_is_gone()
    {
        await world.UntilAsync(async () => (await world.ReconcileAsync()) is { Books: > 0, Differences.Count: 0 }, "a first comparison");
        await world.QueryAsync<int>("update ledger set amount = amount + 7 where reason = 'Deposit' and account = (select account from ledger where reason = 'Deposit' order by account limit 1)");
        await world.UntilAsync(async () => !(await world.ReconcileAsync()).IsGood, "the difference to count");
        var difference = Assert.Single((await world.ReconcileAsync()).Differences);
        Assert.Equal((Book.Available, (Amount)7), (difference.Book, difference.Ours - difference.Contracts));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await world.Http.GetAsync("/health")).StatusCode);

        var job = await world.PlaceAsync(world.Order() with { RunWindow = 5 });
        await world.AcceptAsync(job);
        await world.UntilStateAsync(job, "Open");
        await world.UntilAsync(async () => (await world.QueryAsync<int>("select 1 from actions where transition = 'Expire' and state = 'Planned'")).Count == 1, "the refund to be due");
        await world.Chain.MineAsync(5);
        await world.ReadAsync();
        Assert.Empty(await world.QueryAsync<int>("select 1 from actions where transition = 'Expire' and state <> 'Planned'"));

        await world.QueryAsync<int>("update ledger set amount = amount - 7 where reason = 'Deposit' and account = (select account from ledger where reason = 'Deposit' order by account limit 1)");
        await world.UntilClosedAsync(job);
        Assert.Equal(HttpStatusCode.OK, (await world.Http.GetAsync("/health")).StatusCode);
    }

    [Fact]
    public async Task What_a_job_in_flight_reserves_is_held_against_the_contract_job_by_job()
    {
        var job = await world.PlaceAsync(world.Order());
        await world.AcceptAsync(job);
        await world.UntilStateAsync(job, "Open");
        var client = world.Escrow.Client(0).Address;
        Assert.Equal((10_000 - 1205, 1205), await BalancesAsync());
        await world.UntilAsync(async () => (await world.ReconcileAsync()) is { Differences.Count: 0 } report && report.Books == await CountAsync(), "a comparison with the job in it");

        // Not what the contract has the digest of, so the contract holds nothing for it.
        await world.QueryAsync<int>("update feed set body = jsonb_set(body, '{fee}', '\"212\"') where name = 'JobOpened'");
        await world.UntilAsync(async () => !(await world.ReconcileAsync()).IsGood, "the difference to count");
        Assert.Equal([new Difference(client, Book.Reserved, 1212, 0)], (await world.ReconcileAsync()).Differences);

        await world.QueryAsync<int>("update feed set body = jsonb_set(body, '{fee}', '\"205\"') where name = 'JobOpened'");
        await world.UntilAsync(async () => (await world.ReconcileAsync()) is { IsGood: true, Differences.Count: 0 }, "the books to agree again");

        async Task<(Amount, Amount)> BalancesAsync()
        {
            var balances = (await world.AccountAsync(client)).Balances;
            return (balances[Book.Available], balances[Book.Reserved]);
        }

        // Four books for each account that has moved money, two pools, and the client's reserve.
        async Task<int> CountAsync() => 4 * (int)(await world.QueryAsync<long>("select count(distinct account) from ledger"))[0] + 3;
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Messages_twice_and_in_any_order_give_the_same_books(int seed)
    {
        var job = await world.RunHonestJobAsync();
        await world.UntilStateAsync(job, "Released");
        await world.Chain.ReorgAsync(3);
        await world.UntilClosedAsync(job);
        var expected = await BooksAsync(world);

        await using var other = await SettlementWorld.CreateAsync(postgres, chain);
        var own = other.Reader.Said.Count(s => s.Message is LedgerMoved);
        await other.UntilAsync(async () => (await other.QueryAsync<long>("select count(*) from ledger"))[0] == own, "its own events to have come", mining: false, reading: false);
        // One lock at a time: the service goes on meanwhile, and two at once could wait for each other.
        foreach (var table in new[] { "feed", "feed_orphans", "ledger", "jobs", "inbox" }) await other.QueryAsync<int>($"truncate {table}");
        var random = new Random(seed);
        var said = world.Reader.Said.Concat(world.Reader.Said).ToArray();
        random.Shuffle(said);
        await Task.WhenAll(said.Select(s => other.PublishSaidAsync(s.Message, s.Id)));
        await other.UntilAsync(async () => (await BooksAsync(other)).SequenceEqual(expected), "the same books", mining: false, reading: false);
        var state = (await world.StatusAsync(job)).State;
        await other.UntilAsync(async () => (await other.QueryAsync<int>("select 1 from jobs")).Count > 0 && (await other.StatusAsync(job)).State == state, "the same state", mining: false, reading: false);
    }

    private static Task<IReadOnlyList<string>> BooksAsync(SettlementWorld world) => world.QueryAsync<string>(
        "select concat_ws(' ', encode(account, 'hex'), book, sum(amount)) from live_ledger group by account, book order by 1");
}
