using Assay.Hosting.Messaging;
using Dapper;
using Npgsql;
using Assay.Testing;

namespace Assay.Hosting.Tests;

public sealed class InboxTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task A_message_that_comes_twice_at_the_same_time_has_its_effect_once()
    {
        await using var database = await SampleDatabase.CreateAsync(postgres.ConnectionString);
        var inbox = new Inbox<SampleDatabase>(database);
        var message = Guid.NewGuid();
        var handled = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => inbox.HandleAsync(message, "count", CountAsync)));
        Assert.Equal(1, handled.Count(done => done));
        Assert.Equal(1, await EffectsAsync(database));
    }

    [Fact]
    public async Task Work_that_fails_leaves_the_message_unhandled()
    {
        await using var database = await SampleDatabase.CreateAsync(postgres.ConnectionString);
        var inbox = new Inbox<SampleDatabase>(database);
        var message = Guid.NewGuid();
        await Assert.ThrowsAsync<InvalidOperationException>(() => inbox.HandleAsync(message, "count", async transaction =>
        {
            await CountAsync(transaction);
            throw new InvalidOperationException("half-way");
        }));
        Assert.Equal(0, await EffectsAsync(database));
        Assert.True(await inbox.HandleAsync(message, "count", CountAsync));
        Assert.Equal(1, await EffectsAsync(database));
    }

    [Fact]
    public async Task Two_effects_of_one_message_are_counted_apart()
    {
        await using var database = await SampleDatabase.CreateAsync(postgres.ConnectionString);
        var inbox = new Inbox<SampleDatabase>(database);
        var message = Guid.NewGuid();
        Assert.True(await inbox.HandleAsync(message, "one", CountAsync));
        Assert.True(await inbox.HandleAsync(message, "other", CountAsync));
        Assert.Equal(2, await EffectsAsync(database));
    }

    private static Task CountAsync(NpgsqlTransaction transaction) =>
        transaction.Connection!.ExecuteAsync("insert into effects (what) values ('handled')", transaction: transaction);

    private static async Task<int> EffectsAsync(SampleDatabase database)
    {
        await using var connection = await database.OpenAsync();
        return await connection.ExecuteScalarAsync<int>("select count(*) from effects");
    }
}
