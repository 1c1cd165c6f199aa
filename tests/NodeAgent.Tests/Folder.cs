using System.Diagnostics;

namespace Assay.NodeAgent.Tests;

/// <summary>A temporary folder with small helpers for hostile runtimes.</summary>
internal sealed class Folder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("assay-node-").FullName;

    public string Sub(string name) => Directory.CreateDirectory(System.IO.Path.Combine(Path, name)).FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>A runtime that is a shell script; $1 is the work directory.</summary>
    public RuntimeCommand Shell(string script)
    {
        var file = File($"runtime-{Guid.NewGuid():N}.sh");
        System.IO.File.WriteAllText(file, script);
        return new RuntimeCommand(["/bin/sh", file, RuntimeCommand.WorkDirectory]);
    }

    /// <summary>Processes whose command line holds the text.</summary>
    public static IReadOnlyList<int> Processes(string text) =>
        [.. Directory.EnumerateDirectories("/proc").Select(folder => System.IO.Path.GetFileName(folder)!)
            .Where(name => int.TryParse(name, out _)).Select(int.Parse).Where(id => id != Environment.ProcessId && CommandLine(id).Contains(text))];

    private static string CommandLine(int id)
    {
        try
        {
            return System.IO.File.ReadAllText($"/proc/{id}/cmdline").Replace('\0', ' ');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
