using System.Diagnostics;
using System.Text.Json;

namespace Assay.Ethereum.Tests;

/// <summary>viem in a Node process (viem.mjs): the second opinion on random inputs.</summary>
public sealed class ViemFixture : IDisposable
{
    private readonly Process _process = Process.Start(new ProcessStartInfo("node", [Script()]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;

    internal async Task<IReadOnlyList<JsonElement>> AskAsync(object request)
    {
        await _process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(request));
        await _process.StandardInput.FlushAsync();
        var answer = await _process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("viem ended; its error is above.");
        using var document = JsonDocument.Parse(answer);
        return [.. document.RootElement.Clone().EnumerateArray()];
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static string Script()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (Path.Combine(folder.FullName, "tests/Ethereum.Tests/viem.mjs") is var script && File.Exists(script))
                return script;
        throw new FileNotFoundException("tests/Ethereum.Tests/viem.mjs is missing.");
    }
}
