using System.Diagnostics;
using System.Text.RegularExpressions;
using Assay.Ethereum.Wallets;

namespace Assay.Ethereum.Tests;

/// <summary>A development chain of its own on a free port, from the npm package @foundry-rs/anvil (npm ci --ignore-scripts).</summary>
public sealed partial class AnvilFixture : IAsyncLifetime
{
    internal const string DevelopmentMnemonic = "test test test test test test test test test test test junk";

    private Process? _process;

    internal string Url { get; private set; } = "";

    internal static LocalSigner Account(int index)
    {
        using var wallet = HdWallet.FromMnemonic(DevelopmentMnemonic);
        return wallet.GetAccount(index);
    }

    public async Task InitializeAsync()
    {
        _process = Process.Start(new ProcessStartInfo(FindBinary(), ["--port", "0", "--host", "127.0.0.1"]) { RedirectStandardOutput = true })!;
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await _process.StandardOutput.ReadLineAsync(patience.Token) is { } line)
            if (Listening().Match(line) is { Success: true } match)
            {
                Url = $"http://{match.Groups[1].Value}";
                // The pipe must be emptied, or the process stops when it is full.
                _ = _process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
                return;
            }
        throw new InvalidOperationException("anvil ended before it listened.");
    }

    public async Task DisposeAsync()
    {
        if (_process is null)
            return;
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static string FindBinary()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var binary = Path.Combine(folder.FullName, "node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil");
            if (File.Exists(binary))
                return binary;
        }
        throw new FileNotFoundException("anvil is missing: run npm ci --ignore-scripts in the repository's root.");
    }

    [GeneratedRegex(@"Listening on (\S+:\d+)")]
    private static partial Regex Listening();
}
