using System.Diagnostics;
using Assay.Circle.Stack;

namespace Assay.Circle.Bench;

/// <summary>Gas of whole transactions, measured by <c>bench/gas.mjs</c> on Hardhat's chain.</summary>
internal static class GasBench
{
    /// <returns>Exit code of the script, or of the compiler when the contracts do not build.</returns>
    public static async Task<int> RunAsync(string? json, CancellationToken cancellation)
    {
        var checkout = Checkout.Find();
        var hardhat = Path.Combine(checkout.NodeModules, "hardhat/dist/src/cli.js");
        // Does nothing when the compiled contracts are newer than their sources.
        var built = await NodeAsync(checkout, [hardhat, "build", "--quiet"], cancellation);
        if (built != 0) return built;
        string[] output = json is null ? [] : ["--json", Path.GetFullPath(json)];
        return await NodeAsync(checkout, [Path.Combine(checkout.Root, "bench/gas.mjs"), .. output], cancellation);
    }

    private static async Task<int> NodeAsync(Checkout checkout, IEnumerable<string> arguments, CancellationToken cancellation)
    {
        using var node = Process.Start(new ProcessStartInfo(checkout.Node, arguments) { WorkingDirectory = checkout.Root })!;
        try
        {
            await node.WaitForExitAsync(cancellation);
            return node.ExitCode;
        }
        finally
        {
            if (!node.HasExited) node.Kill(entireProcessTree: true);
        }
    }
}
