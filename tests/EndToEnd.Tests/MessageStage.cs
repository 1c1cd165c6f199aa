using System.Collections.Concurrent;
using Assay.Circle.Demo;
using Assay.Circle.Network;
using Assay.Circle.Stack;
using Assay.Ethereum.Primitives;
using Assay.Hosting;
using Assay.Hosting.Messaging;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Dapper;
using MassTransit;
using Npgsql;

namespace Assay.EndToEnd.Tests;

/// <summary>
/// The demo on RabbitMQ with a reorg in the middle, while a postman delivers copies of what the Indexer has recorded, in random order, to the
/// queues of the running services; before it, each service got a message that it cannot take.
/// </summary>
public sealed class MessageStage : IAsyncLifetime
{
    public static readonly DemoOptions Options = new(Jobs: 5, Operators: 12, Seed: 11, JsonFile: null, Keep: false, Embedded: false);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly CancellationTokenSource ending = new(Patience);
    private readonly ConcurrentQueue<string> said = new();

    public RunningCircle Circle { get; private set; } = null!;

    public DemoReport Report { get; private set; } = null!;

    /// <summary>Copies that the postman brought.</summary>
    public int Copies { get; private set; }

    /// <summary>Events that the reorg took off the chain.</summary>
    public int Orphaned { get; private set; }

    public CancellationToken Cancellation => ending.Token;

    public async Task InitializeAsync()
    {
        Circle = await RunningCircle.StartAsync(
            new CircleOptions(Options.Operators, DemoOptions.Clients, i => JobPlan.ConductOf(i, Options.Operators)), said.Enqueue, Cancellation);
        await using var bus = await PostOffice.OpenAsync(Circle.Stack.Broker!.Address(RabbitBroker.Admin), Cancellation);
        await PoisonAsync(bus);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var postman = Task.Run(() => DeliverCopiesAsync(bus, over.Token), Cancellation);
        var reorg = Task.Run(ReorgAsync, Cancellation);
        Report = await new CircleDemo(Options, Circle, new Silence(said)).RunAsync(Cancellation);
        await reorg;
        await over.CancelAsync();
        await postman;
    }

    public async Task DisposeAsync()
    {
        await Circle.DisposeAsync();
        ending.Dispose();
    }

    /// <summary>All that the Indexer ever announced, retractions included, in its order.</summary>
    public async Task<IReadOnlyList<Letter>> RecordedAsync()
    {
        await using var connection = new NpgsqlConnection(Circle.Databases.Owner);
        var rows = await connection.QueryAsync<(long Sequence, string Name, string Key, string Body)>(
            """
            select sequence, name, encode(block_hash, 'hex') || '/' || log_index, body::text from indexer.events
            union all
            select sequence, 'BlocksOrphaned', 'from ' || from_number, json_build_object('sequence', sequence, 'blockHashes',
                (select json_agg('0x' || encode(hash, 'hex')) from unnest(block_hashes) hash))::text from indexer.retractions
            order by 1
            """);
        return [.. rows.Select(r => new Letter(
            MessageIds.From("event", Circle.Domain.ChainId, r.Sequence, r.Key),
            System.Text.Json.JsonSerializer.Deserialize(
                r.Body, r.Name == nameof(BlocksOrphaned) ? typeof(BlocksOrphaned) : ChainEvents.Types[r.Name], AssayJson.Options)!))];
    }

    /// <summary>Waits until the indexer has everything that is on the chain now; the wallets are looked at on the chain, which is ahead of it.</summary>
    public async Task CaughtUpAsync()
    {
        var head = (ulong)await Circle.Stack.Chain.BlockNumberAsync();
        await Waiting.Until(async () => (await ProgressAsync()).HeadNumber >= head, Patience, $"the indexer to be at block {head}", Cancellation);
    }

    public async Task<ChainAdvanced> ProgressAsync()
    {
        await using var connection = new NpgsqlConnection(Circle.Databases.Owner);
        var (number, hash, time, final) = await connection.QuerySingleAsync<(long, byte[], long, long)>(
            "select indexed_number, indexed_hash, indexed_time, finalised_number from indexer.chain");
        return new ChainAdvanced((ulong)number, new Bytes32(hash), (ulong)time, (ulong)final);
    }

    private async Task DeliverCopiesAsync(PostOffice bus, CancellationToken over)
    {
        var random = new Random(Options.Seed);
        while (!over.IsCancellationRequested)
        {
            var letters = (await RecordedAsync()).ToArray();
            random.Shuffle(letters);
            foreach (var letter in letters.Take(120))
            {
                // Under its own id, as a broker repeats it, or under a new one, as a relay that lost its place would.
                await bus.SendAsync(random.Next(2) == 0 ? letter : letter with { Id = Guid.NewGuid() });
                Copies++;
            }
            await Task.Delay(1500, CancellationToken.None);
        }
    }

    private async Task ReorgAsync()
    {
        await Waiting.Until(
            async () => (await Circle.Auditor.JobsAsync(Cancellation)).Values.Any(j => j.State == JobState.Submitted), Patience, "a submitted result", Cancellation);
        await using var connection = new NpgsqlConnection(Circle.Databases.Owner);
        while (Orphaned == 0)
        {
            await Circle.Stack.Chain.ReorgAsync(LocalTerms.Confirmations);
            await Task.Delay(2000, Cancellation);
            Orphaned = await connection.ExecuteScalarAsync<int>("select count(*)::int from indexer.events where orphaned_by is not null");
        }
    }

    private static async Task PoisonAsync(PostOffice bus)
    {
        var order = new Order(
            Address.Zero, Address.Zero, Bytes32.Zero, Bytes32.Zero, Comparison.Exact, 1, 1, 1, 1, Bytes32.Zero, 1);
        await bus.SendAsync(new Letter(Guid.NewGuid(), new OrderReceived(Words.Of(7), order, new byte[65])));
        await bus.SendAsync(new Letter(Guid.NewGuid(), new CertificateSigned(Words.Of(7), [], [], Bytes32.Zero)));
        await bus.SendAsync(new Letter(Guid.NewGuid(), new ResultOpened(Words.Of(8), new Opening(Bytes32.Zero, 1, Bytes32.Zero))));
    }

    private sealed class Silence(ConcurrentQueue<string> said) : IDemoProgress
    {
        public void Say(string line) => said.Enqueue(line);

        public void Placed(int count, int total)
        {
        }

        public void Jobs(IEnumerable<IndexedJob> jobs, int placed)
        {
        }
    }
}

public sealed record Letter(Guid Id, object Message);

/// <summary>A publisher with the services' own conventions.</summary>
internal sealed class PostOffice : IAsyncDisposable
{
    private readonly IBusControl bus;

    private PostOffice(IBusControl bus) => this.bus = bus;

    public static async Task<PostOffice> OpenAsync(Uri broker, CancellationToken cancellation)
    {
        var bus = MassTransit.Bus.Factory.CreateUsingRabbitMq(factory =>
        {
            factory.Host(broker);
            factory.ConfigureJsonSerializerOptions(AssayJson.Apply);
        });
        await bus.StartAsync(cancellation);
        return new PostOffice(bus);
    }

    public Task SendAsync(Letter letter) =>
        bus.Publish(letter.Message, letter.Message.GetType(), context => context.MessageId = letter.Id);

    public async ValueTask DisposeAsync() => await bus.StopAsync(TimeSpan.FromSeconds(10));
}
