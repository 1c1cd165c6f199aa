using Assay.Circle.Bench;
using Assay.Circle.Stack;
using Spectre.Console;

namespace Assay.Circle.Kills;

/// <summary><c>bench kills</c>: the long run of the harness, then the same with each known bug switched on.</summary>
internal static class KillBench
{
    private const int KillsPerBug = 25;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2), BugPatience = TimeSpan.FromSeconds(20);

    /// <returns>0 when nothing was lost or doubled and every bug was caught.</returns>
    public static async Task<int> RunAsync(int kills, int seed, Action<string> progress, CancellationToken cancellation)
    {
        var checkout = Checkout.Find();
        using var folder = RunFolder.Create(checkout);
        await using var postgres = await PostgresServer.StartAsync(checkout, folder, new PostgresOptions(Durable: false), cancellation: cancellation);
        await using var chain = await AnvilChain.StartAsync(checkout, folder, new AnvilOptions { Accounts = 10 }, cancellation: cancellation);

        async Task<KillReport> HarnessAsync(Bug bug, int count, TimeSpan patience)
        {
            var database = await postgres.CreateDatabaseAsync($"kills_{(int)bug}", cancellation);
            progress($"{bug}: {count} kills, seed {seed}");
            return await new KillHarness(checkout, chain, database[Services.Settlement], (int)bug, seed, bug, at: null, progress).RunAsync(count, patience, cancellation);
        }

        var report = await HarnessAsync(Bug.None, kills, Patience);
        Print(report);
        var caught = new Dictionary<Bug, KillReport>();
        foreach (var bug in Enum.GetValues<Bug>().Where(b => b != Bug.None)) caught[bug] = await HarnessAsync(bug, KillsPerBug, BugPatience);
        Print(caught);
        return report.IsClean && caught.Values.All(r => !r.IsClean) ? 0 : 1;
    }

    private static void Print(KillReport report)
    {
        var seconds = report.Recovery.Select(r => r.TotalSeconds).ToArray();
        Console.WriteLine($"{report.Kills} kills, {report.Transfers} transfers: {report.Lost} lost, {report.Doubled} doubled, {report.Misreported} misreported, {report.Unsettled} unsettled; nonces contiguous: {report.NoncesContiguous}");
        Console.WriteLine($"recovery after a kill, seconds: p50 {Statistics.Percentile(seconds, 0.5):0.00}, p99 {Statistics.Percentile(seconds, 0.99):0.00}, max {seconds.Max():0.00}");
        Console.WriteLine($"killed at: {string.Join(", ", report.Points.OrderBy(p => p.Key).Select(p => $"{p.Key} {p.Value}"))}");
    }

    private static void Print(Dictionary<Bug, KillReport> caught)
    {
        // A redirected output has no width of its own.
        if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = 160;
        var table = new Table().Border(TableBorder.Simple).AddColumns("known bug", "caught", "lost", "doubled", "misreported", "unsettled", "contiguous");
        foreach (var (bug, r) in caught)
            table.AddRow($"{bug}", r.IsClean ? "NO" : "yes", $"{r.Lost}", $"{r.Doubled}", $"{r.Misreported}", $"{r.Unsettled}", $"{r.NoncesContiguous}");
        AnsiConsole.Write(table);
    }
}
