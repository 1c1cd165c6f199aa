using System.CommandLine;
using Assay.Circle.Bench.Replay;
using Assay.Circle.Demo;
using Assay.Circle.Kills;
using Assay.Circle.Stack;
using Assay.Protocol.Work;

namespace Assay.Circle.Bench;

/// <summary><c>bench</c>: exit 0 when a measurement was made, 1 when it failed, 2 for a bad call.</summary>
internal static class BenchCommand
{
    private static readonly Option<string?> json = new("--json") { Description = "Also write the figures as JSON to this file." };
    private static readonly Option<int> blocks = new("--blocks") { Description = "Length of the replayed chain.", DefaultValueFactory = _ => 10_001 };
    private static readonly Option<int> logs = new("--logs") { Description = "Logs in each of its blocks.", DefaultValueFactory = _ => 100 };
    private static readonly Option<int> port = new("--port") { Description = "TCP port of the replayed chain.", Required = true };
    private static readonly Option<int?> jobs = new("--jobs") { Description = "Jobs of each burst; 6, 12 and 24 without it." };
    private static readonly Option<int> killCount = new("--kills") { Description = "Kills without a bug switched on; 1,000 without it.", DefaultValueFactory = _ => 1000 };
    private static readonly Option<int> seed = new("--seed") { Description = "Of what is done when; 1 without it.", DefaultValueFactory = _ => 1 };

    public static Command Create()
    {
        var circle = new Command("circle", "The whole circle with 1, 4 and 16 operators: jobs per second, latency of each leg, CPU and memory of each process.") { json, jobs };
        circle.SetAction(CircleAsync);
        var gas = new Command("gas", "Gas of deposits, jobs, slashes and claims as whole transactions, beside published figures.") { json };
        gas.SetAction((arguments, cancellation) => GasBench.RunAsync(arguments.GetValue(json), cancellation));
        var kills = new Command("kills", "A sending process killed again and again: nothing lost, nothing doubled; then known bugs, which must be caught.") { killCount, seed };
        kills.SetAction((arguments, cancellation) =>
            KillBench.RunAsync(arguments.GetValue(killCount), arguments.GetValue(seed), new ConsoleProgress().Say, cancellation));

        var indexer = new Command("indexer", "The indexer reading a replayed chain from nothing: events per second, memory, CPU, against COPY alone.") { json, blocks, logs };
        indexer.SetAction(IndexerAsync);
        // The other side of that measurement, a process of its own so that what it uses is not counted.
        var replay = new Command("replay", "Serve the replayed chain of bench indexer.") { blocks, logs, port };
        replay.Hidden = true;
        replay.SetAction(async (arguments, cancellation) =>
        {
            await new ReplayServer(new ReplayChain(1, arguments.GetValue(blocks), arguments.GetValue(logs))).RunAsync(arguments.GetValue(port), cancellation);
            return 0;
        });

        var command = new Command("bench", "Run one measurement, print a table and write it as JSON; without a name list them.") { circle, gas, indexer, kills, replay };
        command.SetAction(_ => List(command.Subcommands.Where(bench => !bench.Hidden)));
        return command;
    }

    private static int List(IEnumerable<Command> benches)
    {
        foreach (var bench in benches) Console.WriteLine($"{bench.Name,-8} {bench.Description}");
        return 0;
    }

    private static async Task<int> IndexerAsync(ParseResult arguments, CancellationToken cancellation)
    {
        if (arguments.GetValue(blocks) is < 200 or > 10_000_000 || arguments.GetValue(logs) is < 0 or > 1000)
        {
            await Console.Error.WriteLineAsync("--blocks takes 200 to 10,000,000, --logs 0 to 1,000.");
            return 2;
        }
        try
        {
            var report = await new IndexerBench(arguments.GetValue(blocks), arguments.GetValue(logs), new ConsoleProgress().Say).RunAsync(cancellation);
            IndexerOutput.Print(report);
            if (arguments.GetValue(json) is { } file) await IndexerOutput.WriteJsonAsync(report, file, cancellation);
            return 0;
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && e is ProcessFailedException or TimeoutException or InvalidDataException)
        {
            await Console.Error.WriteLineAsync($"The measurement failed: {e.Message}");
            return 1;
        }
    }

    private static async Task<int> CircleAsync(ParseResult arguments, CancellationToken cancellation)
    {
        if (arguments.GetValue(jobs) is { } wanted && (wanted < 1 || wanted > CircleBench.MostJobsAtOnce))
        {
            await Console.Error.WriteLineAsync($"--jobs takes 1 to {CircleBench.MostJobsAtOnce}: an operator's bond covers that many jobs at once.");
            return 2;
        }
        if (!RabbitBroker.IsAvailable(Checkout.Find()))
        {
            await Console.Error.WriteLineAsync("The circle is measured with its services as processes on RabbitMQ, which is not there: run scripts/setup.");
            return 1;
        }
        var plan = CircleBench.UsualJobs.ToDictionary(setting => setting.Key, setting => arguments.GetValue(jobs) ?? setting.Value);
        return await MeasureAsync(plan, arguments.GetValue(json), cancellation);
    }

    private static async Task<int> MeasureAsync(IReadOnlyDictionary<int, int> plan, string? file, CancellationToken cancellation)
    {
        try
        {
            var report = await new CircleBench(plan, new ConsoleProgress().Say).RunAsync(cancellation);
            CircleOutput.Print(report);
            if (file is not null) await CircleOutput.WriteJsonAsync(report, file, cancellation);
            if (report.Operators.Values.All(setting => setting.Released == setting.Jobs)) return 0;
            await Console.Error.WriteLineAsync("Not every job was paid, although every operator is honest: the figures are of the others.");
            return 1;
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && e is TimeoutException or HttpRequestException or BlobException or ProcessFailedException)
        {
            await Console.Error.WriteLineAsync($"The measurement could not go on: {e.Message}");
            return 1;
        }
    }
}
