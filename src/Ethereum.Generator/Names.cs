using Microsoft.CodeAnalysis.CSharp;

namespace Assay.Ethereum.Generator;

/// <summary>Solidity's names as C#'s.</summary>
internal static class Names
{
    public static string Pascal(string name)
    {
        var trimmed = name.Trim('_', '$');
        return trimmed.Length == 0 ? "" : char.ToUpperInvariant(trimmed[0]) + trimmed.Substring(1);
    }

    /// <summary>The parameters' names; one without a name is called after its place.</summary>
    public static IReadOnlyList<string> Arguments(IReadOnlyList<AbiField> fields) => Distinct([.. fields.Select((field, i) =>
    {
        var name = Pascal(field.Name);
        return name.Length == 0 ? $"value{i}" : char.ToLowerInvariant(name[0]) + name.Substring(1);
    })]);

    /// <summary>A record's properties, none of them of the record's own name.</summary>
    public static IReadOnlyList<string> Members(IReadOnlyList<AbiField> fields, string record) =>
        Distinct([.. Arguments(fields).Select(Pascal).Select(name => name == record ? name + "Value" : name)]);

    /// <summary>Overloads, numbered from the second on.</summary>
    public static IReadOnlyList<string> Distinct(IReadOnlyList<string> names)
    {
        var seen = new Dictionary<string, int>();
        return [.. names.Select(name =>
        {
            seen.TryGetValue(name, out var count);
            seen[name] = ++count;
            return count == 1 ? name : $"{name}{count}";
        })];
    }

    /// <summary>A name for something of the library's, beside the contract's own.</summary>
    public static string Free(string name, IReadOnlyList<string> taken) => taken.Contains(name) ? "_" + name : name;

    public static string Escaped(string name) =>
        SyntaxFacts.GetKeywordKind(name) != SyntaxKind.None || SyntaxFacts.GetContextualKeywordKind(name) != SyntaxKind.None ? "@" + name : name;
}
