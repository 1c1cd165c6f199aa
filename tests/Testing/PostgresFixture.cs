using Assay.Circle.Stack;

namespace Assay.Testing;

/// <summary>A fresh database for one test class, on a real PostgreSQL server that the classes of one test process share.</summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    private static readonly SharedServer<PostgresServer> shared = new(
        (checkout, folder) => PostgresServer.StartAsync(checkout, folder, new PostgresOptions(Durable: false)),
        server => server.Kill());

    private static int created;

    private readonly List<Databases> databases = [];

    public PostgresServer Server { get; private set; } = null!;

    /// <summary>The connection strings of the class' own database.</summary>
    public Databases Database => databases[0];

    /// <summary>For the owner of the class' database, who may do everything in it.</summary>
    public string ConnectionString => Database.Owner;

    /// <summary>For each service, by its name; each owns the schema of that name.</summary>
    public IReadOnlyDictionary<string, string> Services => Database.Services;

    public async Task InitializeAsync()
    {
        Server = await shared.GetAsync();
        await CreateDatabaseAsync();
    }

    /// <summary>One more database, for a test that must not see what others of its class have left.</summary>
    public async Task<Databases> CreateDatabaseAsync()
    {
        var database = await Server.CreateDatabaseAsync($"test_{Interlocked.Increment(ref created)}");
        lock (databases)
            databases.Add(database);
        return database;
    }

    public async Task DisposeAsync()
    {
        foreach (var database in databases)
            await Server.DropDatabaseAsync(database);
    }
}
