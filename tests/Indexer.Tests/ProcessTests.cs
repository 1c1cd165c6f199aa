using System.Diagnostics;
using System.Text.RegularExpressions;
using Assay.Circle.Stack;
using Assay.Testing;
using Dapper;
using Npgsql;

namespace Assay.Indexer.Tests;

/// <summary>The program as it is started by hand.</summary>
public sealed class ProcessTests(PostgresFixture postgres, ChainFixture chain) : IClassFixture<PostgresFixture>, IClassFixture<ChainFixture>
{
    [Fact]
    public async Task Help_names_every_setting_with_its_default()
    {
        var (code, output, _) = await RunAsync("--help");
        Assert.Equal(0, code);
        foreach (var setting in (string[])["--Chain:RpcUrl", "--Chain:Confirmations", "--Database:ReadConnectionString", "--Bus:Uri", "--PollMilliseconds", "--Finality"])
            Assert.Contains(setting, output);
        Assert.Contains("rebuild | digest | announce | accept-reorg", output);
        Assert.Contains("(default 12)", output);
        Assert.Matches(@"--Chain:Id .*\(required\)", output);
        Assert.Matches(@"accept-reorg --From=BLOCK +\S.*\(required\)", output);
    }

    [Theory]
    [InlineData("--Chain:Id=1", "Chain:RpcUrl")]
    [InlineData("sing", "unknown command 'sing'")]
    public async Task A_start_that_cannot_work_ends_with_code_2_and_one_line(string argument, string reason)
    {
        var (code, _, error) = await RunAsync(argument);
        Assert.Equal(2, code);
        Assert.Contains(reason, Assert.Single(error.Trim().Split('\n')));
    }

    [Fact]
    public async Task A_node_of_another_chain_ends_the_start_with_code_2()
    {
        var escrow = await TestEscrow.DeployAsync(chain.Chain);
        var settings = TestIndexer.Settings(escrow, postgres.Services[Services.Indexer]);
        settings["Chain:Id"] = "5";
        var (code, _, error) = await RunAsync([.. settings.Select(setting => $"--{setting.Key}={setting.Value}")]);
        Assert.Equal(2, code);
        Assert.Equal("indexer: The node reports chain id 31337, expected 5.", error.Trim());
    }

    [Theory]
    [InlineData("", "Bus:Uri")]
    [InlineData("", "Database:ConnectionString")]
    [InlineData("digest", "Database:ConnectionString")]
    public async Task A_server_that_is_absent_ends_the_start_with_code_2_and_one_line(string command, string setting)
    {
        var settings = TestIndexer.Settings(await TestEscrow.DeployAsync(chain.Chain), (await postgres.CreateDatabaseAsync())[Services.Indexer]);
        settings["Bus:StartSeconds"] = settings["Database:StartSeconds"] = "0";
        settings[setting] = setting == "Bus:Uri" ? "amqp://indexer:geheim@127.0.0.1:1/assay" : "Host=127.0.0.1;Port=1;Username=indexer;Password=geheim;Database=assay";
        string[] arguments = [.. settings.Select(value => $"--{value.Key}={value.Value}")];
        var (code, output, error) = await RunAsync(command == "" ? arguments : [command, .. arguments]);
        Assert.Equal(2, code);
        var line = Assert.Single(error.Trim().Split('\n'));
        Assert.Contains($"({setting}): ", line);
        Assert.DoesNotContain("geheim", output + error);
    }

    [Fact]
    public async Task Rebuild_and_digest_print_the_same_lines()
    {
        var escrow = await TestEscrow.DeployAsync(chain.Chain);
        var database = (await postgres.CreateDatabaseAsync())[Services.Indexer];
        await using (var indexer = await TestIndexer.StartAsync(escrow, database))
            await indexer.CaughtUpAsync();
        string[] settings = [.. TestIndexer.Settings(escrow, database).Select(setting => $"--{setting.Key}={setting.Value}")];
        var (code, digest, _) = await RunAsync(["digest", .. settings]);
        Assert.Equal((0, digest), ((await RunAsync(["rebuild", .. settings])) is var rebuilt ? (rebuilt.Code, rebuilt.Output) : default));
        Assert.Equal(0, code);
        Assert.Contains("ledger_moved", digest);
    }

    [Fact]
    public async Task Answers_come_through_the_read_only_role_where_one_is_given()
    {
        var escrow = await TestEscrow.DeployAsync(chain.Chain);
        var databases = await postgres.CreateDatabaseAsync();
        var reader = new NpgsqlConnectionStringBuilder(databases[Services.Indexer]) { Options = "-c default_transaction_read_only=on", ApplicationName = "reader" };
        await using var indexer = await TestIndexer.StartAsync(
            escrow, databases[Services.Indexer], settings => settings["Database:ReadConnectionString"] = reader.ConnectionString);
        await indexer.CaughtUpAsync();
        await indexer.GetAsync("/operators");
        await using var connection = await indexer.Database.OpenAsync();
        Assert.True(await connection.ExecuteScalarAsync<bool>("select exists (select from pg_stat_activity where application_name = 'reader' and query ilike '%commit%')"));
    }

    [Fact]
    public async Task The_auditors_role_of_the_page_reads_the_querys_rows_and_writes_nothing()
    {
        var blocks = Regex.Matches(await File.ReadAllTextAsync(Path.Combine(Checkout.Find().Root, "docs/auditor.md")), "^```sql\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)
            .Select(match => match.Groups[1].Value).ToList();
        var escrow = await TestEscrow.DeployAsync(chain.Chain);
        var databases = await postgres.CreateDatabaseAsync();
        await using var indexer = await TestIndexer.StartAsync(escrow, databases[Services.Indexer]);
        await indexer.CaughtUpAsync();
        await using var owner = await indexer.Database.OpenAsync();
        await using var admin = new NpgsqlConnection(postgres.Server.AdminConnectionString);
        await admin.ExecuteAsync(blocks[0]);
        await admin.ExecuteAsync($"grant connect on database {databases.Name} to auditor");
        await owner.ExecuteAsync(blocks[1]);
        var connection = new NpgsqlConnectionStringBuilder(databases.Owner) { Username = "auditor", Password = "change me", Pooling = false };
        await using var auditor = new NpgsqlConnection(connection.ConnectionString);
        var rows = await auditor.QueryAsync(blocks[2].Replace("318", $"{await escrow.HeadAsync()}", StringComparison.Ordinal));
        Assert.Equal(await owner.ExecuteScalarAsync<int>("select count(*) from balances"), rows.Count());
        await Assert.ThrowsAsync<PostgresException>(() => auditor.ExecuteAsync("set default_transaction_read_only = off; delete from balances"));
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(IndexerService).Assembly.Location, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(TestIndexer.Patience);
        return (process.ExitCode, await output, await error);
    }
}
