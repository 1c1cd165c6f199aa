using Assay.Circle.Stack;
using Assay.Testing;

namespace Assay.Indexer.Tests;

public sealed class HeadWatchTests(PostgresFixture postgres, ChainFixture chain) : IClassFixture<PostgresFixture>, IClassFixture<ChainFixture>
{
    private const string TenMinutes = "600000";

    [Fact]
    public async Task News_of_a_block_is_a_reason_to_look_at_once()
    {
        var escrow = await TestEscrow.DeployAsync(chain.Chain);
        await using var indexer = await TestIndexer.StartAsync(escrow, (await postgres.CreateDatabaseAsync())[Services.Indexer], settings =>
            (settings["PollMilliseconds"], settings["HeadsUrl"]) = (TenMinutes, $"ws://127.0.0.1:{chain.Chain.RpcUrl.Port}/"));
        await indexer.CaughtUpAsync();
        for (var i = 1; i <= 3; i++)
        {
            await escrow.SendAsync(escrow.Clients[0], "deposit", i);
            await indexer.CaughtUpAsync();
        }
    }

    [Fact]
    public async Task Without_news_blocks_are_looked_for_and_health_says_so()
    {
        var escrow = await TestEscrow.DeployAsync(chain.Chain);
        await using var indexer = await TestIndexer.StartAsync(
            escrow, (await postgres.CreateDatabaseAsync())[Services.Indexer], settings => settings["HeadsUrl"] = "ws://127.0.0.1:1/");
        await indexer.CaughtUpAsync();
        await escrow.SendAsync(escrow.Clients[0], "deposit", 1);
        await indexer.CaughtUpAsync();
        await Waiting.Until(async () => (await indexer.HealthAsync()).GetProperty("data").TryGetProperty("heads", out _), TestIndexer.Patience, "the reason to show");
        Assert.True((await indexer.HealthAsync()).GetProperty("ready").GetBoolean());
    }
}
