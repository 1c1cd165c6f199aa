using Assay.Circle.Stack;
using Assay.Testing;
using Npgsql;

namespace Assay.Circle.Tests;

public sealed class PostgresServerTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task A_service_may_use_its_own_schema_and_no_other()
    {
        await ExecuteAsync(postgres.Services[Services.Indexer], "create table indexer.facts (id int); create schema if not exists indexer");

        var refused = await Assert.ThrowsAsync<PostgresException>(
            () => ExecuteAsync(postgres.Services[Services.Verifier], "select * from indexer.facts"));

        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
        await ExecuteAsync(postgres.ConnectionString, "select * from indexer.facts");
    }

    [Fact]
    public async Task A_wrong_password_is_refused()
    {
        var wrong = new NpgsqlConnectionStringBuilder(postgres.ConnectionString) { Password = "wrong", Pooling = false }.ConnectionString;

        var refused = await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(wrong, "select 1"));

        Assert.Equal(PostgresErrorCodes.InvalidPassword, refused.SqlState);
    }

    [Fact]
    public async Task Committed_rows_survive_the_kill_of_a_durable_server()
    {
        var checkout = Checkout.Find();
        using var folder = RunFolder.Create(checkout);
        await using var server = await PostgresServer.StartAsync(checkout, folder);
        var database = await server.CreateDatabaseAsync("assay");
        await ExecuteAsync(database.Owner, "create table rows (id int); insert into rows values (1)");

        server.Kill();
        await server.RestartAsync();

        Assert.Equal(1L, await ExecuteAsync(database.Owner, "select count(*) from rows"));
    }

    private static async Task<object?> ExecuteAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
