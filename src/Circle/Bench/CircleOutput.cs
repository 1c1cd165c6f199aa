using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace Assay.Circle.Bench;

/// <summary>The report of <c>bench circle</c> for people and for programs.</summary>
internal static class CircleOutput
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static async Task WriteJsonAsync(CircleReport report, string file, CancellationToken cancellation) =>
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(report, Json) + "\n", cancellation);

    public static void Print(CircleReport report)
    {
        // A redirected output has no width of its own; the tables must not be cut for it.
        if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = 160;
        Console.WriteLine();
        Console.WriteLine($"{report.Date:yyyy-MM-dd HH:mm} UTC, {report.Machine}");
        Console.WriteLine("Orders of one burst, all at once. The operators are new, so nearly every job is checked by a second one: the dearest case.");
        AnsiConsole.Write(Throughput(report));
        AnsiConsole.Write(Latency(report));
        Console.WriteLine(
            $"Seconds. Bounds of this deployment: a block each {report.Waits.BlockSeconds} s, epochs of {report.Waits.EpochBlocks} blocks (the seed comes after the next one), "
            + $"a review window of {report.Waits.ReviewSeconds} s, {report.Waits.Confirmations} blocks to finality.");
        Console.WriteLine(
            "own: what is left of a job's leg without the time in which the chain did not allow the next step yet. The run of the model, the queue for a"
            + $" processor and everything of ours count as own. Blocks are timed to {BlockWatch.Interval.TotalMilliseconds:0} ms.");
        AnsiConsole.Write(Processes(report));
        Console.WriteLine("CPU: seconds during the burst, children included. MiB: peak of samples, shared pages counted once. bench: the clients and the measurement.");
    }

    private static Table Throughput(CircleReport report)
    {
        var table = NewTable("operators", "jobs", "released", "checked", "seconds", "jobs/s", "CPU s/job", "load before");
        foreach (var (operators, setting) in report.Operators)
            table.AddRow(
                operators, $"{setting.Jobs}", $"{setting.Released}", $"{setting.Checked}", Number(setting.Seconds), Number(setting.JobsPerSecond, "0.000"),
                Number(setting.CpuSecondsPerJob), Number(setting.LoadBefore));
        return table;
    }

    private static Table Latency(CircleReport report)
    {
        var table = NewTable("leg", "operators", "jobs", "p50", "p95", "max", "own p50", "own p95");
        foreach (var name in Legs.Names)
            foreach (var (operators, setting) in report.Operators)
                if (setting.Latency.TryGetValue(name, out var leg))
                    table.AddRow(
                        name.Replace('_', ' '), operators, $"{leg.Count}", Number(leg.P50), Number(leg.P95), Number(leg.Max), Number(leg.OwnP50), Number(leg.OwnP95));
        return table;
    }

    private static Table Processes(CircleReport report)
    {
        var table = NewTable(["process", .. report.Operators.Keys.SelectMany(n => new[] { $"{n} op: CPU s", "MiB" })]);
        foreach (var name in report.Operators.Values.SelectMany(setting => setting.Processes.Keys).Distinct())
            table.AddRow(
            [
                name,
                .. report.Operators.Values.SelectMany(setting => new[] { Number(setting.Processes[name].CpuSeconds), Number(setting.Processes[name].PeakMemoryMib, "0") }),
            ]);
        return table;
    }

    private static Table NewTable(params string[] columns)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (var (index, column) in columns.Index())
            table.AddColumn(new TableColumn(column) { NoWrap = true, Alignment = index == 0 ? Justify.Left : Justify.Right });
        return table;
    }

    private static string Number(double value, string format = "0.0") => value.ToString(format, CultureInfo.InvariantCulture);
}
