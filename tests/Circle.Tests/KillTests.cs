using Assay.Circle.Kills;
using Assay.Circle.Stack;
using Assay.Testing;

namespace Assay.Circle.Tests;

public sealed class KillTests(PostgresFixture postgres, ChainFixture chain) : IClassFixture<PostgresFixture>, IClassFixture<ChainFixture>
{
    // Waited for only where something is wrong.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private async Task<KillReport> RunAsync(Bug bug, int kills, TimeSpan patience, string? at = null) => await new KillHarness(
        Checkout.Find(), chain.Chain, (await postgres.CreateDatabaseAsync()).Services[Services.Settlement], (int)bug, seed: 4, bug, at).RunAsync(kills, patience);

    [Fact]
    public async Task Fifty_kills_lose_nothing_and_double_nothing()
    {
        var report = await RunAsync(Bug.None, 50, Patience);
        Assert.True(report.IsClean, $"{report}");
        Assert.Equal((50, 100), (report.Points.Values.Sum(), report.Transfers));
        // Every process' promises were kept, however it ended.
        Assert.Equal(50, report.Recovery.Count);
    }

    [Theory]
    [InlineData(Bug.JournalAfterBroadcast, KillPoint.Broadcast, 4)]
    [InlineData(Bug.CounterNonce, KillPoint.Signed, 3)]
    [InlineData(Bug.FirstReceipt, KillPoint.Settled, 12)]
    [InlineData(Bug.LastAttemptOnly, KillPoint.Replaced, 5)]
    public async Task A_sender_with_a_known_bug_is_caught(Bug bug, string at, int kills)
    {
        var report = await RunAsync(bug, kills, TimeSpan.FromSeconds(4), at);
        Assert.False(report.IsClean, $"{report}");
    }
}
