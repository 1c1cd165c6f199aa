using System.Text.Json;

namespace Assay.Ethereum.Tests;

internal static class VectorFile
{
    /// <summary>All cases of Vectors/NAME.json; ASSAY_VECTORS names another folder, for the whole published sets.</summary>
    internal static IReadOnlyList<JsonElement> Read(string name)
    {
        var folder = Environment.GetEnvironmentVariable("ASSAY_VECTORS") ?? Path.Combine(AppContext.BaseDirectory, "Vectors");
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, name + ".json")));
        JsonElement[] cases = [.. document.RootElement.Clone().EnumerateArray()];
        Assert.NotEmpty(cases);
        return cases;
    }

    internal static string Text(this JsonElement json, string name) => json.GetProperty(name).GetString()!;
}
