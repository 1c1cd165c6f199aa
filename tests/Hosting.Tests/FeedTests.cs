using Assay.Ethereum.Primitives;
using Assay.Hosting.Messaging;
using Dapper;
using Assay.Testing;

namespace Assay.Hosting.Tests;

public sealed class FeedTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static readonly Bytes32 Job = Bytes32.FromBigInteger(1);

    private sealed record Announcement(ulong Sequence, uint Block, bool Orphan);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Any_order_and_any_repetition_of_announcements_give_the_same_live_events(int seed)
    {
        var random = new Random(seed);
        var announced = Enumerable.Range(1, 60).Select(i => new Announcement((ulong)i, (uint)random.Next(8), random.Next(3) == 0)).ToList();
        var expected = announced
            .Where(a => !a.Orphan && !announced.Any(o => o.Orphan && o.Block == a.Block && o.Sequence > a.Sequence))
            .OrderBy(a => a.Block).ThenBy(a => a.Sequence)
            .Select(a => a.Sequence).ToList();

        await using var database = await SampleDatabase.CreateAsync(postgres.ConnectionString);
        var feed = new Feed<SampleDatabase>(database);
        var delivered = announced.Concat(announced.Take(30)).ToArray();
        random.Shuffle(delivered);
        foreach (var announcement in delivered)
            await DeliverAsync(database, feed, announcement);

        Assert.NotEmpty(expected);
        Assert.Equal(expected, (await feed.LiveAsync(Job)).Select(live => live.Sequence));
    }

    [Fact]
    public async Task The_same_event_announced_again_under_a_later_number_counts_once()
    {
        await using var database = await SampleDatabase.CreateAsync(postgres.ConnectionString);
        var feed = new Feed<SampleDatabase>(database);
        foreach (var sequence in new ulong[] { 9, 4 })
            await database.InTransactionAsync(transaction =>
                feed.AppendAsync(transaction, new(sequence, 1, Bytes32.FromBigInteger(100), 0, LogIndex: 2, Job, "Sample", "{}")));
        Assert.Equal(9UL, Assert.Single(await feed.LiveAsync(Job)).Sequence);
    }

    [Fact]
    public async Task An_event_is_final_once_the_finalised_number_reaches_its_block()
    {
        await using var database = await SampleDatabase.CreateAsync(postgres.ConnectionString);
        var feed = new Feed<SampleDatabase>(database);
        await DeliverAsync(database, feed, new(1, Block: 5, Orphan: false));
        await database.InTransactionAsync(transaction => feed.AdvanceAsync(transaction, 6, 1_000, 4));
        Assert.False(Assert.Single(await feed.LiveAsync("Sample")).Final);
        await database.InTransactionAsync(transaction => feed.AdvanceAsync(transaction, 7, 1_001, 5));
        Assert.True(Assert.Single(await feed.LiveAsync("Sample")).Final);
    }

    [Fact]
    public async Task An_old_announcement_of_progress_does_not_turn_the_clock_back()
    {
        await using var database = await SampleDatabase.CreateAsync(postgres.ConnectionString);
        var feed = new Feed<SampleDatabase>(database);
        await database.InTransactionAsync(transaction => feed.AdvanceAsync(transaction, 7, 1_001, 5));
        await database.InTransactionAsync(transaction => feed.AdvanceAsync(transaction, 6, 1_000, 4));
        Assert.Equal(new FeedClock(7, 1_001, 5), await feed.ClockAsync());
    }

    private static Task DeliverAsync(SampleDatabase database, Feed<SampleDatabase> feed, Announcement announcement)
    {
        var hash = Bytes32.FromBigInteger(100 + announcement.Block);
        // The log index follows the sequence, so that chain order within a block is the order of announcement.
        return database.InTransactionAsync(transaction => announcement.Orphan
            ? feed.OrphanAsync(transaction, hash, announcement.Sequence)
            : feed.AppendAsync(transaction, new(announcement.Sequence, announcement.Block, hash, 0, (uint)announcement.Sequence, Job, "Sample", "{}")));
    }
}
