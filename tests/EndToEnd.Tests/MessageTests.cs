using System.Net;
using Assay.Circle.Network;
using Assay.Circle.Stack;
using Dapper;
using Npgsql;
using RabbitMQ.Client;

namespace Assay.EndToEnd.Tests;

/// <summary>Messages that come twice, out of order, or that cannot be taken, on RabbitMQ and real processes.</summary>
public sealed class MessageTests(MessageStage stage) : IClassFixture<MessageStage>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private static readonly string[] Same =
    [
        "select sequence || ' ' || name from verifier.feed_live order by sequence",
        "select encode(address, 'hex') from verifier.clients order by 1",
        "select sequence || ' ' || name from settlement.feed_live order by sequence",
        "select encode(account, 'hex') || ' ' || book || ' ' || sum(amount) from settlement.live_ledger group by account, book order by 1",
        "select encode(job, 'hex') || ' ' || outcome from settlement.jobs where closed_at is not null and outcome <> 'Rejected' order by 1",
    ];

    private RunningCircle Circle => stage.Circle;

    [Fact]
    public void Every_promise_holds_although_messages_come_twice_and_shuffled_around_a_reorg()
    {
        Assert.True(stage.Copies > 500, $"{stage.Copies} copies");
        Assert.True(stage.Orphaned > 0, "the reorg took nothing");
        Assert.All(stage.Report.Promises, promise => Assert.True(promise.Kept, $"{promise.What}: {promise.Detail}"));
    }

    [Fact]
    public async Task The_services_know_exactly_what_the_indexer_holds_for_true()
    {
        await using var connection = new NpgsqlConnection(Circle.Databases.Owner);
        foreach (var service in new[] { "verifier", "settlement" })
        {
            await Waiting.Until(
                async () => (await MissingAsync(connection, service)).Count == 0, Patience, $"{service} to know what the indexer knows", stage.Cancellation);
            var untrue = await connection.QueryAsync<long>(
                $"select sequence from {service}.feed_live except select sequence from indexer.events where orphaned_by is null");
            Assert.Empty(untrue);
        }
    }

    [Fact]
    public async Task Every_message_twice_and_shuffled_leads_fresh_services_to_the_same_state()
    {
        await stage.CaughtUpAsync();
        var letters = await stage.RecordedAsync();
        var progress = new Letter(Guid.NewGuid(), await stage.ProgressAsync());
        var database = await Circle.Stack.Postgres.CreateDatabaseAsync("again", stage.Cancellation);
        await Circle.Stack.Broker!.CreateVhostAsync("again", stage.Cancellation);
        await StartAsync("Verifier", database);
        await StartAsync("Settlement", database);

        var twice = letters.Concat(letters).Append(progress).Append(progress).ToArray();
        new Random(5).Shuffle(twice);
        await using var bus = await PostOffice.OpenAsync(Circle.Stack.Broker.Address(RabbitBroker.Admin, "again"), stage.Cancellation);
        await Task.WhenAll(twice.Select(bus.SendAsync));

        await using var before = new NpgsqlConnection(Circle.Databases.Owner);
        await using var after = new NpgsqlConnection(database.Owner);
        foreach (var question in Same)
        {
            // Nobody announces the end of a queue; what stays different is shown by the comparison.
            await Task.WhenAny(Waiting.Until(
                async () => (await before.QueryAsync<string>(question)).SequenceEqual(await after.QueryAsync<string>(question)), Patience, question, stage.Cancellation));
            var expected = (await before.QueryAsync<string>(question)).AsList();
            Assert.NotEmpty(expected);
            Assert.Equal(expected, await after.QueryAsync<string>(question));
        }
        var queues = await Circle.Stack.Broker.QueuesAsync("again", stage.Cancellation);
        Assert.All(queues.Where(q => q.Key.EndsWith("_error", StringComparison.Ordinal)), q => Assert.Equal(0, q.Value));
        Assert.Equal(0, await after.ExecuteScalarAsync<int>("select count(*)::int from settlement.transactions"));
    }

    [Theory]
    [InlineData("verifier", "The order's digest is not its job id")]
    [InlineData("settlement", "A certificate has an attestation and a signature for each seat.")]
    public async Task A_message_that_cannot_be_taken_ends_in_the_error_queue_with_its_reason_and_the_service_goes_on(string service, string reason)
    {
        await using var connection = await new ConnectionFactory { Uri = Circle.Stack.Broker!.Address(RabbitBroker.Admin) }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        var message = await channel.BasicGetAsync($"{service}_error", autoAck: true);
        Assert.NotNull(message);
        Assert.StartsWith(reason, System.Text.Encoding.UTF8.GetString((byte[])message.BasicProperties.Headers!["MT-Fault-Message"]!), StringComparison.Ordinal);
        Assert.Null(await channel.BasicGetAsync($"{service}_error", autoAck: true));
        using var http = new HttpClient { BaseAddress = Circle.Services.Addresses[service] };
        using var health = await http.GetAsync("/health");
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
    }

    private static async Task<IReadOnlyList<long>> MissingAsync(NpgsqlConnection connection, string service) =>
        (await connection.QueryAsync<long>(
            $"""
            select sequence from indexer.events where orphaned_by is null and name in (select distinct name from {service}.feed)
            except select sequence from {service}.feed_live
            """)).AsList();

    private async Task StartAsync(string project, Databases database)
    {
        var service = project.ToLowerInvariant();
        var address = new Uri($"http://127.0.0.1:{FreePort.Next()}");
        var environment = new Dictionary<string, string>
        {
            ["Urls"] = address.ToString(),
            ["Chain__RpcUrl"] = Circle.Stack.Chain.RpcUrl.ToString(),
            ["Chain__Id"] = $"{Circle.Domain.ChainId}",
            ["Chain__Escrow"] = $"{Circle.Domain.Escrow}",
            ["Chain__StartBlock"] = $"{Circle.Deployment.Block}",
            ["Chain__Confirmations"] = $"{LocalTerms.Confirmations}",
            ["Database__ConnectionString"] = database[service],
            ["Bus__Uri"] = Circle.Stack.Broker!.Address(service, "again").ToString(),
            ["Blobs__Directory"] = Circle.Stack.Folder.Folder("blobs-again"),
            ["Relayer__Keystore"] = Circle.Stack.Folder.File("relayer.json"),
            ["Relayer__PasswordFile"] = Circle.Stack.Folder.File("relayer.password"),
        };
        if (Environment.GetEnvironmentVariable("ASSAY_NATIVE_DIR") is { Length: > 0 } native) environment["ASSAY_NATIVE_DIR"] = native;
        var process = Circle.Stack.Launch(Circle.Stack.Service(project) with { Name = $"{service}-again", Environment = environment });
        await process.ReadyAsync(new Uri(address, "/health"), Patience, stage.Cancellation);
    }
}
