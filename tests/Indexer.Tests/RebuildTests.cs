using Assay.Circle.Stack;
using Assay.Ethereum;
using Assay.Hosting;
using Assay.Indexer.Commands;
using Assay.Indexer.Sync;
using Assay.Testing;
using Dapper;
using Microsoft.Extensions.Logging.Abstractions;

namespace Assay.Indexer.Tests;

public sealed class RebuildTests(PostgresFixture postgres, ChainFixture chain) : IClassFixture<PostgresFixture>, IClassFixture<ChainFixture>, IAsyncLifetime
{
    private TestEscrow _escrow = null!;
    private string _database = "";

    public async Task InitializeAsync()
    {
        _escrow = await TestEscrow.DeployAsync(chain.Chain);
        await _escrow.LiveALittleAsync();
        _database = (await postgres.CreateDatabaseAsync())[Services.Indexer];
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Rebuilding_gives_the_same_bytes_sequences_included_while_the_index_goes_on()
    {
        await using var indexer = await TestIndexer.StartAsync(_escrow, _database, settings => settings["Chain:Confirmations"] = "50");
        await indexer.CaughtUpAsync();
        await _escrow.ReorgAsync(5);
        await _escrow.SendAsync(_escrow.Clients[0], "deposit", 3);
        await indexer.CaughtUpAsync();
        var before = await BytesAsync(indexer);
        var outcome = await RebuildAsync();
        Assert.Empty(outcome.Different);
        Assert.Equal(before, await BytesAsync(indexer));
        await _escrow.SendAsync(_escrow.Clients[0], "deposit", 4);
        await indexer.CaughtUpAsync();
    }

    [Fact]
    public async Task Rebuilding_mends_what_is_wrong_and_says_where()
    {
        await using var indexer = await TestIndexer.StartAsync(_escrow, _database);
        await indexer.CaughtUpAsync();
        var right = await indexer.DigestAsync();
        await using (var connection = await indexer.Database.OpenAsync())
            await connection.ExecuteAsync(
                """
                update jobs set outcome = 'Delivered' where outcome = 'Checked';
                update balances set balance = balance + 1 where book = 'Bond';
                delete from seed_recorded;
                """);
        var outcome = await RebuildAsync();
        Assert.Equal(["balances", "jobs", "seed_recorded"], outcome.Different);
        Assert.Equal(right, await indexer.DigestAsync());
    }

    [Fact]
    public async Task An_index_that_was_killed_again_and_again_is_the_one_that_never_was()
    {
        for (var i = 0; i < 6; i++)
        {
            await using var interrupted = await TestIndexer.StartAsync(_escrow, _database, settings => settings["BatchBlocks"] = "3");
            await Waiting.Until(async () => await IndexedAsync(interrupted) > (long)_escrow.StartBlock + 8 * i, TestIndexer.Patience, "some blocks");
            // The connections are cut as a crash cuts them, in the middle of whatever goes on.
            await using var connection = await interrupted.Database.OpenAsync();
            await connection.ExecuteAsync("select pg_terminate_backend(pid) from pg_stat_activity where usename = current_user and pid <> pg_backend_pid()");
        }
        await using var survivor = await TestIndexer.StartAsync(_escrow, _database);
        await survivor.CaughtUpAsync();
        await using var never = await TestIndexer.StartAsync(_escrow, (await postgres.CreateDatabaseAsync())[Services.Indexer]);
        await never.CaughtUpAsync();
        Assert.Equal(await never.DigestAsync(), await survivor.DigestAsync());
    }

    [Fact]
    public async Task A_second_instance_stands_by_and_takes_over()
    {
        var first = await TestIndexer.StartAsync(_escrow, _database);
        await first.CaughtUpAsync();
        await using var second = await TestIndexer.StartAsync(_escrow, _database);
        await Waiting.Until(async () => await RoleAsync(second) == "Standby", TestIndexer.Patience, "the second to stand by");
        Assert.Equal("Writer", await RoleAsync(first));
        await second.GetAsync("/jobs");
        await first.DisposeAsync();
        await _escrow.SendAsync(_escrow.Clients[0], "deposit", 2);
        await second.CaughtUpAsync();
        Assert.Equal("Writer", await RoleAsync(second));
    }

    [Fact]
    public async Task A_database_of_another_contract_refuses_the_start()
    {
        await using (await TestIndexer.StartAsync(_escrow, _database)) { }
        var other = await TestEscrow.DeployAsync(chain.Chain);
        var refused = await Assert.ThrowsAsync<StartRefusedException>(() => TestIndexer.StartAsync(other, _database));
        Assert.Contains(_escrow.Address.ToString(), refused.Message);
    }

    [Theory]
    [InlineData("Chain:Id", "5", "reports chain id 31337, expected 5")]
    [InlineData("Chain:Escrow", "0x00000000000000000000000000000000000000ff", "no contract")]
    [InlineData("Chain:Escrow", "0xff", "Chain:Escrow: is not an address")]
    [InlineData("PollMilliseconds", "1", "PollMilliseconds")]
    public async Task Settings_that_cannot_be_right_refuse_the_start(string name, string value, string reason)
    {
        var refused = await Assert.ThrowsAsync<StartRefusedException>(() => TestIndexer.StartAsync(_escrow, _database, settings => settings[name] = value));
        Assert.Contains(reason, refused.Message);
    }

    private async Task<Rebuild.Outcome> RebuildAsync()
    {
        var options = TestIndexer.Options(_escrow, _database);
        await using var database = new IndexerDatabase(_database);
        using var escrow = new EscrowOnChain(new Web3(options.Chain.RpcUrl), _escrow.Address);
        return await new Rebuild(database, escrow.Reader, options).RunAsync(CancellationToken.None);
    }

    /// <summary>Every row of every table, withdrawn ones and sequences included.</summary>
    private static async Task<IReadOnlyList<string>> BytesAsync(TestIndexer indexer)
    {
        await using var connection = await indexer.Database.OpenAsync();
        var rows = new List<string>();
        foreach (var table in (string[])["blocks", "events", "retractions", "jobs", "balances", "operators", .. EventTables.Names])
            rows.AddRange(await connection.QueryAsync<string>($"select to_jsonb(t)::text from {table} t order by 1"));
        return rows;
    }

    private static async Task<long> IndexedAsync(TestIndexer indexer)
    {
        await using var connection = await indexer.Database.OpenAsync();
        return await connection.ExecuteScalarAsync<long?>("select indexed_number from chain") ?? 0;
    }

    private static async Task<string?> RoleAsync(TestIndexer indexer)
    {
        using var response = await indexer.Http.GetAsync("/health");
        var health = System.Text.Json.JsonSerializer.Deserialize<System.Text.Json.JsonElement>(await response.Content.ReadAsStringAsync());
        return health.GetProperty("parts").GetProperty("indexer").GetProperty("data").GetProperty("role").GetString();
    }
}
