using Assay.Circle.Stack;
using Assay.Hosting.Messaging;
using Assay.Hosting.Options;
using Assay.Testing;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using RabbitMQ.Client;

namespace Assay.Hosting.Tests;

public sealed class BusTests(PostgresFixture postgres, BrokerFixture broker) : IClassFixture<PostgresFixture>, IClassFixture<BrokerFixture>, IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string _vhost = $"bus-{Guid.NewGuid():N}";

    private Uri Address => broker.Broker.Address(RabbitBroker.Admin, _vhost);

    private BusOptions Rabbit => new() { Uri = Address.ToString() };

    public Task InitializeAsync() => broker.Broker.CreateVhostAsync(_vhost);

    public Task DisposeAsync() => broker.Broker.DeleteVhostAsync(_vhost);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_committed_message_arrives_and_a_rolled_back_one_does_not(bool inMemory)
    {
        await using var database = await SampleDatabase.CreateAsync(postgres.ConnectionString);
        await using var service = await SampleService.StartAsync(database, inMemory ? new BusOptions() : Rabbit);
        await Assert.ThrowsAsync<InvalidOperationException>(() => database.InTransactionAsync(async transaction =>
        {
            await service.Outbox.AddAsync(transaction, new Pinged(1));
            throw new InvalidOperationException("no");
        }));
        await service.SendAsync(new Pinged(2));
        await Waiting.Until(() => !service.Deliveries.IsEmpty, Patience, "the committed message");
        Assert.Equal([2], service.Deliveries.Select(delivery => delivery.Number));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_relay_that_dies_between_publishing_and_marking_sends_again_under_the_same_id_and_the_effect_happens_once(bool inMemory)
    {
        await using var database = await SampleDatabase.CreateAsync(postgres.ConnectionString);
        await using (var connection = await database.OpenAsync())
            await connection.ExecuteAsync(
                """
                create sequence deaths;
                create function die_once() returns trigger language plpgsql as $$
                    begin
                        if new.sent_at is not null and nextval('deaths') = 1 then raise exception 'died before the mark'; end if;
                        return new;
                    end $$;
                create trigger die before update on outbox for each row execute function die_once();
                """);
        await using var service = await SampleService.StartAsync(database, inMemory ? new BusOptions() : Rabbit);
        await service.SendAsync(new Pinged(7));
        await Waiting.Until(() => service.Deliveries.Count == 2, Patience, "the second delivery");
        Assert.Single(service.Deliveries.Select(delivery => delivery.Id).Distinct());
        await Waiting.Until(async () => await service.UnsentAsync() == 0, Patience, "the mark");
        Assert.Equal(["7"], await service.EffectsAsync());
    }

    [Fact]
    public async Task A_poison_message_goes_to_the_error_queue_with_its_reason_and_the_next_one_is_handled()
    {
        await using var database = await SampleDatabase.CreateAsync(postgres.ConnectionString);
        await using var service = await SampleService.StartAsync(database, Rabbit);
        await service.SendAsync(new Pinged(SampleService.Poison));
        await service.SendAsync(new Pinged(3));
        await Waiting.Until(() => service.Deliveries.Any(delivery => delivery.Number == 3), Patience, "the message after the poison");
        Assert.Equal("a ping counts from zero", await ReasonAsync($"{SampleService.Name}_error"));
        Assert.Equal(1, service.Deliveries.Count(delivery => delivery.Number == SampleService.Poison));
    }

    [Fact]
    public async Task A_message_whose_consumer_dies_every_time_ends_in_the_dead_letter_queue()
    {
        await using var database = await SampleDatabase.CreateAsync(postgres.ConnectionString);
        await using (await SampleService.StartAsync(database, Rabbit)) { }
        await using var connection = await ConnectAsync();
        await using (var channel = await connection.CreateChannelAsync())
            await channel.BasicPublishAsync("", SampleService.Name, mandatory: true, "deadly"u8.ToArray());
        var queue = $"{SampleService.Name}_dead";
        for (var death = 0; death <= Rabbit.DeliveryLimit; death++)
        {
            // Taken and never acknowledged: what the broker sees of a process that died with it.
            await using var channel = await connection.CreateChannelAsync();
            await Waiting.Until(async () => await channel.BasicGetAsync(SampleService.Name, autoAck: false) is not null, Patience, "the message to come again");
            await channel.CloseAsync();
        }
        await using var reading = await connection.CreateChannelAsync();
        BasicGetResult? dead = null;
        await Waiting.Until(async () => (dead = await reading.BasicGetAsync(queue, autoAck: true)) is not null, Patience, "the dead letter");
        Assert.Equal("deadly"u8.ToArray(), dead!.Body.ToArray());
        Assert.Contains("delivery_limit", System.Text.Encoding.UTF8.GetString((byte[])dead.BasicProperties.Headers!["x-first-death-reason"]!));
    }

    [Fact]
    public async Task Text_that_is_no_message_goes_to_the_error_queue()
    {
        await using var database = await SampleDatabase.CreateAsync(postgres.ConnectionString);
        await using var service = await SampleService.StartAsync(database, Rabbit);
        await using var connection = await ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        await channel.BasicPublishAsync("", SampleService.Name, mandatory: true, "{\"message\":"u8.ToArray());
        Assert.Contains("JSON", await ReasonAsync($"{SampleService.Name}_error"), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_message_without_a_queue_waits_in_the_outbox_and_holds_up_no_other()
    {
        await using var database = await SampleDatabase.CreateAsync(postgres.ConnectionString);
        await using var service = await SampleService.StartAsync(database, Rabbit);
        await service.SendAsync(new Unheard("nobody"));
        await service.SendAsync(new Pinged(5));
        await Waiting.Until(() => service.Deliveries.Any(delivery => delivery.Number == 5), Patience, "the other message");
        await Waiting.Until(async () => await service.UnsentAsync() == 1, Patience, "one row left");
    }

    [Fact]
    public async Task What_an_in_memory_bus_lost_is_sent_again_at_the_next_start()
    {
        await using var database = await SampleDatabase.CreateAsync(postgres.ConnectionString);
        await using (var first = await SampleService.StartAsync(database, new BusOptions()))
        {
            await first.SendAsync(new Pinged(9));
            await Waiting.Until(async () => await first.UnsentAsync() == 0, Patience, "the mark");
        }
        await using (var connection = await database.OpenAsync())
            await connection.ExecuteAsync("delete from inbox; delete from effects");
        await using var second = await SampleService.StartAsync(database, new BusOptions());
        await Waiting.Until(async () => (await second.EffectsAsync()).Count == 1, Patience, "the repeated message");
    }

    [Fact]
    public async Task Queues_are_durable_quorum_queues()
    {
        await using var database = await SampleDatabase.CreateAsync(postgres.ConnectionString);
        await using var service = await SampleService.StartAsync(database, Rabbit);
        await using var connection = await ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        // The broker refuses a declaration that differs from what exists.
        await channel.QueueDeclareAsync(SampleService.Name, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?>
        {
            ["x-queue-type"] = "quorum",
            ["x-delivery-limit"] = Rabbit.DeliveryLimit,
            ["x-dead-letter-exchange"] = $"{SampleService.Name}_dead",
        });
    }

    private async Task<string> ReasonAsync(string queue)
    {
        // The first message for it creates the queue; asking for one that does not exist closes the channel.
        await Waiting.Until(async () => (await broker.Broker.QueuesAsync(_vhost)).ContainsKey(queue), Patience, $"the queue {queue}");
        await using var connection = await ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        BasicGetResult? message = null;
        await Waiting.Until(async () => (message = await channel.BasicGetAsync(queue, autoAck: true)) is not null, Patience, $"a message in {queue}");
        return System.Text.Encoding.UTF8.GetString((byte[])message!.BasicProperties.Headers!["MT-Fault-Message"]!);
    }

    private Task<IConnection> ConnectAsync() => new ConnectionFactory { Uri = Address }.CreateConnectionAsync();
}
