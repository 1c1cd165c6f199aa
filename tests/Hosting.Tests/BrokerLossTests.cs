using System.Text;
using Assay.Circle.Stack;
using Assay.Hosting.Messaging;
using Assay.Hosting.Options;
using Assay.Testing;

namespace Assay.Hosting.Tests;

public sealed class BrokerLossTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task A_broker_that_is_killed_pauses_the_outbox_and_gets_every_message_when_it_is_back()
    {
        var checkout = Checkout.Find();
        using var folder = RunFolder.Create(checkout);
        await using var broker = await RabbitBroker.StartAsync(checkout, folder);
        await using var database = await SampleDatabase.CreateAsync(postgres.ConnectionString);
        await using var service = await SampleService.StartAsync(database, new BusOptions { Uri = broker.Address(RabbitBroker.Admin).ToString() });
        await service.SendAsync(new Pinged(1));
        await Waiting.Until(() => !service.Deliveries.IsEmpty, Patience, "the first message");
        // RabbitMQ writes the directory of its quorum queues late: one that was declared just before a kill would not elect a leader.
        var directory = folder.File("rabbitmq/mnesia/assay@localhost/quorum/assay@localhost/names.dets");
        await Waiting.Until(() => ReadShared(directory).Contains($"assay_{SampleService.Name}_dead", StringComparison.Ordinal), Patience, "the queues to be registered");

        broker.Kill();
        for (var number = 2; number < 10; number++)
            await service.SendAsync(new Pinged(number));
        await Waiting.Until(async () => await service.OutboxHealthAsync() is { Alive: true, Ready: false, Detail: not null }, Patience, "the pause to show");
        await broker.RestartAsync();

        await Waiting.Until(async () => (await service.EffectsAsync()).Count == 9, Patience, "every message");
        await Waiting.Until(async () => await service.UnsentAsync() == 0 && (await service.OutboxHealthAsync()).Ready, Patience, "the outbox to be empty and well");
    }

    [Fact]
    public async Task A_publish_that_fails_as_nobody_foresaw_is_tried_again_and_shown()
    {
        await using var database = await SampleDatabase.CreateAsync(postgres.ConnectionString);
        await using var service = await SampleService.StartAsync(database, new BusOptions(), observer: new UnforeseenFailures(3));
        await service.SendAsync(new Pinged(4));
        await Waiting.Until(async () => await service.OutboxHealthAsync() is { Ready: false, Detail: UnforeseenFailures.Reason }, Patience, "the failure to show");
        await Waiting.Until(async () => (await service.EffectsAsync()).Count == 1, Patience, "the message");
        await Waiting.Until(async () => (await service.OutboxHealthAsync()).Ready, Patience, "the outbox to be well");
    }

    [Theory]
    [InlineData(1, "00:00:00.25")]
    [InlineData(2, "00:00:00.50")]
    [InlineData(5, "00:00:04")]
    [InlineData(6, "00:00:05")]
    [InlineData(int.MaxValue, "00:00:05")]
    public void Pauses_grow_and_stay_short(int failures, string pause) => Assert.Equal(TimeSpan.Parse(pause), Backoff.After(failures));

    private static string ReadShared(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream, Encoding.Latin1);
        return reader.ReadToEnd();
    }
}
