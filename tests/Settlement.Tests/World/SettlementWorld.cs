using System.Net.Http.Json;
using System.Text.Json;
using Assay.Circle.Stack;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Wallets;
using Assay.Hosting;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Assay.Settlement.Books;
using Assay.Settlement.Orders;
using Assay.Testing;
using Dapper;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Assay.Settlement.Tests.World;

/// <summary>The service as it is run, on a real chain with the real contract and a real database. The test speaks for Indexer, Verifier and operators.</summary>
internal sealed class SettlementWorld : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string database;
    private readonly string keyFolder = Directory.CreateTempSubdirectory("assay-settlement-").FullName;
    private WebApplication? service;
    private HttpClient http = new();

    private SettlementWorld(Escrow escrow, FaultyNode node, string database) =>
        (Escrow, Node, this.database) = (escrow, node, database);

    public Escrow Escrow { get; }
    public FaultyNode Node { get; }
    public ChainReader Reader { get; private set; } = null!;
    public AnvilChain Chain => Escrow.Chain;
    public HttpClient Http => http;
    public IServiceProvider Services => service!.Services;
    public string Database => database;

    /// <summary>Settings of the service by name, e.g. <c>Relayer:BatchSize</c>; read at the next start.</summary>
    public Dictionary<string, string?> Settings { get; } = new() { ["Chain:Confirmations"] = "2" };

    public static async Task<SettlementWorld> CreateAsync(
        PostgresFixture postgres, ChainFixture chain, Action<SettlementWorld>? change = null, EscrowParameters? govern = null)
    {
        await chain.Chain.AutomineAsync(true);
        var databases = await postgres.CreateDatabaseAsync();
        var world = new SettlementWorld(await Escrow.DeployAsync(chain.Chain, govern: govern), await FaultyNode.StartAsync(chain.RpcUrl), databases.Services["settlement"]);
        Keystore.Write(Path.Combine(world.keyFolder, "relayer.json"), world.Escrow.Relayer, "secret", scryptN: 1 << 12);
        await File.WriteAllTextAsync(Path.Combine(world.keyFolder, "password"), "secret\n");
        change?.Invoke(world);
        world.Reader = new ChainReader(world.Escrow, int.Parse(world.Settings["Chain:Confirmations"]!));
        await world.StartAsync();
        await world.ReadAsync();
        // Messages are consumed side by side, so the last one read is not the last one kept.
        foreach (var client in new[] { world.Escrow.Client(0), world.Escrow.Client(1) })
            await world.UntilAsync(async () => (await world.AccountAsync(client.Address)).Spendable == Escrow.Deposit, "the deposits to be read");
        return world;
    }

    public async Task StartAsync()
    {
        service = ServiceHost.Build([], SettlementService.Describe(), builder =>
        {
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Chain:RpcUrl"] = Node.Url, ["Chain:Id"] = $"{Escrow.Domain.ChainId}", ["Chain:Escrow"] = Escrow.Domain.Escrow.ToString(),
                ["Chain:StartBlock"] = $"{Escrow.StartBlock}", ["Database:ConnectionString"] = database,
                ["Relayer:Keystore"] = Path.Combine(keyFolder, "relayer.json"), ["Relayer:PasswordFile"] = Path.Combine(keyFolder, "password"),
                ["Relayer:LingerMilliseconds"] = "0", ["Relayer:ResendSeconds"] = "1",
            });
            builder.Configuration.AddInMemoryCollection(Settings);
            builder.Services.AddSingleton<HeardMessages>();
            builder.Services.AddMassTransitListener();
        });
        await service.StartAsync();
        http = new HttpClient { BaseAddress = new Uri(service.Urls.Single()) };
    }

    /// <summary>
    /// Cancels everything that is under way, as a kill would cut it off, and waits until it has let go: what is disposed while it is still used may hang.
    /// </summary>
    public async Task StopAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        await service!.StopAsync(patience.Token);
        // A stop that hangs is a failure of this test, not of everything after it.
        await service.DisposeAsync().AsTask().WaitAsync(Patience);
        http.Dispose();
    }

    public Task PublishAsync<T>(T message, Guid? id = null) where T : class => PublishAsync((object)message, id ?? Guid.NewGuid());

    public Task PublishSaidAsync(object message, Guid id) => PublishAsync(message, id);

    private Task PublishAsync(object message, Guid id) => Services.GetRequiredService<IBus>().Publish(message, message.GetType(), c => c.MessageId = id);

    /// <summary>Brings what the chain did to the service.</summary>
    public async Task ReadAsync()
    {
        foreach (var (message, id) in await Reader.ReadAsync()) await PublishAsync(message, id);
    }

    /// <summary>Lets the chain go on, a block a second, until something is so.</summary>
    public async Task UntilAsync(Func<Task<bool>> condition, string what, bool mining = true, bool reading = true)
    {
        for (var deadline = DateTimeOffset.UtcNow + Patience; !await condition();)
        {
            if (DateTimeOffset.UtcNow > deadline) throw new TimeoutException($"Waited {Patience.TotalSeconds} s for {what}. {await DescribeAsync()}");
            if (mining) await Chain.MineAsync();
            if (reading) await ReadAsync();
            await Task.Delay(50);
        }
    }

    public Task UntilStateAsync(Bytes32 job, string state) => UntilAsync(async () => (await StatusAsync(job)).State == state, $"{job} to be {state}");

    public Task UntilClosedAsync(Bytes32 job) => UntilAsync(async () => (await StatusAsync(job)).Closed, $"{job} to be closed");

    public async Task<OrderStatus> StatusAsync(Bytes32 job) => (await http.GetFromJsonAsync<OrderStatus>($"/orders/{job}", AssayJson.Options))!;

    public async Task<AccountStatus> AccountAsync(Address account) =>
        (await http.GetFromJsonAsync<AccountStatus>($"/settlement/accounts/{account}", AssayJson.Options))!;

    public async Task<ReconciliationReport> ReconcileAsync() => (await http.GetFromJsonAsync<ReconciliationReport>("/settlement/reconciliation", AssayJson.Options))!;

    // One value for all calls, so that the same arguments make the same order.
    private static readonly ulong expiry = (ulong)DateTimeOffset.UtcNow.AddDays(20).ToUnixTimeSeconds();

    public Order Order(int client = 0, ulong nonce = 1, long maxPrice = 1000) => new(
        Escrow.Client(client).Address, Address.Zero, Words.Of(0xabc), Words.Of(0xdef), Comparison.Exact, 100, maxPrice, 300, 50_000, Words.Of(nonce), expiry) { Runtime = 1 };

    public async Task<OrderRequest> SignAsync(Order order, EscrowDomain? domain = null)
    {
        var signer = Enumerable.Range(0, 2).Select(Escrow.Client).Single(c => c.Address == order.Client);
        return new OrderRequest(order, await (domain ?? Escrow.Domain).SignAsync(signer, order));
    }

    public async Task<Bytes32> PlaceAsync(Order order) => await PlaceAsync(await SignAsync(order));

    public async Task<Bytes32> PlaceAsync(OrderRequest request)
    {
        var response = await PostAsync(request);
        Assert.Equal(System.Net.HttpStatusCode.Accepted, response.StatusCode);
        return (await response.Content.ReadFromJsonAsync<OrderResponse>(AssayJson.Options))!.Job;
    }

    public Task<HttpResponseMessage> PostAsync(OrderRequest request) => http.PostAsJsonAsync("/orders", request, AssayJson.Options);

    public static async Task<string?> CodeOfAsync(HttpResponseMessage response)
    {
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString();
    }

    public async Task AcceptAsync(Bytes32 job, int by = 0)
    {
        var @operator = Escrow.Operator(by);
        var acceptance = new Acceptance(job, @operator.Address, @operator.Address, 1UL << 40);
        await PublishAsync(new OrderAccepted(job, acceptance, await Escrow.Domain.SignAsync(@operator, acceptance)));
    }

    /// <summary>The result of an honest run of this job.</summary>
    public static Opening OpeningOf(Bytes32 job, ulong units = 5) => new(Words.Hash(job, Words.Of(1)), units, Words.Hash(job, Words.Of(2)));

    /// <param name="witness">Signs that the content is stored, where the order names it.</param>
    public async Task SubmitAsync(Bytes32 job, Opening opening, int by = 0, LocalSigner? witness = null)
    {
        var result = new Result(job, Values.Commitment(opening), Words.Of(0x3a));
        byte[] word = witness is null ? [] : await Escrow.Domain.SignAsync(witness, new Stored(job, result.Commitment));
        await PublishAsync(new ResultSigned(job, result, [.. await Escrow.Domain.SignAsync(Escrow.Operator(by), result), .. word]));
    }

    /// <summary>The drawn re-executor's value: agreeing or accusing.</summary>
    public async Task CheckAsync(Bytes32 job, Bytes32 value, bool agrees)
    {
        await UntilAsync(async () => await DrawnAsync(job) != Address.Zero, "a re-executor to be drawn");
        var attestation = new Attestation(job, 0, 0, Finding.Value, value, Bytes32.Zero);
        var signature = await Escrow.Domain.SignAsync(Escrow.OperatorAt(await DrawnAsync(job)), attestation);
        if (agrees) await PublishAsync(new CheckAgreed(job, attestation, signature));
        else await PublishAsync(new AccusationSigned(job, attestation, signature));
    }

    private Task<Address> DrawnAsync(Bytes32 job) =>
        Escrow.Contract.CallAsync<Address>("drawnFor", job, JobFold.Fold(job, Reader.Said.Select(s => s.Message).OfType<IJobEvent>().Where(e => e.Job == job)).Record, 0);

    /// <summary>An honest job from order to release, checked because its operator is new.</summary>
    public async Task<Bytes32> RunHonestJobAsync(int client = 0, ulong nonce = 1, int by = 0) => await RunHonestJobAsync(Order(client, nonce), by);

    public async Task<Bytes32> RunHonestJobAsync(Order order, int by = 0)
    {
        var job = await PlaceAsync(order);
        await AcceptAsync(job, by);
        await UntilStateAsync(job, "Open");
        var opening = OpeningOf(job);
        await SubmitAsync(job, opening, by);
        await UntilStateAsync(job, "Submitted");
        await CheckAsync(job, Values.Value(opening.OutputsRoot, opening.Units), agrees: true);
        await PublishAsync(new ResultOpened(job, opening));
        return job;
    }

    /// <summary>Heard on the bus, by type.</summary>
    public IReadOnlyList<T> Heard<T>() => Services.GetRequiredService<HeardMessages>().Of<T>();

    public async Task<IReadOnlyList<T>> QueryAsync<T>(string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(database) { SearchPath = "settlement" }.ConnectionString);
        return (await connection.QueryAsync<T>(sql)).AsList();
    }

    /// <summary>The ledger has every token that the escrow holds, and the contract's views say the same.</summary>
    public async Task BooksAgreeAsync()
    {
        await UntilAsync(async () => (await ReconcileAsync()).Differences.Count == 0, "the books to agree");
        var reserved = Amount.Zero;
        foreach (var client in new[] { Escrow.Client(0), Escrow.Client(1) })
            reserved += (await AccountAsync(client.Address)).Balances.GetValueOrDefault(Book.Reserved);
        var booked = Amount.Parse(Assert.Single(await QueryAsync<string>("select sum(amount)::text from live_ledger")));
        Assert.Equal(await Escrow.TokensInEscrowAsync(), booked + reserved);
    }

    private async Task<string> DescribeAsync()
    {
        var actions = await QueryAsync<string>("select concat_ws(' ', id, transition, slot, revision, state, code, retry_at, transaction_id) from actions order by id");
        var transactions = await QueryAsync<string>("select concat_ws(' ', t.id, t.nonce, t.state, t.block_number, a.number, a.answer) from transactions t join attempts a on a.transaction_id = t.id order by t.id");
        using var health = await http.GetAsync("/health");
        return string.Join('\n', [.. actions, .. transactions, await health.Content.ReadAsStringAsync()]);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await Node.DisposeAsync();
        Reader.Dispose();
        Directory.Delete(keyFolder, recursive: true);
    }
}
