using Assay.Circle.Stack;
using Assay.Testing;
using Dapper;

namespace Assay.Indexer.Tests;

public sealed class ReconciliationTests(PostgresFixture postgres, ChainFixture chain) : IClassFixture<PostgresFixture>, IClassFixture<ChainFixture>
{
    [Fact]
    public async Task A_gift_is_surplus_and_a_missing_movement_is_found()
    {
        var escrow = await TestEscrow.DeployAsync(chain.Chain);
        await using var indexer = await TestIndexer.StartAsync(escrow, postgres.Services[Services.Indexer]);
        await escrow.SendTokenAsync(escrow.Minter, "mint", escrow.Address, 5);
        await indexer.CaughtUpAsync();
        var now = await indexer.GetAsync("/reconciliation");
        Assert.Equal(("5", true), (now.GetProperty("surplus").GetString(), now.GetProperty("conserved").GetBoolean()));

        await escrow.SendAsync(escrow.Clients[0], "withdraw", 1);
        await indexer.CaughtUpAsync();
        await using (var connection = await indexer.Database.OpenAsync())
            await connection.ExecuteAsync("delete from ledger_moved where sequence = (select min(sequence) from ledger_moved)");
        Assert.False((await indexer.GetAsync("/reconciliation")).GetProperty("conserved").GetBoolean());
    }

    [Theory]
    [InlineData("delete from jobs")]
    [InlineData("update jobs set ended_block = opened_block")]
    [InlineData("delete from ledger_moved where sequence = (select min(sequence) from ledger_moved where reason = 'Reservation')")]
    public async Task What_jobs_in_flight_reserve_is_owed_too_and_what_is_missing_of_it_is_found(string loss)
    {
        var escrow = await TestEscrow.DeployAsync(chain.Chain);
        await using var indexer = await TestIndexer.StartAsync(escrow, (await postgres.CreateDatabaseAsync())[Services.Indexer]);
        await escrow.OpenAsync();
        await escrow.OpenAsync(worker: 1);
        await indexer.CaughtUpAsync();
        var now = await indexer.GetAsync("/reconciliation");
        Assert.Equal(("22020000", "0", true),
            (now.GetProperty("books").GetProperty("Reserved").GetString(), now.GetProperty("surplus").GetString(), now.GetProperty("conserved").GetBoolean()));

        await using (var connection = await indexer.Database.OpenAsync())
            await connection.ExecuteAsync(loss);
        Assert.False((await indexer.GetAsync("/reconciliation")).GetProperty("conserved").GetBoolean());
    }
}
