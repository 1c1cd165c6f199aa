using Assay.Circle.Bench;
using Assay.Circle.Network;
using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;

namespace Assay.Circle.Tests;

public sealed class BenchStatisticsTests
{
    private static readonly DateTimeOffset start = DateTimeOffset.UnixEpoch.AddSeconds(1_000);

    [Theory]
    [InlineData(new[] { 7.0 }, 0.5, 7)]
    [InlineData(new[] { 4.0, 1, 3, 2 }, 0.5, 2)]
    [InlineData(new[] { 5.0, 4, 3, 2, 1 }, 0.5, 3)]
    [InlineData(new[] { 4.0, 1, 3, 2 }, 0.95, 4)]
    [InlineData(new[] { 4.0, 1, 3, 2 }, 1, 4)]
    [InlineData(new[] { 4.0, 1, 3, 2 }, 0.01, 1)]
    public void A_percentile_is_the_smallest_value_that_so_many_do_not_exceed(double[] values, double share, double expected) =>
        Assert.Equal(expected, Statistics.Percentile(values, share));

    [Fact]
    public void The_95th_of_a_hundred_values_leaves_five_above() =>
        Assert.Equal(95, Statistics.Percentile([.. Enumerable.Range(1, 100).Select(i => (double)i)], 0.95));

    [Fact]
    public void A_percentile_of_nothing_is_refused() => Assert.Throws<ArgumentException>(() => Statistics.Percentile([], 0.5));

    [Theory]
    [InlineData(0)]
    [InlineData(1.01)]
    [InlineData(double.NaN)]
    public void A_share_out_of_range_is_refused(double share) => Assert.Throws<ArgumentException>(() => Statistics.Percentile([1], share));

    [Fact]
    public void A_rate_counts_per_second() => Assert.Equal(0.25, Statistics.Rate(6, TimeSpan.FromSeconds(24)));

    [Fact]
    public void A_rate_without_time_is_refused() => Assert.Throws<ArgumentException>(() => Statistics.Rate(1, TimeSpan.Zero));

    [Fact]
    public void The_legs_of_a_job_add_up_and_keep_the_chains_waits_apart()
    {
        // Blocks 100, 101, ... come a second apart, block 100 at the start; epochs are 3 blocks: 99-101, 102-104, 105-107.
        var blocks = Blocks(100, 40);
        var job = Job() with { Ordered = At(0.2), OpenedBlock = 102, SubmittedBlock = 104, Epoch = 34, SeedBlock = 109, ReleasedBlock = 113, Closed = At(15.5) };

        var legs = Legs.Of(job, blocks, LocalTerms.Parameters with { EpochBlocks = 3, ReviewWindow = 8 }, confirmations: 2).ToDictionary(leg => leg.Name);

        AssertLeg(legs[Legs.Opened], length: 1.8, bound: 0.8);     // block 101 was the first that could hold it
        AssertLeg(legs[Legs.Submitted], length: 2, bound: 1);
        AssertLeg(legs[Legs.Seed], length: 5, bound: 4);           // epoch 35 ends with block 107
        AssertLeg(legs[Legs.Released], length: 4, bound: 3);       // 8 s after block 104 is block 112
        AssertLeg(legs[Legs.Closed], length: 2.5, bound: 2);
        AssertLeg(legs[Legs.Whole], length: 15.3, bound: 10.8);
        Assert.DoesNotContain(Legs.Checked, legs.Keys);
    }

    [Fact]
    public void The_check_runs_beside_the_review_window_and_is_not_counted_twice()
    {
        var unsampled = Job();
        var legs = Legs.Of(unsampled with { Checked = At(10.5) }, Blocks(100, 40), LocalTerms.Parameters, 2);

        AssertLeg(legs.Single(leg => leg.Name == Legs.Checked), length: 1.5, bound: 0);
        Assert.Equal(Legs.Of(unsampled, Blocks(100, 40), LocalTerms.Parameters, 2)[^1], legs[^1]);
    }

    [Fact]
    public void A_leg_that_seems_to_end_before_it_began_took_no_time()
    {
        var legs = Legs.Of(Job() with { Ordered = At(2.05) }, Blocks(100, 40), LocalTerms.Parameters, 2);

        AssertLeg(legs.Single(leg => leg.Name == Legs.Opened), length: 0, bound: 0);
    }

    [Fact]
    public void A_block_that_was_not_watched_is_refused() =>
        Assert.Throws<InvalidOperationException>(() => Blocks(100, 5)[105]);

    private static JobTimes Job() => new(Bytes32.Zero, At(0.2), 102, 104, 34, 109, null, 113, At(15.5));

    private static DateTimeOffset At(double seconds) => start.AddSeconds(seconds);

    private static BlockTimes Blocks(ulong first, int count) =>
        new([.. Enumerable.Range(0, count).Select(i => new SeenBlock(first + (ulong)i, (ulong)At(i).ToUnixTimeSeconds(), At(i)))]);

    private static void AssertLeg(Leg leg, double length, double bound)
    {
        Assert.Equal(length, leg.Length.TotalSeconds, 6);
        Assert.Equal(bound, leg.Bound.TotalSeconds, 6);
    }
}
