using Assay.Circle.Stack;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.Primitives;
using Assay.Indexer.Sources;
using Assay.Testing;
using Dapper;
using Microsoft.Extensions.Logging.Abstractions;

namespace Assay.Indexer.Tests.Sources;

/// <summary>A simulated node, a definition of what to index of it, and the database that it goes to.</summary>
internal sealed class TestSource : IAsyncDisposable
{
    public const string TokenAbi =
        """
        [{"type":"event","name":"Transfer","inputs":[{"name":"from","type":"address","indexed":true},{"name":"to","type":"address","indexed":true},{"name":"value","type":"uint256"}]},
         {"type":"event","name":"Named","inputs":[{"name":"name","type":"string"},{"name":"parts","type":"uint64[]"}]}]
        """;

    public static readonly ContractAbi Token = ContractAbi.Parse(TokenAbi);
    public static readonly Address Contract = Address.Parse("0x00000000000000000000000000000000000000aa");

    private readonly string _folder = Directory.CreateTempSubdirectory("source").FullName;

    private TestSource(SimulatedNode node, IndexerDatabase database) => (Node, Database) = (node, database);

    public SimulatedNode Node { get; }
    public SimulatedChain Chain => Node.Chain;
    public IndexerDatabase Database { get; }

    public static async Task<TestSource> StartAsync(PostgresFixture postgres) =>
        new(await SimulatedNode.StartAsync(), new IndexerDatabase((await postgres.CreateDatabaseAsync())[Services.Indexer]));

    public static SimulatedLog Transfer(int value, Address? contract = null) =>
        SimulatedLog.Of(contract ?? Contract, Token.Event("Transfer"), AccountOf(value), AccountOf(value + 1), (System.Numerics.BigInteger)value);

    public static Address AccountOf(int number) => Address.Parse($"0x{number + 1000:x40}");

    public string Write(string name, string text)
    {
        var file = Path.Combine(_folder, name);
        File.WriteAllText(file, text);
        return file;
    }

    public SourceDefinition Token1(string contracts = """[{ "name": "token", "abi": "token.json", "addresses": ["0x00000000000000000000000000000000000000aa"] }]""", int? confirmations = 100, string name = "sim")
    {
        Write("token.json", TokenAbi);
        return SourceDefinition.Read(Write("source.json",
            $$"""
            { "name": "{{name}}", "chainId": {{SimulatedChain.ChainId}}, "rpcUrl": "{{Node.Url}}", {{(confirmations is null ? "" : $"\"confirmations\": {confirmations},")}} "contracts": {{contracts}} }
            """));
    }

    /// <summary>Reads up to the head and ends; nothing waits for a clock.</summary>
    public async Task<SourceStatus> ReadAsync(SourceDefinition definition, CancellationToken cancellation = default)
    {
        var status = new SourceStatus(definition.Name, TimeProvider.System);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var reading = new SourceLoop(Database, definition, status, 1, new HastyTime(), NullLogger.Instance).RunAsync(untilHead: true, patience.Token);
        if (await Task.WhenAny(reading, Task.Delay(TestIndexer.Patience, patience.Token)) != reading && !cancellation.IsCancellationRequested)
        {
            await patience.CancelAsync();
            throw new TimeoutException($"The source did not reach the head: {status.Trouble}");
        }
        await reading;
        return status;
    }

    /// <summary>The values of all transfers, as the views show them, in the order of the chain.</summary>
    public async Task<IReadOnlyList<string>> TransfersAsync(string name = "sim") => await RowsAsync(
        $"select block_number || '/' || log_index || ' ' || encode(block_hash, 'hex') || ' ' || encode(transaction_hash, 'hex') || ' ' || value from {name}.token_transfer order by block_number, log_index");

    /// <summary>What <see cref="TransfersAsync"/> has to say of the chain as it is now.</summary>
    public IReadOnlyList<string> Expected() =>
    [
        .. Chain.Blocks.SelectMany(block => block.Logs.Index().Where(log => log.Item.Address == Contract && log.Item.Topics[0] == Token.Event("Transfer").Topic && log.Item is { Topics.Count: 3, Data.Length: 32 })
            .Select(log => $"{block.Number}/{log.Index} {block.Hash.ToString()[2..]} {block.TransactionOf(log.Index).ToString()[2..]} {new Bytes32(log.Item.Data).ToBigInteger()}")),
    ];

    public async Task<IReadOnlyList<string>> RowsAsync(string sql)
    {
        await using var connection = await Database.OpenAsync();
        return (await connection.QueryAsync<string>(sql)).AsList();
    }

    public async ValueTask DisposeAsync()
    {
        await Node.DisposeAsync();
        await Database.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}

/// <summary>Pauses pass at once; what waits longer than a pause is a limit, and keeps its time.</summary>
internal sealed class HastyTime : TimeProvider
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(callback, state, dueTime <= LongestPause && dueTime > TimeSpan.Zero ? TimeSpan.FromMilliseconds(1) : dueTime, period);
}
