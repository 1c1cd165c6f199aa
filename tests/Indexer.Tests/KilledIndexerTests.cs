using System.Diagnostics;
using Assay.Circle.Stack;
using Assay.Hosting.Messaging;
using Assay.Hosting.Options;
using Assay.Testing;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Assay.Indexer.Tests;

/// <summary>The program, killed as a machine that loses its power kills it, wherever it happens to be.</summary>
public sealed class KilledIndexerTests(PostgresFixture postgres, ChainFixture chain, BrokerFixture broker)
    : IClassFixture<PostgresFixture>, IClassFixture<ChainFixture>, IClassFixture<BrokerFixture>, IAsyncLifetime
{
    private const int Kills = 6;

    private readonly string _vhost = $"killed-{Guid.NewGuid():N}";
    private readonly Heard _heard = new();
    private TestEscrow _escrow = null!;
    private IDictionary<string, string?> _settings = null!;
    private IHost _listener = null!;
    private IndexerDatabase _database = null!;

    public async Task InitializeAsync()
    {
        _escrow = await TestEscrow.DeployAsync(chain.Chain);
        await broker.Broker.CreateVhostAsync(_vhost);
        _settings = TestIndexer.Settings(_escrow, (await postgres.CreateDatabaseAsync())[Services.Indexer]);
        (_settings["Chain:Confirmations"], _settings["BatchBlocks"]) = ("50", "2");
        _settings["Bus:Uri"] = broker.Broker.Address(RabbitBroker.Admin, _vhost).ToString();
        _database = new(_settings["Database:ConnectionString"]!);
        await _database.MigrateAsync();
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(_heard).AddSingleton(TimeProvider.System)
            // One message at a time, so that the order of arrival is the order of the queue.
            .AddAssayBus(new BusOptions { Uri = _settings["Bus:Uri"]!, Concurrency = 1, Prefetch = 1 }, bus => bus.AddServiceConsumer<HearingConsumer>("listener"));
        _listener = builder.Build();
        await _listener.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await _listener.StopAsync();
        _listener.Dispose();
        await _database.DisposeAsync();
        await broker.Broker.DeleteVhostAsync(_vhost);
    }

    [Fact]
    public async Task Rows_position_and_announcements_agree_after_every_kill_and_in_the_end_nothing_is_missing_or_twice()
    {
        await _escrow.LiveALittleAsync();
        var random = new Random(5);
        for (var kill = 0; kill < Kills; kill++)
        {
            using (var process = Start())
            {
                var until = await ProgressAsync() + random.Next(1, 40);
                await Waiting.Until(async () => process.HasExited || await ProgressAsync() >= until, TestIndexer.Patience, "some progress");
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync();
                Assert.Equal(137, process.ExitCode);
            }
            await AgreeAsync();
            // What is read next does not follow what was read last.
            if (kill % 2 == 1)
                await _escrow.ReorgAsync(random.Next(1, 12));
            await _escrow.SendAsync(_escrow.Clients[0], "deposit", kill + 1);
        }
        await using (var survivor = await TestIndexer.StartAsync(_escrow, _settings["Database:ConnectionString"]!, settings => settings["Bus:Uri"] = _settings["Bus:Uri"]))
        {
            await survivor.CaughtUpAsync();
            await using var never = await TestIndexer.StartAsync(_escrow, (await postgres.CreateDatabaseAsync())[Services.Indexer]);
            await never.CaughtUpAsync();
            Assert.Equal(await never.DigestAsync(), await survivor.DigestAsync());
            var stored = await SequencesAsync();
            await Waiting.Until(() => stored.All(sequence => _heard.Events.Any(heard => heard.Sequence == sequence)), TestIndexer.Patience, "every announcement");
        }
        // Repetitions have the ids of the first time, and those come in the order of the chain.
        var first = _heard.Events.DistinctBy(heard => heard.Id).Select(heard => heard.Sequence).ToList();
        Assert.Equal(await SequencesAsync(), first);
    }

    private async Task AgreeAsync()
    {
        await using var connection = await _database.OpenAsync();
        Assert.True(await connection.ExecuteScalarAsync<bool>(
            """
            select c.sequence >= coalesce((select max(sequence) from (select sequence from events union all select sequence from retractions) told), 0)
                and c.indexed_number is not distinct from (select max(number) from blocks where orphaned_by is null)
                and c.indexed_hash is not distinct from (select hash from blocks where orphaned_by is null order by number desc limit 1)
                and p.sequence <= c.sequence
                and (select count(*) from live) = (select count(*) from events e join blocks b on b.hash = e.block_hash where b.orphaned_by is null)
            from chain c cross join publication p
            """), "Rows and position do not agree.");
        // What was told is marked afterwards, never before.
        var marked = await connection.ExecuteScalarAsync<ulong>("select sequence::text from publication");
        await Waiting.Until(() => marked == 0 || _heard.Events.Any(heard => heard.Sequence >= marked), TestIndexer.Patience, $"announcement {marked}, which is marked as made");
    }

    private async Task<long> ProgressAsync()
    {
        await using var connection = await _database.OpenAsync();
        return await connection.ExecuteScalarAsync<long?>("select indexed_number + (select sequence from publication) from chain") ?? 0;
    }

    private async Task<IReadOnlyList<ulong>> SequencesAsync()
    {
        await using var connection = await _database.OpenAsync();
        return (await connection.QueryAsync<ulong>("select sequence from events union all select sequence from retractions order by 1")).AsList();
    }

    private Process Start() => Process.Start(new ProcessStartInfo("dotnet", [typeof(IndexerService).Assembly.Location, .. _settings.Select(setting => $"--{setting.Key}={setting.Value}")])
    {
        // Read by nobody: it writes little enough.
        RedirectStandardOutput = true, RedirectStandardError = true,
    })!;
}
