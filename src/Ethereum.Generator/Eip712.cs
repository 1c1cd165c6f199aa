namespace Assay.Ethereum.Generator;

/// <summary>The EIP-712 type of a Solidity struct.</summary>
internal static class Eip712
{
    public static string TypeOf(AbiField source)
    {
        var others = new Dictionary<string, AbiField>();
        Collect(source, others);
        others.Remove(source.SourceName);
        return Declaration(source) + string.Concat(others.OrderBy(o => o.Key, StringComparer.Ordinal).Select(o => Declaration(o.Value)));
    }

    private static void Collect(AbiField source, Dictionary<string, AbiField> found)
    {
        found[source.SourceName] = source;
        foreach (var member in source.Components.Select(Bare).Where(m => m.Components.Count > 0 && !found.ContainsKey(m.SourceName)))
            Collect(member, found);
    }

    private static string Declaration(AbiField source) => $"{source.SourceName}({string.Join(",", source.Components.Select(c => $"{Type(c)} {c.Name}"))})";

    private static string Type(AbiField field)
    {
        if (field.Components.Count == 0)
            return field.Type;
        return Bare(field).SourceName + field.Type.Substring("tuple".Length);
    }

    private static AbiField Bare(AbiField field)
    {
        while (field.IsArray)
            field = field.Element;
        return field;
    }
}
