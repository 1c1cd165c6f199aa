using System.Diagnostics;
using System.Text.Json;
using Assay.Circle.Stack;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Hosting;
using Assay.Indexer.Sync;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Assay.Testing;
using Dapper;

namespace Assay.Indexer.Tests;

/// <summary>A whole story on a chain of its own, and an index of it.</summary>
public sealed class StoryFixture : IAsyncLifetime
{
    private readonly PostgresFixture _postgres = new();
    private readonly ChainFixture _chain = new();

    public Task<Databases> CreateDatabaseAsync() => _postgres.CreateDatabaseAsync();

    internal TestEscrow Escrow { get; private set; } = null!;
    internal TestIndexer Indexer { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        await Task.WhenAll(_postgres.InitializeAsync(), _chain.InitializeAsync());
        Escrow = await TestEscrow.DeployAsync(_chain.Chain);
        await Escrow.LiveALittleAsync();
        Indexer = await TestIndexer.StartAsync(Escrow, _postgres.Services[Services.Indexer]);
        await Indexer.CaughtUpAsync();
    }

    public async Task DisposeAsync()
    {
        await Indexer.DisposeAsync();
        await Task.WhenAll(_postgres.DisposeAsync(), _chain.DisposeAsync());
    }
}

/// <summary>What the index says against what the contract says. Nothing here changes either.</summary>
public sealed class IndexTests(StoryFixture story) : IClassFixture<StoryFixture>
{
    private readonly TestEscrow _escrow = story.Escrow;
    private readonly TestIndexer _indexer = story.Indexer;

    [Fact]
    public async Task Every_event_of_the_contract_stands_in_the_table_of_its_name()
    {
        var logs = await Web3.GetLogsAsync(LogFilter.Range(_escrow.StartBlock, await _escrow.HeadAsync(), _escrow.Address));
        var emitted = logs.Select(log => EscrowAbi.Instance.DecodeLog(log)).ToList();
        await using var connection = await _indexer.Database.OpenAsync();
        foreach (var group in emitted.GroupBy(e => e.Name))
            Assert.Equal(group.Count(), await connection.ExecuteScalarAsync<int>($"select count(*) from {EventTables.SnakeCase(group.Key)} join live using (sequence)"));
        Assert.Equal(
            emitted.Select(e => (e.Name, (long)e.Log.BlockNumber, e.Log.LogIndex, e.Log.TransactionHash)),
            await connection.QueryAsync<(string, long, int, Bytes32)>("select name, block_number, log_index, transaction_hash from events order by sequence"));
        Assert.Empty(EscrowAbi.Events.Select(e => e.Name).Except(emitted.Select(e => e.Name)));
    }

    [Fact]
    public async Task Tables_have_the_columns_of_the_ABI_in_its_order_and_of_packed_words_their_numbers()
    {
        await using var connection = await _indexer.Database.OpenAsync();
        foreach (var e in EscrowAbi.Events)
        {
            var columns = await connection.QueryAsync<string>(
                "select column_name from information_schema.columns where table_schema = 'indexer' and table_name = @table order by ordinal_position",
                new { table = EventTables.SnakeCase(e.Name) });
            Assert.Equal(["sequence", "block_number", "log_index", .. EventTables.ColumnNames(e.Name)], columns);
            string[] packed = [.. RecordWords.Terms.Concat(RecordWords.Course).Select(number => EventTables.SnakeCase(number.Name))];
            Assert.Equal(
                e.Inputs.Where(input => input.Name is not ("terms" or "course")).Select(input => EventTables.SnakeCase(input.Name)),
                EventTables.ColumnNames(e.Name).Where(column => e.Inputs.Any(input => EventTables.SnakeCase(input.Name) == column) || !packed.Contains(column)));
        }
    }

    [Fact]
    public async Task A_table_that_no_script_makes_is_made_from_its_record_like_those_of_the_scripts()
    {
        await using var database = new IndexerDatabase((await story.CreateDatabaseAsync())[Services.Indexer]);
        await database.MigrateAsync();
        await using var connection = await database.OpenAsync();
        var written = await ColumnsAsync();
        foreach (var table in EventTables.Names)
            await connection.ExecuteAsync($"drop table {table}");
        await database.MigrateAsync();
        Assert.Equal(written, await ColumnsAsync());
        Assert.Equal(EventTables.Names.Count, await connection.ExecuteScalarAsync<int>(
            "select count(*) from information_schema.table_constraints where constraint_type = 'FOREIGN KEY' and table_name = any(@tables)", new { tables = EventTables.Names.ToArray() }));

        await connection.ExecuteAsync("alter table job_refunded drop column penalty");
        Assert.Contains("job_refunded lacks the column penalty", (await Assert.ThrowsAsync<StartRefusedException>(() => database.MigrateAsync())).Message);

        async Task<IReadOnlyList<string>> ColumnsAsync() => (await connection.QueryAsync<string>(
            """
            select table_name || '.' || column_name || ' ' || udt_name || ' ' || coalesce(numeric_precision::text, '') || ' ' || is_nullable
            from information_schema.columns where table_schema = 'indexer' and table_name = any(@tables) order by 1
            """, new { tables = EventTables.Names.ToArray() })).AsList();
    }

    [Fact]
    public async Task Balances_are_those_of_the_contract()
    {
        foreach (var client in _escrow.Clients)
        {
            var books = (await _indexer.GetAsync($"/accounts/{client.Address}")).GetProperty("books");
            Assert.Equal((await _escrow.ReadAsync<Amount>("available", client.Address)).ToString(), books.GetProperty("Available").GetString());
            Assert.Equal((await _escrow.ReservedAsync(client.Address, await _escrow.HeadAsync())).ToString(), books.GetProperty("Reserved").GetString());
        }
        var own = (await _indexer.GetAsync($"/accounts/{_escrow.Address}")).GetProperty("books");
        var pools = await _escrow.ReadAsync<Pools>("pools");
        Assert.Equal(pools.CheckPool.ToString(), own.GetProperty("CheckPool").GetString());
        Assert.Equal(pools.InsurancePool.ToString(), own.GetProperty("InsurancePool").GetString());
        Assert.False(pools.InsurancePool.IsZero);
    }

    [Fact]
    public async Task Operators_are_those_of_the_contract()
    {
        foreach (var worker in _escrow.Operators)
        {
            var view = await _indexer.GetAsync($"/operators/{worker.Address}");
            var expected = await _escrow.ReadAsync<OperatorAccount>("operatorOf", worker.Address);
            Assert.Equal(
                (expected.Bond.ToString(), expected.Locked.ToString(), expected.Earned.ToString(), expected.Unbonding.ToString(), expected.Exposure.ToString(),
                    expected.Clean, expected.NoShows, expected.Strikes, expected.Active),
                (Text("bond"), Text("locked"), Text("earned"), Text("unbonding"), Text("exposure"),
                    view.GetProperty("clean").GetUInt32(), view.GetProperty("noShows").GetUInt32(), view.GetProperty("strikes").GetUInt32(),
                    view.GetProperty("active").GetBoolean()));
            string? Text(string name) => view.GetProperty(name).GetString();
        }
    }

    [Fact]
    public async Task Jobs_have_the_contracts_state_and_outcome_and_their_whole_history()
    {
        var jobs = (await _indexer.GetAsync("/jobs")).GetProperty("items").EnumerateArray().ToList();
        Assert.Equal(["Cancelled", "Checked", "NoShow", "None", "Unchecked", "WrongResult"], jobs.Select(job => job.GetProperty("outcome").GetString()!).Order(StringComparer.Ordinal));
        foreach (var job in jobs)
        {
            var id = Bytes32.Parse(job.GetProperty("job").GetString()!);
            var expected = await _escrow.ReadAsync<JobStanding>("stateOf", id);
            Assert.Equal((expected.State.ToString(), expected.Outcome.ToString()), (job.GetProperty("state").GetString(), job.GetProperty("outcome").GetString()));
            var one = await _indexer.GetAsync($"/jobs/{id}");
            var history = one.GetProperty("history").EnumerateArray().ToList();
            Assert.Equal("JobOpened", history.First(e => e.GetProperty("event").GetString() is not ("LedgerMoved" or "JobBound")).GetProperty("event").GetString());
            Assert.Equal(
                history.Select(e => e.GetProperty("transactionHash").GetString()).Distinct(),
                one.GetProperty("transactions").EnumerateArray().Select(t => t.GetString()));
            Assert.Equal((await _escrow.RecordAsync(id)).SubmittedAt > 0, job.TryGetProperty("sampled", out var sampled) && sampled.GetBoolean());
        }
    }

    [Fact]
    public async Task A_job_shows_the_record_that_calls_about_it_carry()
    {
        // What has not happened is left out, and zero in a record.
        var options = new JsonSerializerOptions(AssayJson.Options) { RespectRequiredConstructorParameters = false };
        foreach (var job in (await _indexer.GetAsync("/jobs")).GetProperty("items").EnumerateArray())
            Assert.True(await _escrow.ReadAsync<bool>("isRecord", Bytes32.Parse(job.GetProperty("job").GetString()!), job.Deserialize<Job>(options)));
    }

    [Fact]
    public async Task A_balance_at_a_block_is_the_one_the_contract_had_then()
    {
        var client = _escrow.Clients[0].Address;
        var seen = new HashSet<string>();
        for (var block = _escrow.StartBlock; block <= await _escrow.HeadAsync(); block++)
        {
            var available = await _escrow.As(_escrow.Stranger).CallAtAsync<Amount>(block, "available", client);
            var reserved = await _escrow.ReservedAsync(client, block);
            var books = (await _indexer.GetAsync($"/accounts/{client}?block={block}")).GetProperty("books");
            Assert.Equal((available.ToString(), reserved.ToString()), (books.GetProperty("Available").GetString(), books.GetProperty("Reserved").GetString()));
            seen.Add(reserved.ToString());
        }
        // None, one and two jobs of 10 with fees of 1.01 in flight.
        Assert.Equal(["0", "11010000", "22020000"], seen.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_books_add_up_to_what_the_token_says_at_every_block()
    {
        for (var block = _escrow.StartBlock; block <= await _escrow.HeadAsync(); block += 7)
        {
            var then = await _indexer.GetAsync($"/reconciliation?block={block}");
            Assert.True(then.GetProperty("conserved").GetBoolean());
            Assert.Equal("0", then.GetProperty("surplus").GetString());
        }
    }

    [Fact]
    public async Task The_ledger_pages_through_every_movement_once()
    {
        var address = _escrow.Operators[0].Address;
        var entries = new List<string>();
        string? next = "";
        while (next is not null)
        {
            var page = await _indexer.GetAsync($"/accounts/{address}/ledger?limit=2{next}");
            entries.AddRange(page.GetProperty("items").EnumerateArray().Select(e => $"{e.GetProperty("blockNumber")}-{e.GetProperty("logIndex")}"));
            next = page.TryGetProperty("next", out var cursor) ? $"&after={cursor.GetString()}" : null;
        }
        await using var connection = await _indexer.Database.OpenAsync();
        Assert.Equal(
            await connection.QueryAsync<string>(
                "select block_number || '-' || log_index from ledger_moved where account = @address order by block_number desc, log_index desc", new { address }),
            entries);
    }

    [Theory]
    [InlineData("/jobs/0x12", 400, "bad_request")]
    [InlineData("/jobs/0x0000000000000000000000000000000000000000000000000000000000000001", 404, "job_not_found")]
    [InlineData("/jobs?limit=0", 400, "bad_limit")]
    [InlineData("/jobs?state=Sleeping", 400, "bad_request")]
    [InlineData("/jobs?after=x", 400, "bad_cursor")]
    [InlineData("/accounts/0x00000000000000000000000000000000000000Ff", 400, "bad_request")]
    [InlineData("/accounts/0x00000000000000000000000000000000000000ff?block=99999999", 404, "block_not_indexed")]
    [InlineData("/operators/0x00000000000000000000000000000000000000ff", 404, "operator_not_found")]
    [InlineData("/reconciliation?block=-1", 400, "bad_request")]
    [InlineData("/nowhere", 404, "not_found")]
    public async Task A_bad_request_is_answered_with_a_stable_code(string path, int status, string code)
    {
        var problem = await _indexer.GetAsync(path, status);
        Assert.Equal(code, problem.GetProperty("code").GetString());
    }

    [Fact]
    public async Task Jobs_are_found_by_state_outcome_client_and_operator()
    {
        await Count(1, $"/jobs?outcome=Checked&client={_escrow.Clients[0].Address}");
        await Count(0, $"/jobs?outcome=Checked&client={_escrow.Clients[1].Address}");
        await Count(1, $"/jobs?operator={_escrow.Operators[2].Address}&state=Refunded");
        async Task Count(int expected, string path) => Assert.Equal(expected, (await _indexer.GetAsync(path)).GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task The_interface_description_names_every_path()
    {
        var paths = (await _indexer.GetAsync("/openapi/v1.json")).GetProperty("paths").EnumerateObject().Select(path => path.Name).ToHashSet();
        Assert.Superset(
            new HashSet<string> { "/jobs", "/jobs/{job}", "/accounts/{address}", "/accounts/{address}/ledger", "/operators", "/operators/{address}", "/reconciliation" },
            paths);
    }

    [Fact]
    public async Task The_auditors_example_finds_no_difference()
    {
        var script = Path.Combine(Checkout.Find().Root, "docs/examples/audit.mjs");
        var start = new ProcessStartInfo("node", [script, _escrow.Anvil.RpcUrl.ToString(), _escrow.Address.ToString()])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var audit = Process.Start(start)!;
        var (output, error) = (audit.StandardOutput.ReadToEndAsync(), audit.StandardError.ReadToEndAsync());
        await audit.WaitForExitAsync().WaitAsync(TestIndexer.Patience);
        Assert.True(audit.ExitCode == 0, await output + await error);
        Assert.Contains("3 results, 3 sampled, 1 cases; 0 differences", await output);
    }

    private EthApi Web3 => new(new JsonRpcClient(_escrow.Anvil.RpcUrl));
}
