using System.Text.RegularExpressions;

namespace Assay.Architecture.Tests;

public sealed partial class SourceTests
{
    private static readonly string[] texts =
        [".cs", ".csproj", ".props", ".sln", ".sql", ".sol", ".js", ".mjs", ".ts", ".json", ".md", ".sh", ".yml", ".yaml", ".py", ""];

    [Fact]
    public void No_file_names_a_folder_of_the_machine_it_was_written_on()
    {
        var found = Tree.Files("")
            .Where(file => texts.Contains(Path.GetExtension(file)) && new FileInfo(file).Length < 2_000_000)
            .SelectMany(file => File.ReadLines(file).Select((line, index) => (Line: line, Place: $"{Path.GetRelativePath(Tree.Root, file)}:{index + 1}")))
            .Where(text => MachinePath().IsMatch(text.Line))
            .Select(text => text.Place);

        Assert.Empty(found);
    }

    [Fact]
    public void Every_source_file_has_the_namespace_of_its_project()
    {
        var wrong = Project.All.SelectMany(project => Tree.Files(Path.GetRelativePath(Tree.Root, Path.GetDirectoryName(project.Path)!), "*.cs")
            .Where(file => File.ReadLines(file)
                .Where(line => line.StartsWith("namespace ", StringComparison.Ordinal))
                .Any(line => !Regex.IsMatch(line, $@"^namespace Assay\.{Regex.Escape(project.Name)}(\.|;)")))
            .Select(file => Path.GetRelativePath(Tree.Root, file)));

        Assert.Empty(wrong);
    }

    // Home folders and work folders of a person's machine; the pattern is built so that this file does not match itself.
    [GeneratedRegex("(?<![A-Za-z0-9.])/(?:" + "work" + "|home/[a-z]+|root" + ")/[A-Za-z]")]
    private static partial Regex MachinePath();
}
