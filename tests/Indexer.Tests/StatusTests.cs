using Assay.Circle.Stack;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Indexer.Sync;
using Assay.Testing;

namespace Assay.Indexer.Tests;

public sealed class StatusTests(PostgresFixture postgres, ChainFixture chain) : IClassFixture<PostgresFixture>, IClassFixture<ChainFixture>
{
    [Fact]
    public async Task While_the_past_is_read_the_status_says_how_far_it_is_and_how_long_it_takes()
    {
        var clock = new Clock();
        var status = new IndexerStatus(clock) { Role = IndexerRole.Writer };
        status.Note(StateAt(100), Step(100));
        clock.Seconds = 10;
        status.Note(StateAt(300), Step(300));
        var report = await status.ReportAsync(default);
        // 200 blocks took 10 s; 700 are left, each of 12 s.
        Assert.Equal((false, "reading the past", 700UL, 8400UL, 35L), (report.Ready, report.Detail, report.Data!["lag"], report.Data["lagSeconds"], report.Data["secondsLeft"]));

        status.Note(StateAt(1000), new ChainStep.Quiet(1000));
        report = await status.ReportAsync(default);
        Assert.Equal((true, null, 0UL, 0UL), (report.Ready, report.Detail, report.Data!["lag"], report.Data["lagSeconds"]));
        Assert.DoesNotContain("secondsLeft", report.Data.Keys);

        // One block more is no past.
        status.Note(StateAt(1000), new ChainStep.Advanced<EscrowBlocks>(new([Header(1000)], []), Header(1001)));
        Assert.True((await status.ReportAsync(default)).Ready);
    }

    [Fact]
    public async Task The_figures_of_health_are_gauges()
    {
        var escrow = await TestEscrow.DeployAsync(chain.Chain);
        await using var indexer = await TestIndexer.StartAsync(escrow, (await postgres.CreateDatabaseAsync())[Services.Indexer]);
        await indexer.CaughtUpAsync();
        var head = await escrow.HeadAsync();
        await Waiting.Until(async () => (await indexer.Http.GetStringAsync("/metrics")).Contains($"assay_head{{part=\"indexer\"}} {head}\n", StringComparison.Ordinal), TestIndexer.Patience, "the head");
        var lines = (await indexer.Http.GetStringAsync("/metrics")).Split('\n');
        Assert.Contains("# TYPE assay_lag_seconds gauge", lines);
        Assert.Contains("assay_lag{part=\"indexer\"} 0", lines);
        Assert.Contains("assay_ready{part=\"indexer\"} 1", lines);
    }

    private static ChainStep Step(ulong at) => new ChainStep.Advanced<EscrowBlocks>(new([Header(at)], []), Header(1000));

    private static ChainState StateAt(ulong number) => new(0, new BlockRef(number, Bytes32.Zero), 0);

    private static BlockHeader Header(ulong number) => new(number, Bytes32.Zero, Bytes32.Zero, number * 12, new byte[256], null, 0, 0);

    private sealed class Clock : TimeProvider
    {
        public long Seconds { get; set; }
        public override long TimestampFrequency => 1;
        public override long GetTimestamp() => Seconds;
    }
}
