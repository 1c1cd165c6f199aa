using System.Diagnostics;
using Assay.Circle.Network;
using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;

namespace Assay.Circle.Bench;

/// <summary>
/// One running circle, and in it one burst of orders after the other: for 1, 4 and 16 operators. Every burst has operators of its own
/// without any record, so that each of them is checked alike; all registered nodes run all the time and re-execute what they are drawn for.
/// </summary>
/// <param name="jobs">By the number of operators.</param>
public sealed class CircleBench(IReadOnlyDictionary<int, int> jobs, Action<string> progress)
{
    private const int Clients = 3;
    private const string Self = "bench";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(8);
    private static readonly TimeSpan OrderLife = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(500);

    /// <summary>A slow machine must show as time and not as no-shows: what ends a wait for a node is far away, what everybody waits for is as in the demo.</summary>
    private static readonly EscrowParameters Terms =
        LocalTerms.Parameters with { MaxRunWindow = 600, CheckWindow = 300, LongReview = 1_000, UnbondingDelay = 2_000 };

    /// <summary>Jobs that an operator's bond covers at once.</summary>
    public static int MostJobsAtOnce => (int)(LocalTerms.Bond.Units / (2 * LocalTerms.MaxPrice.Units));

    public static IReadOnlyDictionary<int, int> UsualJobs { get; } = new Dictionary<int, int> { [1] = 6, [4] = 12, [16] = 24 };

    public async Task<CircleReport> RunAsync(CancellationToken cancellation)
    {
        var options = new CircleOptions(jobs.Keys.Sum() + 1, Clients, _ => Conduct.Honest) { Terms = Terms };
        await using var circle = await RunningCircle.StartAsync(options, progress, cancellation);
        // The first job of all pays for code that is compiled and connections that are opened; it is no figure of what follows.
        await MeasureAsync(circle, [options.Operators - 1], 1, cancellation);
        progress("the first job, which is not counted, has warmed everything up");

        var (reports, next) = (new Dictionary<string, SettingReport>(), 0);
        foreach (var (operators, count) in jobs)
        {
            var report = await MeasureAsync(circle, [.. Enumerable.Range(next, operators)], count, cancellation);
            progress($"{operators} operators: {count} jobs, {report.Released} released, {report.Seconds:0.0} s");
            reports[$"{operators}"] = report;
            next += operators;
        }
        return new CircleReport(DateTimeOffset.UtcNow, Machine.Read(), Waits(options), reports);
    }

    private static WaitingTimes Waits(CircleOptions options) =>
        new(options.BlockTime.TotalSeconds, Terms.EpochBlocks, Terms.ReviewWindow, LocalTerms.Confirmations);

    private static async Task<SettingReport> MeasureAsync(RunningCircle circle, IReadOnlyList<int> operators, int count, CancellationToken cancellation)
    {
        var clients = Enumerable.Range(0, Clients).Select(circle.Client).ToArray();
        try
        {
            var orders = new List<(ClientWallet Client, Order Order)>();
            for (var i = 0; i < count; i++)
                orders.Add((clients[i % Clients], await PrepareAsync(circle, clients[i % Clients], operators[i % operators.Count], i, cancellation)));

            await using var blocks = await BlockWatch.StartAsync(circle.Rpc, cancellation);
            await using var meter = new ProcessMeter(Processes(circle), Self);
            var (load, from) = (Machine.Load(), await circle.HeadAsync(cancellation));
            var ordered = await PlaceAsync(orders, cancellation);
            await UntilClosedAsync(circle, [.. ordered.Keys], cancellation);
            var used = await meter.StopAsync();
            var seen = await blocks.StopAsync();
            var times = await new JobRecords(circle).ReadAsync(ordered, from, seen[^1].Number, cancellation);
            return Report(ordered, times, new BlockTimes(seen), used, load);
        }
        finally
        {
            foreach (var client in clients) client.Dispose();
        }
    }

    private static async Task<Order> PrepareAsync(RunningCircle circle, ClientWallet client, int @operator, int number, CancellationToken cancellation)
    {
        var model = number % 2 == 0 ? Model.Int8 : Model.Fp32;
        var order = await client.PrepareAsync(
            circle.Samples, model, number % circle.Samples.Names.Count, circle.Cast.Owner(@operator).Address, OrderLife, cancellation);
        return order with { RunWindow = Terms.MaxRunWindow };
    }

    private static async Task<IReadOnlyDictionary<Bytes32, DateTimeOffset>> PlaceAsync(
        IEnumerable<(ClientWallet Client, Order Order)> orders, CancellationToken cancellation)
    {
        var ordered = new Dictionary<Bytes32, DateTimeOffset>();
        foreach (var (client, order) in orders)
        {
            var now = DateTimeOffset.UtcNow;
            ordered[await client.PlaceAsync(order, cancellation)] = now;
        }
        return ordered;
    }

    /// <exception cref="TimeoutException">Some did not end in time; says what Settlement thinks of them.</exception>
    private static async Task UntilClosedAsync(RunningCircle circle, IReadOnlyCollection<Bytes32> jobs, CancellationToken cancellation)
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            var known = await circle.Auditor.JobsAsync(cancellation);
            var left = jobs.Where(id => !known.TryGetValue(id, out var job) || !job.IsFinal || !job.Final).ToArray();
            if (left.Length == 0) break;
            if (waited.Elapsed > Patience)
            {
                var states = await Task.WhenAll(left.Take(5).Select(id => circle.Orders.StateAsync(id, cancellation)));
                throw new TimeoutException($"{left.Length} jobs did not end within {Patience.TotalMinutes:0} minutes. Settlement says: {string.Join("; ", states)}");
            }
            await Task.Delay(Poll, cancellation);
        }
        await circle.Orders.UntilClosedAsync(jobs, Patience, cancellation);
    }

    private static Dictionary<string, int> Processes(RunningCircle circle)
    {
        var ids = circle.Services.Processes.Concat(circle.Nodes.Processes).ToDictionary(process => process.Key, process => process.Value.Id);
        ids["postgresql"] = circle.Stack.Postgres.ProcessId;
        ids["rabbitmq"] = circle.Stack.Broker!.ProcessId;
        ids["chain"] = circle.Stack.Chain.ProcessId;
        return ids;
    }

    private static SettingReport Report(
        IReadOnlyDictionary<Bytes32, DateTimeOffset> ordered, IReadOnlyList<JobTimes> times, BlockTimes blocks,
        IReadOnlyDictionary<string, ProcessFigures> used, double load)
    {
        if (times.Count == 0) throw new TimeoutException("No job was paid, so there is nothing to measure.");
        var span = times.Max(job => job.Closed) - ordered.Values.Min();
        var legs = times.SelectMany(job => Legs.Of(job, blocks, Terms, LocalTerms.Confirmations)).ToLookup(leg => leg.Name);
        var spent = used.Where(process => process.Key != Self).Sum(process => process.Value.CpuSeconds);
        return new SettingReport(
            ordered.Count, times.Count, times.Count(job => job.Checked is not null), Statistics.Rounded(span.TotalSeconds),
            Statistics.Rounded(Statistics.Rate(times.Count, span)), Statistics.Rounded(spent / times.Count), load,
            Legs.Names.Where(legs.Contains).ToDictionary(name => name, name => LegReport.Of([.. legs[name]])), used);
    }
}
