using System.Numerics;
using Assay.Ethereum.Primitives;
using Assay.Hosting.Database;
using Dapper;
using Npgsql;
using Assay.Testing;

namespace Assay.Hosting.Tests;

public sealed class DatabaseTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private sealed record Values(Address Address, Bytes32 Hash, BigInteger Big, Int128 Wide, ulong Number, uint Small, Bytes32? Missing);

    [Fact]
    public async Task Addresses_hashes_and_wide_integers_come_back_as_they_went()
    {
        await using var database = await SampleDatabase.CreateAsync(postgres.ConnectionString);
        await using var connection = await database.OpenAsync();
        var sent = new Values(
            Address.Parse("0x00000000000000000000000000000000000000ff"), Bytes32.FromBigInteger(7), BigInteger.Pow(2, 256) - 1, -Int128.MaxValue, long.MaxValue,
            uint.MaxValue, null);
        var got = await connection.QuerySingleAsync<Values>(
            """
            select @Address as "Address", @Hash as "Hash", @Big::numeric::text as "Big", @Wide::numeric::text as "Wide", @Number as "Number",
                @Small as "Small", @Missing::bytea as "Missing"
            """, sent);
        Assert.Equal(sent, got);
    }

    [Fact]
    public async Task Instances_that_start_together_migrate_once()
    {
        await using var first = await SampleDatabase.CreateAsync(postgres.ConnectionString);
        await using var second = first.Again();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => (i % 2 == 0 ? first : second).MigrateAsync()));
        await using var connection = await first.OpenAsync();
        Assert.Equal(1, await connection.ExecuteScalarAsync<int>("select count(*) from schema_version where source = 'Assay.Hosting.Tests'"));
    }

    [Fact]
    public async Task A_script_that_changed_after_it_was_applied_refuses_the_start()
    {
        await using var database = await SampleDatabase.CreateAsync(postgres.ConnectionString);
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync("update schema_version set digest = 'another' where source = 'Assay.Hosting.Tests'");
        var refused = await Assert.ThrowsAsync<StartRefusedException>(() => database.MigrateAsync());
        Assert.Contains("001_effects", refused.Message);
    }

    [Fact]
    public async Task A_transaction_that_throws_leaves_nothing()
    {
        await using var database = await SampleDatabase.CreateAsync(postgres.ConnectionString);
        await Assert.ThrowsAsync<PostgresException>(() => database.InTransactionAsync(async transaction =>
        {
            await transaction.Connection!.ExecuteAsync("insert into effects (what) values ('half')", transaction: transaction);
            await transaction.Connection!.ExecuteAsync("select 1/0", transaction: transaction);
        }));
        await using var connection = await database.OpenAsync();
        Assert.Equal(0, await connection.ExecuteScalarAsync<int>("select count(*) from effects"));
    }
}
