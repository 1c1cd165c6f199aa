using System.Globalization;
using System.Text.RegularExpressions;

namespace Assay.Architecture.Tests;

/// <summary>Pages may not point into nothing, and the tables of settings may not fall behind the option classes.</summary>
public sealed partial class DocumentationTests
{
    private static readonly string runbook = Read("docs/runbook.md");

    public static TheoryData<string> Pages => new(Tree.Files("docs", "*.md").Concat(Tree.Files("src", "README.md")).Concat(Tree.Files("runtimes", "README.md"))
        .Append(Path.Combine(Tree.Root, "README.md")).Where(File.Exists).Select(file => Path.GetRelativePath(Tree.Root, file)));

    [Theory]
    [MemberData(nameof(Pages))]
    public void A_relative_link_leads_to_a_file_and_to_a_heading_of_it(string page)
    {
        var broken = Link().Matches(WithoutCode(Read(page))).Select(match => match.Groups[1].Value)
            .Where(link => !link.Contains("://", StringComparison.Ordinal) && !link.StartsWith("mailto:", StringComparison.Ordinal))
            .Where(link => !Exists(page, link));

        Assert.Empty(broken);
    }

    [Fact]
    public void Every_decision_is_in_the_index()
    {
        var index = Read("docs/adr/README.md");

        Assert.All(Tree.Files("docs/adr", "0*.md"), file => Assert.Contains($"]({Path.GetFileName(file)})", index, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Indexer")]
    [InlineData("Verifier")]
    [InlineData("Settlement")]
    public void Every_setting_of_a_service_stands_in_the_runbook_with_its_default(string service)
    {
        var settings = SettingsOf(service);
        var missing = settings.Where(setting => !runbook.Split('\n').Any(line =>
            line.StartsWith($"| `{setting.Name}` |", StringComparison.Ordinal) && (setting.Default is null || line.Split('|')[3].Contains(setting.Default, StringComparison.Ordinal))));

        Assert.Empty(missing.Select(setting => $"{setting.Name} (default {setting.Default ?? "none"})"));
    }

    [Fact]
    public void The_runbook_names_no_setting_that_does_not_exist()
    {
        var known = new[] { "Indexer", "Verifier", "Settlement" }.SelectMany(SettingsOf).Select(setting => setting.Name).Append("Urls").ToHashSet();
        var named = runbook.Split('\n').Select(line => SettingRow().Match(line)).Where(match => match.Success).Select(match => match.Groups[1].Value);

        Assert.All(named, name => Assert.Contains(name, known));
    }

    [Fact]
    public void Every_field_of_a_nodes_configuration_stands_on_the_nodes_page()
    {
        var page = Read("docs/node.md");
        var fields = Property().Matches(JsonIgnored().Replace(Read("src/NodeAgent/NodeAgentOptions.cs"), ""))
            .Select(match => match.Groups["name"].Value).Select(name => char.ToLowerInvariant(name[0]) + name[1..]).ToList();

        Assert.True(fields.Count >= 15);
        Assert.All(fields, field => Assert.Matches($@"[`.]{field}[`.\[]", page));
    }

    private sealed record Setting(string Name, string? Default);

    /// <summary>From the source, because no project may see all services.</summary>
    private static List<Setting> SettingsOf(string service)
    {
        var text = Read($"src/{service}/{service}Options.cs") + Read("src/Hosting/Options/SharedOptions.cs");
        var classes = OptionsClass().Matches(text).ToDictionary(match => match.Groups["name"].Value, match => match.Groups["body"].Value);
        var settings = Leaves(classes, $"{service}Options", "").ToList();

        Assert.True(settings.Count >= 13, $"Only {settings.Count} settings of {service} were found in its source.");
        return settings;
    }

    private static IEnumerable<Setting> Leaves(IReadOnlyDictionary<string, string> classes, string name, string prefix)
    {
        foreach (Match property in Property().Matches(classes[name]))
        {
            var (type, member) = (property.Groups["type"].Value, property.Groups["name"].Value);
            if (!classes.ContainsKey(type)) yield return new Setting(prefix + member, Value(property.Groups["value"].Value));
            else foreach (var leaf in Leaves(classes, type, $"{prefix}{member}:")) yield return leaf;
        }
    }

    private static string? Value(string expression)
    {
        if (expression is "" or "\"\"") return null;
        var shift = expression.Split("<<");
        return shift.Length == 2
            ? (long.Parse(shift[0], CultureInfo.InvariantCulture) << int.Parse(shift[1], CultureInfo.InvariantCulture)).ToString(CultureInfo.InvariantCulture)
            : expression.Split('.')[^1].Replace("_", "", StringComparison.Ordinal);
    }

    private static bool Exists(string page, string link)
    {
        var parts = link.Split('#', 2);
        var target = parts[0] == "" ? page : Path.GetRelativePath(Tree.Root, Path.GetFullPath(Path.Combine(Tree.Root, Path.GetDirectoryName(page)!, parts[0])));
        var path = Path.Combine(Tree.Root, target);
        return parts.Length == 1 ? File.Exists(path) || Directory.Exists(path) : File.Exists(path) && Anchors(Read(target)).Contains(parts[1]);
    }

    // As the usual renderers make them: lower case, words and hyphens only, blanks as hyphens.
    private static IEnumerable<string> Anchors(string text) =>
        Heading().Matches(WithoutCode(text)).Select(match => NoWord().Replace(match.Groups[1].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-'));

    private static string WithoutCode(string text) => Fence().Replace(text, "");

    private static string Read(string page) => File.ReadAllText(Path.Combine(Tree.Root, page));

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex("^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NoWord();

    // A row of a table of settings: name, unit, default, remark.
    [GeneratedRegex(@"^\| `([A-Z][A-Za-z]*(?::[A-Z][A-Za-z]*)?)` \|[^|]*\|[^|]*\|[^|]*\|$")]
    private static partial Regex SettingRow();

    [GeneratedRegex(@"^public sealed class (?<name>\w+Options)\b[^{]*\{(?<body>.*?)^\}", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex OptionsClass();

    [GeneratedRegex(@"public (?:required )?(?<type>[\w?<>, ]+?) (?<name>\w+) \{ get; (?:set|init); \}(?: = (?<value>[^;]+);)?")]
    private static partial Regex Property();

    [GeneratedRegex(@"\[JsonIgnore\]\s*public[^}]+\}")]
    private static partial Regex JsonIgnored();
}
