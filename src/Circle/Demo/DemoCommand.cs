using System.CommandLine;
using Assay.Circle.Network;
using Assay.Circle.Stack;
using Assay.Protocol.Work;

namespace Assay.Circle.Demo;

/// <summary><c>demo</c>: exit 0 when every promise held, 1 when one did not, 2 for a bad call; an interruption leaves as one.</summary>
internal static class DemoCommand
{
    private static readonly Option<int> jobs = new("--jobs") { Description = "Classification jobs over both models.", DefaultValueFactory = _ => 40 };
    private static readonly Option<int> operators = new("--operators") { Description = "Operators with bonds, the three that misbehave included.", DefaultValueFactory = _ => 16 };
    private static readonly Option<int> seed = new("--seed") { Description = "Decides the samples and who orders what.", DefaultValueFactory = _ => 1 };
    private static readonly Option<string?> json = new("--json") { Description = "Also write the report as JSON to this file." };
    private static readonly Option<bool> keep = new("--keep") { Description = "Leave the stack up and write .run/stack.json." };
    private static readonly Option<bool> embedded = new("--embedded") { Description = "All services in one process on the in-memory bus, no RabbitMQ." };

    private static readonly Option<string?> scenario = new("--scenario") { Description = "appeal: three cases of two rounds on a deployment of their own, whose seeds are scripted." };
    private static readonly Option<bool> stop = new("--stop") { Description = "End a stack that --keep left running, and nothing else." };

    public static Command Create()
    {
        scenario.AcceptOnlyFromAmong("appeal");
        var command = new Command("demo", "Play the circle: orders, results, spot checks, verdicts, money.") { jobs, operators, seed, json, keep, embedded, scenario, stop };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellation)
    {
        if (arguments.GetValue(stop)) return await StackCommand.StopAsync();
        var options = new DemoOptions(
            arguments.GetValue(jobs), arguments.GetValue(operators), arguments.GetValue(seed), arguments.GetValue(json),
            arguments.GetValue(keep), arguments.GetValue(embedded));
        if (options.Problem() is { } problem)
        {
            await Console.Error.WriteLineAsync(problem);
            return 2;
        }
        var progress = new ConsoleProgress();
        if (!options.Embedded && !RabbitBroker.IsAvailable(Checkout.Find()))
        {
            progress.Say("RabbitMQ is absent and could not be installed: --embedded, the services share one process and its in-memory bus");
            options = options with { Embedded = true };
        }
        if (options is { Keep: true, Embedded: true })
        {
            await Console.Error.WriteLineAsync("--keep leaves processes running; --embedded keeps the services in this one, which ends. Give one of them.");
            return 2;
        }
        if (arguments.GetValue(scenario) is not null && (options.Keep || options.JsonFile is not null))
        {
            await Console.Error.WriteLineAsync("--scenario plays its own script and ends: it takes neither --keep nor --json.");
            return 2;
        }
        return arguments.GetValue(scenario) is null ? await PlayAsync(options, progress, cancellation) : await AppealAsync(options.Embedded, progress, cancellation);
    }

    private static async Task<int> AppealAsync(bool embedded, ConsoleProgress progress, CancellationToken cancellation)
    {
        await using var circle = await RunningCircle.StartAsync(AppealScenario.Circle(embedded), progress.Say, cancellation);
        var held = false;
        try
        {
            var (cases, promises) = await new AppealScenario(circle, progress).RunAsync(cancellation);
            DemoOutput.Print(cases);
            DemoOutput.Print(promises);
            held = promises.All(p => p.Kept);
            return held ? 0 : 1;
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && e is TimeoutException or HttpRequestException or BlobException)
        {
            await Console.Error.WriteLineAsync($"The scenario could not go on: {e.Message}");
            return 1;
        }
        finally
        {
            cancellation.ThrowIfCancellationRequested();
            if (!held) await Console.Error.WriteLineAsync($"The logs of this run are in {circle.SaveLogs()}");
        }
    }

    private static async Task<int> PlayAsync(DemoOptions options, ConsoleProgress progress, CancellationToken cancellation)
    {
        var circleOptions = new CircleOptions(
            options.Operators, DemoOptions.Clients, i => JobPlan.ConductOf(i, options.Operators), options.Embedded, options.Keep);
        await using var circle = await RunningCircle.StartAsync(circleOptions, progress.Say, cancellation);
        var held = false;
        try
        {
            var report = await new CircleDemo(options, circle, progress).RunAsync(cancellation);
            DemoOutput.Print(report);
            if (options.JsonFile is { } file) await DemoOutput.WriteJsonAsync(report, file, cancellation);
            held = report.Holds;
            return held ? 0 : 1;
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && e is TimeoutException or HttpRequestException or BlobException)
        {
            await Console.Error.WriteLineAsync($"The demo could not go on: {e.Message}");
            return 1;
        }
        finally
        {
            // Nothing failed in a run that was interrupted, and nothing of it is kept.
            cancellation.ThrowIfCancellationRequested();
            if (!held) await Console.Error.WriteLineAsync($"The logs of this run are in {circle.SaveLogs()}");
            if (options.Keep) Console.WriteLine($"left running; see {circle.Keep()}, end it with: ./demo --stop");
        }
    }
}
