using System.Text;
using Assay.Circle.Stack;
using Assay.Testing;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Assay.Circle.Tests;

public sealed class RabbitBrokerTests(BrokerFixture fixture) : IClassFixture<BrokerFixture>
{
    private static readonly Dictionary<string, object?> quorum = new() { ["x-queue-type"] = "quorum" };

    [Fact]
    public async Task A_service_may_not_read_the_queue_of_another()
    {
        await using var owner = await ConnectAsync(fixture.AddressOf(Services.Indexer));
        await using var declaring = await owner.CreateChannelAsync();
        await declaring.QueueDeclareAsync("indexer", durable: true, exclusive: false, autoDelete: false, quorum);

        await using var stranger = await ConnectAsync(fixture.AddressOf(Services.Verifier));
        await using var reading = await stranger.CreateChannelAsync();
        var refused = await Assert.ThrowsAsync<OperationInterruptedException>(() => reading.BasicGetAsync("indexer", autoAck: true));

        Assert.Equal(403, refused.ShutdownReason!.ReplyCode);
    }

    [Fact]
    public async Task A_queue_of_one_virtual_host_is_not_seen_in_another_and_ends_with_its_own()
    {
        await fixture.Broker.CreateVhostAsync("short-lived");
        await using (var connection = await ConnectAsync(fixture.Broker.Address(Services.Settlement, "short-lived")))
        await using (var channel = await connection.CreateChannelAsync())
            await channel.QueueDeclareAsync("settlement", durable: true, exclusive: false, autoDelete: false, quorum);
        Assert.Equal(["settlement"], (await fixture.Broker.QueuesAsync("short-lived")).Keys);
        Assert.DoesNotContain("settlement", (await fixture.Broker.QueuesAsync(fixture.Vhost)).Keys);

        await fixture.Broker.DeleteVhostAsync("short-lived");

        await Assert.ThrowsAsync<HttpRequestException>(() => fixture.Broker.QueuesAsync("short-lived"));
    }

    [Fact]
    public async Task A_confirmed_message_survives_the_kill_of_the_broker_and_nothing_of_it_remains()
    {
        var checkout = Checkout.Find();
        using var folder = RunFolder.Create(checkout);
        await using var broker = await RabbitBroker.StartAsync(checkout, folder);
        await using (var connection = await ConnectAsync(broker.Address(Services.Settlement)))
        await using (var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true)))
        {
            await channel.QueueDeclareAsync("settlement", durable: true, exclusive: false, autoDelete: false, quorum);
            await channel.ExchangeDeclareAsync("settlement", ExchangeType.Fanout, durable: true);
            await channel.QueueBindAsync("settlement", "settlement", "");
            await channel.BasicPublishAsync("settlement", "", mandatory: true, new BasicProperties { Persistent = true }, Encoding.UTF8.GetBytes("payload"));
        }

        // RabbitMQ writes the directory of its quorum queues half a second late: one that was declared just before a kill would not elect a leader.
        var directory = folder.File("rabbitmq/mnesia/assay@localhost/quorum/assay@localhost/names.dets");
        await Waiting.Until(() => ReadShared(directory).Contains("assay_settlement", StringComparison.Ordinal), TimeSpan.FromSeconds(60), "the queue to be registered");
        broker.Kill();
        Assert.Null(broker.Usage());
        await broker.RestartAsync();

        await using (var connection = await ConnectAsync(broker.Address(Services.Settlement)))
        await using (var channel = await connection.CreateChannelAsync())
            Assert.Equal("payload", Encoding.UTF8.GetString((await channel.BasicGetAsync("settlement", autoAck: true))!.Body.Span));
    }

    private static string ReadShared(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream, Encoding.Latin1);
        return reader.ReadToEnd();
    }

    private static Task<IConnection> ConnectAsync(Uri address) => new ConnectionFactory { Uri = address }.CreateConnectionAsync();
}
