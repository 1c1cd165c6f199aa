using System.Xml.Linq;

namespace Assay.Architecture.Tests;

/// <summary>A project file as it is written, without what the build adds.</summary>
internal sealed record Project(string Name, string Path, IReadOnlySet<string> Projects, IReadOnlyList<PackageUse> Packages, IReadOnlySet<string> Frameworks)
{
    public static IReadOnlyList<Project> Sources { get; } = In("src");

    public static IReadOnlyList<Project> Tests { get; } = In("tests");

    public static IEnumerable<Project> All => Sources.Concat(Tests);

    public static Project Named(string name) => Sources.Single(project => project.Name == name);

    /// <summary>The packages that this project and the projects below it ask for: what its code can see.</summary>
    public IReadOnlySet<string> VisiblePackages() =>
        Packages.Select(package => package.Name).Concat(Projects.SelectMany(name => Named(name).VisiblePackages())).ToHashSet();

    private static List<Project> In(string folder) =>
        Tree.Files(folder, "*.csproj").Select(Read).ToList();

    private static Project Read(string path)
    {
        var xml = XDocument.Load(path);
        return new Project(
            System.IO.Path.GetFileNameWithoutExtension(path),
            path,
            Includes(xml, "ProjectReference").Select(reference => System.IO.Path.GetFileNameWithoutExtension(reference)).ToHashSet(),
            xml.Descendants("PackageReference").Select(use => new PackageUse(use.Attribute("Include")!.Value, use.Attribute("Version")?.Value ?? use.Attribute("VersionOverride")?.Value)).ToList(),
            Includes(xml, "FrameworkReference").ToHashSet());
    }

    private static IEnumerable<string> Includes(XDocument xml, string element) =>
        xml.Descendants(element).Select(item => item.Attribute("Include")!.Value);
}

internal sealed record PackageUse(string Name, string? Version);
