using Assay.Circle.Stack;
using Assay.Indexer.Commands;
using Assay.Testing;

namespace Assay.Indexer.Tests;

public sealed class SchemaTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task The_page_of_the_tables_is_that_of_a_fresh_database()
    {
        await using var database = new IndexerDatabase(postgres.Services[Services.Indexer]);
        await database.MigrateAsync();
        await using var connection = await database.OpenAsync();
        var (page, file) = (await SchemaCommand.DescribeAsync(connection), Path.Combine(Checkout.Find().Root, "docs/schema.md"));
        if (Environment.GetEnvironmentVariable("ASSAY_WRITE_DOCS") == "1")
            await File.WriteAllTextAsync(file, page);
        Assert.Equal(await File.ReadAllTextAsync(file), page);
    }
}
