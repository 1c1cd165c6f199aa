using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Assay.Architecture.Tests;

public sealed partial class PackageTests
{
    [Fact]
    public void Versions_of_packages_stand_in_Directory_Packages_props_only() =>
        Assert.All(Project.All, project => Assert.All(project.Packages, use => Assert.True(use.Version is null, $"{project.Name} sets the version of {use.Name}.")));

    [Fact]
    public void Every_central_version_is_exact()
    {
        var versions = XDocument.Load(Path.Combine(Tree.Root, "Directory.Packages.props")).Descendants("PackageVersion").Select(item => item.Attribute("Version")!.Value);

        Assert.All(versions, version => Assert.Matches(ExactVersion(), version));
    }

    [Fact]
    public void Every_project_has_its_lock_file() =>
        Assert.All(Project.All, project => Assert.True(
            File.Exists(Path.Combine(Path.GetDirectoryName(project.Path)!, "packages.lock.json")), $"{project.Name} has no packages.lock.json."));

    [Fact]
    public void Every_npm_version_is_exact()
    {
        using var package = JsonDocument.Parse(File.ReadAllText(Path.Combine(Tree.Root, "package.json")));
        var versions = new[] { "dependencies", "devDependencies", "optionalDependencies" }
            .SelectMany(section => package.RootElement.GetProperty(section).EnumerateObject())
            .Select(dependency => dependency.Value.GetString()!);

        Assert.All(versions, version => Assert.Matches(ExactVersion(), version));
    }

    [GeneratedRegex(@"^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$")]
    private static partial Regex ExactVersion();
}
