using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Assay.Circle.Stack;
using Assay.Hosting.Database;
using Assay.Hosting.Messaging;
using Assay.Protocol.Messages;
using Assay.Testing;
using Dapper;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Assay.Indexer.Tests;

/// <summary>What reaches the services, through the real broker and in memory.</summary>
public sealed class AnnouncementTests(PostgresFixture postgres, ChainFixture chain, BrokerFixture broker)
    : IClassFixture<PostgresFixture>, IClassFixture<ChainFixture>, IClassFixture<BrokerFixture>, IAsyncLifetime
{
    private TestEscrow _escrow = null!;
    private Databases _databases = null!;
    private readonly string _vhost = $"announcements-{Guid.NewGuid():N}";

    public async Task InitializeAsync()
    {
        _escrow = await TestEscrow.DeployAsync(chain.Chain);
        _databases = await postgres.CreateDatabaseAsync();
        await broker.Broker.CreateVhostAsync(_vhost);
    }

    // A queue that outlives its test would go on taking messages.
    public Task DisposeAsync() => broker.Broker.DeleteVhostAsync(_vhost);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Events_come_in_the_order_of_the_chain_and_a_reorg_as_a_retraction_after_them(bool inMemory)
    {
        var heard = new Heard();
        await using var indexer = await StartAsync(heard, inMemory);
        await _escrow.LiveALittleAsync();
        await indexer.CaughtUpAsync();
        await _escrow.ReorgAsync(2);
        await _escrow.SendAsync(_escrow.Clients[0], "deposit", 8);
        await indexer.CaughtUpAsync();
        var last = await SequenceAsync(indexer);
        await Waiting.Until(() => heard.Events.Any(e => e.Sequence == last), TestIndexer.Patience, "the last announcement");

        var sequences = heard.Events.Select(e => e.Sequence).ToList();
        Assert.Equal(sequences.Order(), sequences);
        Assert.Equal(await AnnouncedAsync(indexer), sequences.Distinct());
        Assert.Contains("BlocksOrphaned", heard.Events.Select(e => e.Name));
        Assert.Equal(heard.Events.Count, heard.Events.Select(e => e.Id).Distinct().Count());
    }

    [Fact]
    public async Task An_announcement_that_fails_as_nobody_foresaw_is_tried_again_and_shown()
    {
        var heard = new Heard();
        await using var indexer = await TestIndexer.StartAsync(
            _escrow, _databases[Services.Indexer], settings => Configure(settings, inMemory: true), bus => Listen<HearingConsumer>(bus),
            services => services.AddSingleton(heard).AddPublishObserver(_ => new UnforeseenFailures(4)));
        await indexer.CaughtUpAsync();
        await Waiting.Until(
            async () => (await indexer.HealthAsync()).GetProperty("data") is var data
                && data.TryGetProperty("announcement", out var reason) && reason.GetString() == UnforeseenFailures.Reason,
            TestIndexer.Patience, "the failure to show");
        await _escrow.LiveALittleAsync();
        await indexer.CaughtUpAsync();
        var last = await SequenceAsync(indexer);
        await Waiting.Until(() => heard.Events.Any(e => e.Sequence == last), TestIndexer.Patience, "the last announcement");
        Assert.Equal(await AnnouncedAsync(indexer), heard.Events.Select(e => e.Sequence).Distinct());
    }

    [Fact]
    public async Task What_a_second_node_does_not_confirm_is_indexed_and_announced_to_nobody()
    {
        var heard = new Heard();
        await using var second = await LyingNode.StartAsync(chain.Chain.RpcUrl);
        await using var indexer = await TestIndexer.StartAsync(
            _escrow, _databases[Services.Indexer], settings =>
            {
                Configure(settings, inMemory: true);
                settings["SecondRpcUrl"] = second.Url;
            },
            bus => Listen<HearingConsumer>(bus), services => services.AddSingleton(heard));
        await indexer.CaughtUpAsync();
        var confirmed = await SequenceAsync(indexer);
        await Waiting.Until(() => heard.Events.Any(e => e.Sequence == confirmed), TestIndexer.Patience, "what both nodes say");

        second.Lie = (method, result) =>
        {
            if (method == "eth_getLogs" && result.AsArray() is [JsonObject log, ..])
                log["data"] = log["data"]!.GetValue<string>()[..^1] + "f";
        };
        await _escrow.SendAsync(_escrow.Clients[0], "deposit", 5);
        await indexer.CaughtUpAsync();
        await Waiting.Until(
            async () => (await indexer.HealthAsync()).GetProperty("data").TryGetProperty("announcement", out var reason) && reason.GetString()!.Contains("second node", StringComparison.Ordinal),
            TestIndexer.Patience, "the disagreement to show");
        var last = await SequenceAsync(indexer);
        Assert.True(last > confirmed);
        Assert.DoesNotContain(heard.Events, e => e.Sequence > confirmed);

        // The block that is disputed leaves the chain; nobody has to confirm it any more.
        await _escrow.ReorgAsync(1);
        await indexer.CaughtUpAsync();
        await Waiting.Until(() => heard.Events.Any(e => e.Name == "BlocksOrphaned"), TestIndexer.Patience, "the end of the dispute");
        await _escrow.SendAsync(_escrow.Clients[0], "deposit", 6);
        await indexer.CaughtUpAsync();
        last = await SequenceAsync(indexer);
        Assert.DoesNotContain(heard.Events, e => e.Sequence == last);

        second.Lie = null;
        await Waiting.Until(() => heard.Events.Any(e => e.Sequence == last), TestIndexer.Patience, "the announcement after the agreement");
    }

    [Fact]
    public async Task The_feed_of_a_service_has_the_live_events_of_the_index()
    {
        var heard = new Heard();
        var (indexer, feed) = await StartWithFeedAsync(heard);
        await using var _ = indexer;
        await _escrow.LiveALittleAsync();
        await indexer.CaughtUpAsync();
        await _escrow.ReorgAsync(3);
        await _escrow.OpenAsync(1, 5);
        await indexer.CaughtUpAsync();
        await using var connection = await indexer.Database.OpenAsync();
        var expected = (await connection.QueryAsync<long>("select sequence from live order by sequence")).AsList();
        await Waiting.Until(async () => expected.SequenceEqual(await LiveAsync(feed)), TestIndexer.Patience, "the feed to agree");
    }

    [Fact]
    public async Task A_relay_that_loses_its_place_repeats_the_same_ids_and_an_inbox_keeps_the_effect_single()
    {
        var heard = new Heard();
        var (indexer, feed) = await StartWithFeedAsync(heard);
        await _escrow.OpenAsync();
        await indexer.CaughtUpAsync();
        var last = await SequenceAsync(indexer);
        await Waiting.Until(() => heard.Events.Any(e => e.Sequence == last), TestIndexer.Patience, "the last announcement");
        var once = heard.Events.Select(e => e.Id).ToHashSet();
        await indexer.DisposeAsync();

        await using (var connection = new NpgsqlConnection(_databases[Services.Indexer]))
            await connection.ExecuteAsync("update indexer.publication set sequence = 0");
        await using var again = (await StartWithFeedAsync(heard)).Indexer;
        await Waiting.Until(() => heard.Events.Count >= 2 * once.Count, TestIndexer.Patience, "the repetition");
        Assert.Equal(once, heard.Events.Select(e => e.Id).ToHashSet());
        await using var database = feed.Again();
        await using var reading = await database.OpenAsync();
        Assert.Equal(once.Count, await reading.ExecuteScalarAsync<int>("select count(*) from inbox"));
        Assert.Equal(once.Count, await reading.ExecuteScalarAsync<int>("select count(*) from feed"));
    }

    [Fact]
    public async Task Nothing_is_announced_before_somebody_listens()
    {
        await using (var indexer = await TestIndexer.StartAsync(_escrow, _databases[Services.Indexer], settings => Configure(settings, inMemory: false)))
        {
            await indexer.CaughtUpAsync();
            await Waiting.Until(async () => (await indexer.HealthAsync()).GetProperty("data")
                .TryGetProperty("announcement", out _), TestIndexer.Patience, "the indexer to notice");
            await using var connection = await indexer.Database.OpenAsync();
            Assert.Equal(0, await connection.ExecuteScalarAsync<long>("select sequence from publication"));
        }

        var heard = new Heard();
        await using var heardOf = await StartAsync(heard, inMemory: false);
        await heardOf.CaughtUpAsync();
        var last = await SequenceAsync(heardOf);
        await Waiting.Until(() => heard.Events.Any(e => e.Sequence == last), TestIndexer.Patience, "everything, late");
        Assert.Equal(await AnnouncedAsync(heardOf), heard.Events.Select(e => e.Sequence).Distinct());
    }

    private Task<TestIndexer> StartAsync(Heard heard, bool inMemory) => TestIndexer.StartAsync(
        _escrow, _databases[Services.Indexer], settings => Configure(settings, inMemory), bus => Listen<HearingConsumer>(bus), services => services.AddSingleton(heard));

    private async Task<(TestIndexer Indexer, ListenerDatabase Feed)> StartWithFeedAsync(Heard heard)
    {
        var feed = new ListenerDatabase(_databases.Owner);
        await feed.MigrateAsync();
        return (await TestIndexer.StartAsync(
            _escrow, _databases[Services.Indexer], settings => Configure(settings, inMemory: false), bus => Listen<FeedingConsumer>(bus),
            services => services.AddSingleton(heard).AddServiceDatabase(_ => feed)), feed);
    }

    private void Configure(IDictionary<string, string?> settings, bool inMemory)
    {
        settings["Chain:Confirmations"] = "50";
        // One message at a time, so that the order of arrival is the order of the queue.
        settings["Bus:Concurrency"] = settings["Bus:Prefetch"] = "1";
        settings["Bus:Uri"] = inMemory ? "" : broker.Broker.Address(RabbitBroker.Admin, _vhost).ToString();
    }

    private static void Listen<TConsumer>(IBusRegistrationConfigurator bus) where TConsumer : class, IConsumer =>
        bus.AddServiceConsumer<TConsumer>("listener");

    private static async Task<ulong> SequenceAsync(TestIndexer indexer) => (await AnnouncedAsync(indexer)).Max();

    private static async Task<IReadOnlyList<ulong>> AnnouncedAsync(TestIndexer indexer)
    {
        await using var connection = await indexer.Database.OpenAsync();
        return (await connection.QueryAsync<ulong>("select sequence from events union all select sequence from retractions order by 1")).AsList();
    }

    private static async Task<IEnumerable<long>> LiveAsync(ListenerDatabase feed)
    {
        await using var connection = await feed.OpenAsync();
        return await connection.QueryAsync<long>("select sequence from feed_live order by sequence");
    }
}

public sealed class Heard
{
    public ConcurrentQueue<(Guid Id, ulong Sequence, string Name)> Events { get; } = new();
}

public sealed class ListenerDatabase(string connectionString) : ServiceDatabase(CreateSource(connectionString, "listener"), "listener")
{
    public ListenerDatabase Again() => new(connectionString);
}
