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
    private static readonly Option<int> headBlocks = new("--blocks") { Description = "Blocks that are waited for, with the subscription and without.", DefaultValueFactory = _ => 300 };
    private static readonly Option<int> readJobs = new("--jobs") { Description = "Stored jobs, each with ten movements.", DefaultValueFactory = _ => 100_000 };
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
        var head = new Command("head-latency", "The indexer at the head of a chain: milliseconds until a block's row is there, with a subscription and without.") { json, headBlocks };
        head.SetAction(HeadLatencyAsync);

        var reads = new Command("reads", "The indexer's answers over many rows: single objects a second, pages at a given rate.") { json, readJobs };
        reads.SetAction(ReadsAsync);

        // The other side of bench indexer, a process of its own so that what it uses is not counted.
        var replay = new Command("replay", "Serve the replayed chain of bench indexer.") { blocks, logs, port };
        replay.Hidden = true;
        replay.SetAction(async (arguments, cancellation) =>
        {
            await new ReplayServer(new ReplayChain(1, arguments.GetValue(blocks), arguments.GetValue(logs))).RunAsync(arguments.GetValue(port), cancellation);
            return 0;
        });

        var command = new Command("bench", "Run one measurement, print a table and write it as JSON; without a name list them.") { circle, gas, head, indexer, kills, reads, replay };
        command.SetAction(_ => List(command.Subcommands.Where(bench => !bench.Hidden)));
        return command;
    }

    private static int List(IEnumerable<Command> benches)
    {
        foreach (var bench in benches) Console.WriteLine($"{bench.Name,-12} {bench.Description}");
        return 0;
    }

    private static async Task<int> IndexerAsync(ParseResult arguments, CancellationToken cancellation)
    {
        if (arguments.GetValue(blocks) is < 200 or > 10_000_000 || arguments.GetValue(logs) is < 0 or > 1000)
        {
            await Console.Error.WriteLineAsync("--blocks takes 200 to 10,000,000, --logs 0 to 1,000.");
            return 2;
        }
        return await ReportAsync(arguments, new IndexerBench(arguments.GetValue(blocks), arguments.GetValue(logs), new ConsoleProgress().Say).RunAsync,
            IndexerOutput.Print, IndexerOutput.WriteJsonAsync, cancellation);
    }

    private static async Task<int> HeadLatencyAsync(ParseResult arguments, CancellationToken cancellation)
    {
        if (arguments.GetValue(headBlocks) is < 10 or > 100_000)
        {
            await Console.Error.WriteLineAsync("--blocks takes 10 to 100,000.");
            return 2;
        }
        return await ReportAsync(
            arguments, new HeadLatencyBench(arguments.GetValue(headBlocks), new ConsoleProgress().Say).RunAsync, HeadLatencyOutput.Print, HeadLatencyOutput.WriteJsonAsync, cancellation);
    }

    private static async Task<int> ReadsAsync(ParseResult arguments, CancellationToken cancellation)
    {
        if (arguments.GetValue(readJobs) is < 1000 or > 10_000_000)
        {
            await Console.Error.WriteLineAsync("--jobs takes 1,000 to 10,000,000.");
            return 2;
        }
        return await ReportAsync(
            arguments, new ReadsBench(arguments.GetValue(readJobs), new ConsoleProgress().Say).RunAsync, ReadsOutput.Print, ReadsOutput.WriteJsonAsync, cancellation);
    }

    private static async Task<int> ReportAsync<T>(
        ParseResult arguments, Func<CancellationToken, Task<T>> measure, Action<T> print, Func<T, string, CancellationToken, Task> write, CancellationToken cancellation)
    {
        try
        {
            var report = await measure(cancellation);
            print(report);
            if (arguments.GetValue(json) is { } file) await write(report, file, cancellation);
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
