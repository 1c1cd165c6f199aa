using Assay.Hosting.Database;

namespace Assay.Hosting.Tests;

/// <summary>The schema of a service that exists only here; its one table counts effects.</summary>
public sealed class SampleDatabase(string connectionString, string schema) : ServiceDatabase(CreateSource(connectionString, schema), schema)
{
    /// <summary>A fresh schema, so that tests of one class do not see each other's rows.</summary>
    public static async Task<SampleDatabase> CreateAsync(string connectionString)
    {
        var database = new SampleDatabase(connectionString, $"sample_{Guid.NewGuid():N}");
        await database.MigrateAsync();
        return database;
    }

    /// <summary>The same schema through another pool, as another process has it.</summary>
    public SampleDatabase Again() => new(connectionString, Schema);
}
