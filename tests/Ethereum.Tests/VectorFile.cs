using System.IO.Compression;
using System.Text.Json;

namespace Assay.Ethereum.Tests;

/// <summary>The test cases that the authors of ethers.js publish (npm @ethersproject/testcases 5.8.0, MIT); scripts/setup puts them below .tools/vectors.</summary>
internal static class VectorFile
{
    /// <summary>Every case of a file.</summary>
    /// <param name="count">How many there are: none is left out unseen.</param>
    internal static IReadOnlyList<JsonElement> Read(string name, int count)
    {
        using var file = new GZipStream(File.OpenRead(Path.Combine(Folder(), name + ".json.gz")), CompressionMode.Decompress);
        using var document = JsonDocument.Parse(file);
        JsonElement[] cases = [.. document.RootElement.Clone().EnumerateArray()];
        Assert.Equal(count, cases.Length);
        return cases;
    }

    internal static string Text(this JsonElement json, string name) => json.GetProperty(name).GetString()!;

    private static string Folder()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (Path.Combine(folder.FullName, ".tools/vectors") is var vectors && Directory.Exists(vectors))
                return vectors;
        throw new DirectoryNotFoundException("The published vectors are missing: run scripts/setup --tools.");
    }
}
