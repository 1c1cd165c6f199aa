namespace Assay.Architecture.Tests;

/// <summary>The table of references in docs/architecture.md, and docs/adr/0001-circle-composition-root.md.</summary>
public sealed class ReferenceTests
{
    private static readonly Dictionary<string, string[]> allowed = new()
    {
        ["Ethereum"] = [],
        ["Ethereum.Generator"] = [],
        ["Protocol"] = ["Ethereum", "Ethereum.Generator"],
        ["Hosting"] = ["Ethereum"],
        ["Indexer"] = ["Ethereum", "Protocol", "Hosting"],
        ["Verifier"] = ["Ethereum", "Protocol", "Hosting"],
        ["Settlement"] = ["Ethereum", "Protocol", "Hosting"],
        ["NodeAgent"] = ["Ethereum", "Protocol"],
        ["Console"] = [],
        ["Circle"] = ["Ethereum", "Protocol", "Hosting", "Indexer", "Verifier", "Settlement", "NodeAgent"],
    };

    public static TheoryData<string> SourceProjects => new(Project.Sources.Select(project => project.Name));

    [Theory]
    [MemberData(nameof(SourceProjects))]
    public void A_project_references_only_what_the_table_allows(string name)
    {
        Assert.True(allowed.TryGetValue(name, out var permitted), $"src/{name} is not in the table of references: decide its row first.");

        Assert.Subset(permitted.ToHashSet(), Project.Named(name).Projects.ToHashSet());
    }

    [Theory]
    [InlineData("Ethereum", "MassTransit", "Npgsql", "Dapper", "RabbitMQ", "Microsoft.AspNetCore")]
    [InlineData("Protocol", "MassTransit", "Npgsql", "Dapper", "RabbitMQ", "Microsoft.AspNetCore")]
    [InlineData("NodeAgent", "MassTransit", "Npgsql", "Dapper", "RabbitMQ")]
    public void A_project_sees_no_package_that_the_table_forbids(string name, params string[] forbidden)
    {
        var project = Project.Named(name);

        Assert.DoesNotContain(project.VisiblePackages(), package => forbidden.Any(prefix => package.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)));
    }

    [Theory]
    [InlineData("Ethereum")]
    [InlineData("Protocol")]
    [InlineData("NodeAgent")]
    public void A_project_that_runs_outside_the_services_needs_no_web_server(string name) =>
        Assert.Empty(Project.Named(name).Frameworks);

    [Fact]
    public void The_lock_files_of_libraries_resolve_no_database_and_no_bus()
    {
        // What a package brings along shows only in the resolved graph.
        foreach (var name in new[] { "Ethereum", "Protocol", "NodeAgent" })
        {
            var resolved = File.ReadAllText(Path.Combine(Path.GetDirectoryName(Project.Named(name).Path)!, "packages.lock.json"));
            Assert.DoesNotContain("\"Npgsql", resolved, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("\"MassTransit", resolved, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("\"RabbitMQ", resolved, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public void No_source_project_references_a_test_project() =>
        Assert.All(Project.Sources, project => Assert.Empty(project.Projects.Intersect(Project.Tests.Select(test => test.Name))));

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        var solution = File.ReadAllText(Path.Combine(Tree.Root, "Settlement.sln"));

        Assert.All(Project.All, project => Assert.Contains($"{project.Name}.csproj\"", solution, StringComparison.Ordinal));
    }
}
