namespace Assay.Architecture.Tests;

/// <summary>The files of the checkout that people have written.</summary>
internal static class Tree
{
    private static readonly string[] made = ["bin", "obj", "node_modules", "artifacts", "cache", "TestResults"];

    public static string Root { get; } = FindRoot();

    public static IEnumerable<string> Files(string folder, string pattern = "*") =>
        Walk(new DirectoryInfo(Path.Combine(Root, folder))).Where(file => System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern, file.Name)).Select(file => file.FullName);

    private static IEnumerable<FileInfo> Walk(DirectoryInfo folder) =>
        folder.EnumerateFiles().Concat(folder.EnumerateDirectories().Where(IsSource).SelectMany(Walk));

    private static bool IsSource(DirectoryInfo folder) =>
        !made.Contains(folder.Name) && folder.LinkTarget is null && (!folder.Name.StartsWith('.') || folder.Name == ".ci");

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Settlement.sln")))
                return folder.FullName;
        throw new DirectoryNotFoundException($"No Settlement.sln above {AppContext.BaseDirectory}.");
    }
}
