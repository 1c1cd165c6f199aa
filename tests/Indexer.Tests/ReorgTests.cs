using System.Text.Json;
using Assay.Circle.Stack;
using Assay.Ethereum.Primitives;
using Assay.Indexer.Commands;
using Assay.Protocol.Chain;
using Assay.Testing;
using Dapper;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Assay.Indexer.Tests;

public sealed class ReorgTests(PostgresFixture postgres, ChainFixture chain) : IClassFixture<PostgresFixture>, IClassFixture<ChainFixture>
{
    [Fact]
    public async Task An_event_that_a_reorg_removes_is_withdrawn_and_one_that_comes_back_is_shown_again()
    {
        var escrow = await TestEscrow.DeployAsync(chain.Chain);
        await using var indexer = await TestIndexer.StartAsync(escrow, (await postgres.CreateDatabaseAsync())[Services.Indexer]);
        var item = await escrow.AgreeAsync();
        var job = escrow.Domain.Digest(item.Order);
        await indexer.CaughtUpAsync();
        var before = await indexer.DigestAsync();
        var balance = await BookAsync(indexer, escrow, Book.Available);

        await escrow.SendAsync(escrow.Stranger, "open", (object)new[] { item });
        await indexer.CaughtUpAsync();
        Assert.Equal("Open", (await indexer.GetAsync($"/jobs/{job}")).GetProperty("job").GetProperty("state").GetString());
        Assert.NotEqual(balance, await BookAsync(indexer, escrow, Book.Available));

        await escrow.ReorgAsync(1);
        await indexer.CaughtUpAsync();
        await indexer.GetAsync($"/jobs/{job}", 404);
        Assert.Equal(balance, await BookAsync(indexer, escrow, Book.Available));
        var after = await indexer.DigestAsync();
        // The replaced block has another hash; all that was derived from events is as it was.
        Assert.Equal(before.Where(d => d.Key != "blocks"), after.Where(d => d.Key != "blocks"));

        await escrow.SendAsync(escrow.Stranger, "open", (object)new[] { item });
        await indexer.CaughtUpAsync();
        var history = (await indexer.GetAsync($"/jobs/{job}?orphaned=true")).GetProperty("history").EnumerateArray()
            .Where(e => e.GetProperty("event").GetString() == "JobOpened").Select(e => e.GetProperty("orphaned").GetBoolean());
        Assert.Equal([true, false], history.OrderDescending());
        Assert.Equal(await FreshAsync(escrow), await indexer.DigestAsync());
    }

    [Fact]
    public async Task What_a_client_has_reserved_follows_every_reorg_of_openings_and_ends()
    {
        var escrow = await TestEscrow.DeployAsync(chain.Chain);
        await using var indexer = await TestIndexer.StartAsync(
            escrow, (await postgres.CreateDatabaseAsync())[Services.Indexer], settings => settings["Chain:Confirmations"] = "50");
        var before = await escrow.HeadAsync();
        await escrow.OpenAsync();
        var job = await escrow.OpenAsync(worker: 1);
        await SameAsync("22020000");

        await chain.Chain.IncreaseTimeAsync(TimeSpan.FromSeconds(TestEscrow.Parameters.MaxRunWindow));
        await escrow.ExpireAsync(job);
        await SameAsync("11010000");
        await escrow.ReorgAsync(1);
        await SameAsync("22020000");
        await escrow.ExpireAsync(job);
        await SameAsync("11010000");
        await escrow.ReorgAsync((int)(await escrow.HeadAsync() - before));
        await SameAsync("0");

        async Task SameAsync(string expected)
        {
            await indexer.CaughtUpAsync();
            var client = escrow.Clients[0].Address;
            Assert.Equal(expected, await BookAsync(indexer, escrow, Book.Reserved));
            for (var block = before; block <= await escrow.HeadAsync(); block++)
            {
                var reserved = (await indexer.GetAsync($"/accounts/{client}?block={block}")).GetProperty("books").GetProperty("Reserved").GetString();
                Assert.Equal((await escrow.ReservedAsync(client, block)).ToString(), reserved);
                var books = await indexer.GetAsync($"/reconciliation?block={block}");
                Assert.Equal((true, "0"), (books.GetProperty("conserved").GetBoolean(), books.GetProperty("surplus").GetString()));
            }
        }
    }

    [Fact]
    public async Task A_deep_reorg_within_finality_leaves_the_index_of_a_fresh_start()
    {
        var escrow = await TestEscrow.DeployAsync(chain.Chain);
        await escrow.LiveALittleAsync();
        await using var indexer = await TestIndexer.StartAsync(
            escrow, (await postgres.CreateDatabaseAsync())[Services.Indexer], settings => settings["Chain:Confirmations"] = "50");
        await indexer.CaughtUpAsync();
        await escrow.ReorgAsync(34);
        await escrow.SendAsync(escrow.Clients[0], "deposit", 1);
        await indexer.CaughtUpAsync();
        Assert.Equal(await FreshAsync(escrow), await indexer.DigestAsync());
    }

    [Fact]
    public async Task A_reorg_while_the_past_is_read_leaves_the_index_of_a_fresh_start()
    {
        var escrow = await TestEscrow.DeployAsync(chain.Chain);
        await escrow.LiveALittleAsync();
        var start = await escrow.HeadAsync();
        foreach (var depth in (int[])[3, 64])
        {
            await using var indexer = await TestIndexer.StartAsync(escrow, (await postgres.CreateDatabaseAsync())[Services.Indexer],
                settings => (settings["Chain:Confirmations"], settings["BatchBlocks"]) = ("200", "1"));
            await Waiting.Until(async () => await NumberAsync(indexer, "indexed_number") > (long)start - 60, TestIndexer.Patience, "a part of the past");
            await escrow.ReorgAsync(depth);
            await escrow.SendAsync(escrow.Clients[0], "deposit", depth);
            await indexer.CaughtUpAsync();
            Assert.Equal(await FreshAsync(escrow), await indexer.DigestAsync());
        }
    }

    [Theory]
    [InlineData("Safe", "safe")]
    [InlineData("Tag", "finalized")]
    public async Task Final_is_what_the_node_calls_so(string finality, string tag)
    {
        var escrow = await TestEscrow.DeployAsync(chain.Chain);
        await chain.Chain.MineAsync(100);
        await using var indexer = await TestIndexer.StartAsync(escrow, (await postgres.CreateDatabaseAsync())[Services.Indexer], settings => settings["Finality"] = finality);
        await indexer.CaughtUpAsync();
        var expected = Convert.ToInt64((await chain.Chain.RpcAsync("eth_getBlockByNumber", tag, false)).GetProperty("number").GetString(), 16);
        Assert.InRange(expected, 1, (long)await escrow.HeadAsync() - 10);
        await Waiting.Until(async () => await FinalisedAsync(indexer) == expected, TestIndexer.Patience, "finality");
    }

    [Fact]
    public async Task A_reorg_deeper_than_finality_stops_the_index_until_an_operator_decides()
    {
        var escrow = await TestEscrow.DeployAsync(chain.Chain);
        var database = (await postgres.CreateDatabaseAsync())[Services.Indexer];
        await using var indexer = await TestIndexer.StartAsync(escrow, database);
        // Empty blocks alone might come again as they were.
        await escrow.SendAsync(escrow.Clients[0], "deposit", 1);
        await chain.Chain.MineAsync(5);
        await indexer.CaughtUpAsync();
        await Waiting.Until(async () => await FinalisedAsync(indexer) == (long)await escrow.HeadAsync() - 4, TestIndexer.Patience, "finality");
        var kept = await indexer.DigestAsync();
        var fork = await escrow.HeadAsync() - 6;

        await escrow.ReorgAsync(6);
        await Waiting.Until(() => HaltedAsync(indexer), TestIndexer.Patience, "the index to stop");
        var health = (await indexer.GetAsync("/health", 503)).GetProperty("parts").GetProperty("indexer");
        Assert.Contains($"accept-reorg --From={fork}", health.GetProperty("detail").GetString());
        Assert.Equal(kept, await indexer.DigestAsync());

        // A restart does not decide either.
        await indexer.DisposeAsync();
        await using var restarted = await TestIndexer.StartAsync(escrow, database);
        await Waiting.Until(() => HaltedAsync(restarted), TestIndexer.Patience, "the remembered stop");
        Assert.Equal(kept, await restarted.DigestAsync());

        var decision = new ConfigurationBuilder().AddInMemoryCollection([new("From", fork.ToString())]).Build();
        Assert.Equal(0, await AcceptReorgCommand.RunAsync(TestIndexer.Options(escrow, database), decision, NullLoggerFactory.Instance));
        await restarted.CaughtUpAsync();
        Assert.Equal(await FreshAsync(escrow), await restarted.DigestAsync());
    }

    private Task<IReadOnlyDictionary<string, string>> FreshAsync(TestEscrow escrow) => FreshAsync(escrow, postgres);

    /// <summary>What an index says that has seen nothing but the chain as it is.</summary>
    internal static async Task<IReadOnlyDictionary<string, string>> FreshAsync(TestEscrow escrow, PostgresFixture postgres)
    {
        await using var fresh = await TestIndexer.StartAsync(escrow, (await postgres.CreateDatabaseAsync())[Services.Indexer]);
        await fresh.CaughtUpAsync();
        return await fresh.DigestAsync();
    }

    private static async Task<string?> BookAsync(TestIndexer indexer, TestEscrow escrow, Book book) =>
        (await indexer.GetAsync($"/accounts/{escrow.Clients[0].Address}")).GetProperty("books").GetProperty(book.ToString()).GetString();

    private static async Task<bool> HaltedAsync(TestIndexer indexer)
    {
        using var response = await indexer.Http.GetAsync("/health");
        var health = JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync());
        return health.GetProperty("parts").GetProperty("indexer").GetProperty("data").GetProperty("halted").GetBoolean();
    }

    private static Task<long> FinalisedAsync(TestIndexer indexer) => NumberAsync(indexer, "finalised_number");

    private static async Task<long> NumberAsync(TestIndexer indexer, string column)
    {
        await using var connection = await indexer.Database.OpenAsync();
        return await connection.ExecuteScalarAsync<long?>($"select {column} from chain") ?? 0;
    }
}

/// <summary>On a chain of its own: the development chain forgets states that lie some hundred blocks back.</summary>
public sealed class ReorgDepthTests(PostgresFixture postgres, ChainFixture chain) : IClassFixture<PostgresFixture>, IClassFixture<ChainFixture>
{
    [Fact]
    public async Task After_a_reorg_of_any_depth_met_at_once_or_after_a_restart_the_index_is_the_chains()
    {
        var escrow = await TestEscrow.DeployAsync(chain.Chain);
        var database = (await postgres.CreateDatabaseAsync())[Services.Indexer];
        var indexer = await StartAsync();
        await chain.Chain.MineAsync(70);
        foreach (var (turn, depth) in ((int[])[1, 2, 3, 5, 8, 13, 21, 34, 55, 64]).Index())
        {
            // An event in the lowest block that goes: empty blocks may come again as they were.
            await escrow.SendAsync(escrow.Clients[0], "deposit", depth);
            if (depth > 1)
                await chain.Chain.MineAsync(depth - 1);
            await indexer.CaughtUpAsync();
            var isAway = turn % 2 == 1;
            if (isAway)
                await indexer.DisposeAsync();
            await escrow.ReorgAsync(depth);
            await escrow.SendAsync(escrow.Clients[1], "deposit", depth);
            if (isAway)
                indexer = await StartAsync();
            await indexer.CaughtUpAsync();
            foreach (var client in escrow.Clients)
                Assert.Equal((await escrow.ReadAsync<Amount>("available", client.Address)).ToString(),
                    (await indexer.GetAsync($"/accounts/{client.Address}")).GetProperty("books").GetProperty("Available").GetString());
        }
        Assert.Equal(await ReorgTests.FreshAsync(escrow, postgres), await indexer.DigestAsync());
        await indexer.DisposeAsync();

        Task<TestIndexer> StartAsync() => TestIndexer.StartAsync(escrow, database, settings => settings["Chain:Confirmations"] = "80");
    }
}
