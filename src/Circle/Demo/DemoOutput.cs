using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Assay.Circle.Network;
using Assay.Protocol;
using Assay.Protocol.Chain;
using Spectre.Console;

namespace Assay.Circle.Demo;

/// <summary>The report for people and for programs.</summary>
public static class DemoOutput
{
    private static readonly JsonSerializerOptions Json = ProtocolJson.Apply(new JsonSerializerOptions(JsonSerializerDefaults.Web) { WriteIndented = true });

    public static async Task WriteJsonAsync(DemoReport report, string file, CancellationToken cancellation) =>
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(report, Json) + "\n", cancellation);

    public static void Print(DemoReport report)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (var column in new[] { "job", "client", "operator", "model", "checked", "outcome", "reason" }) table.AddColumn(column);
        foreach (var column in new[] { "paid", "compensated", "slashed", "txs" }) table.AddColumn(new TableColumn(column).RightAligned());
        foreach (var job in report.Jobs) table.AddRow([.. Cells(job).Select(cell => new Text(cell))]);
        var totals = report.Totals;
        table.AddEmptyRow();
        table.AddRow(
            $"{totals.Jobs} jobs", "", "", "", $"{totals.Checked}", $"{totals.Released} released", $"{totals.Refunded} refunded, {totals.Slashed} slashed",
            Tokens(totals.Paid), Tokens(totals.Compensated), Tokens(totals.SlashedAmount), $"{totals.Transactions}");
        // A redirected output has no width of its own; the table must not be cut for it.
        if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = 160;
        AnsiConsole.Write(table);
        Console.WriteLine($"refunded to clients: {Tokens(totals.Refunds)} tokens; accuracy of the accepted labels: {report.Accuracy.ToString("P1", CultureInfo.InvariantCulture)}; {totals.Seconds:0.0} s");
        Console.WriteLine($"clients were billed {Tokens(totals.Billed)} tokens; newcomers are checked nearly always, and what that costs above the floor comes off their pay");
        Print(report.Promises);
    }

    public static void Print(IEnumerable<Promise> promises)
    {
        foreach (var promise in promises)
            Console.WriteLine($"{(promise.Kept ? "ok    " : "FAILED")} {promise.What}{(promise.Kept || promise.Detail.Length == 0 ? "" : $": {promise.Detail}")}");
    }

    public static void Print(IEnumerable<AppealedCase> cases)
    {
        foreach (var one in cases)
            Console.WriteLine(
                $"{one.Job.ToString()[..10]}  {string.Join(", then ", one.Verdicts.Select(v => $"{v.Verdict} in round {v.Round}"))}; {one.State} ({one.Outcome}), bond less {Tokens(one.Lost)}: {one.What}");
    }

    /// <summary>Whole tokens with six decimals.</summary>
    public static string Tokens(Amount amount)
    {
        var (sign, units) = amount.Units < 0 ? ("-", -amount.Units) : ("", amount.Units);
        return string.Create(CultureInfo.InvariantCulture, $"{sign}{units / 1_000_000}.{(long)(units % 1_000_000):000000}");
    }

    private static IEnumerable<string> Cells(JobLine job) =>
    [
        job.Id.ToString()[..10], job.Client, job.Operator, job.Model, job.Checked ? "yes" : "no", job.Outcome.ToString(), job.Reason.ToString(),
        Tokens(job.Paid), Tokens(job.Compensated), Tokens(job.Slashed), job.Transactions.Count.ToString(CultureInfo.InvariantCulture),
    ];
}
