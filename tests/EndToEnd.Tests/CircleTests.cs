using Assay.Circle.Demo;
using Assay.Circle.Network;
using Assay.Circle.Stack;
using Assay.Protocol.Chain;
using Xunit.Abstractions;

namespace Assay.EndToEnd.Tests;

// A class for each run, so that two of them pass their time of waiting for blocks side by side.

public sealed class EmbeddedCircleTests(ITestOutputHelper output) : CircleRun(output)
{
    [Fact]
    public Task Every_promise_of_the_demo_holds_on_the_in_memory_bus() => PlayAsync(embedded: true);
}

public sealed class KilledCircleTests(ITestOutputHelper output) : CircleRun(output)
{
    /// <summary>Windows that outlast the broker's restart and the pauses of the bus until it connects again.</summary>
    private static readonly EscrowParameters Roomy = LocalTerms.Parameters with
    {
        CheckWindow = 50, LongReview = 200, OpenWindow = 75, CommitWindow = 50, RevealWindow = 60, VerdictWindow = 300, AppealVerdictWindow = 300, UnbondingDelay = 1_200,
    };

    // The undisturbed run on RabbitMQ is ./demo itself; what holds here holds there.
    [Fact]
    public Task Every_promise_holds_although_RabbitMQ_and_every_service_are_killed_in_the_middle() => PlayAsync(embedded: false, async (circle, cancellation) =>
    {
        circle.Stack.Broker!.Kill();
        Output.WriteLine("killed RabbitMQ");
        await Task.Delay(TimeSpan.FromSeconds(1), cancellation);
        await circle.Stack.Broker.RestartAsync(cancellation);
        foreach (var service in Services.All.Concat(["nodes"]))
        {
            await Task.Delay(TimeSpan.FromSeconds(4), cancellation);
            var process = service == "nodes" ? circle.Nodes.Honest : circle.Services.Processes[service];
            process.Kill();
            Output.WriteLine($"killed {service}");
            await Task.Delay(TimeSpan.FromSeconds(1), cancellation);
            process.Restart();
        }
    }, Roomy, runWindow: 90);
}

public sealed class ReorganisedCircleTests(ITestOutputHelper output) : CircleRun(output)
{
    [Fact]
    public Task A_reorg_that_removes_submitted_results_changes_no_outcome() => PlayAsync(embedded: false, async (circle, cancellation) =>
    {
        var removed = 0;
        for (var attempt = 0; attempt < 5 && removed == 0; attempt++)
        {
            await FreshResultAsync(circle, cancellation);
            await circle.Stack.Chain.ReorgAsync(LocalTerms.Confirmations);
            await Task.Delay(TimeSpan.FromSeconds(3), cancellation);
            removed = await circle.Auditor.OrphanedAsync("ResultSubmitted", cancellation);
        }
        Output.WriteLine($"{removed} results were removed from the chain by a reorg of {LocalTerms.Confirmations} blocks");
        Assert.True(removed > 0, "no reorg hit a submitted result");
    });
}

/// <summary>The whole circle on real parts: contracts on a chain, services, broker, database, nodes and models.</summary>
public abstract class CircleRun(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    protected ITestOutputHelper Output => output;

    protected async Task PlayAsync(
        bool embedded, Func<RunningCircle, CancellationToken, Task>? disturb = null, EscrowParameters? terms = null, uint runWindow = LocalTerms.RunWindow)
    {
        var options = new DemoOptions(Jobs: 10, Operators: 12, Seed: 7, JsonFile: null, Keep: false, embedded) { RunWindow = runWindow };
        using var timeout = new CancellationTokenSource(Patience);
        await using var circle = await RunningCircle.StartAsync(
            new CircleOptions(options.Operators, DemoOptions.Clients, i => JobPlan.ConductOf(i, options.Operators), embedded) { Terms = terms ?? LocalTerms.Parameters },
            output.WriteLine, timeout.Token);

        var report = await PlayAsync(circle, options, disturb, timeout.Token);

        Assert.All(report.Promises, promise => Assert.True(promise.Kept, $"{promise.What}: {promise.Detail}"));
        Assert.Equal(options.Jobs, report.Jobs.Count);
        Assert.True(report.Accuracy > 0.9, $"accuracy of accepted labels {report.Accuracy}");
    }

    private async Task<DemoReport> PlayAsync(
        RunningCircle circle, DemoOptions options, Func<RunningCircle, CancellationToken, Task>? disturb, CancellationToken cancellation)
    {
        var demo = new CircleDemo(options, circle, new QuietProgress(output));
        try
        {
            var play = demo.RunAsync(cancellation);
            var disturbance = disturb is null ? Task.CompletedTask : DisturbAsync(circle, disturb, cancellation);
            var report = await play;
            await disturbance;
            return report;
        }
        catch
        {
            // What a reader of the failure needs: where every order stands, and the services' own words.
            foreach (var job in demo.Placed)
                output.WriteLine(await circle.Orders.DescribeAsync(job, CancellationToken.None));
            output.WriteLine($"logs: {circle.SaveLogs()}");
            throw;
        }
    }

    /// <summary>Starts when the first result is on the chain, so that it hits the middle.</summary>
    private static async Task DisturbAsync(RunningCircle circle, Func<RunningCircle, CancellationToken, Task> disturb, CancellationToken cancellation)
    {
        await SubmittedAsync(circle, cancellation);
        await disturb(circle, cancellation);
    }

    private static Task SubmittedAsync(RunningCircle circle, CancellationToken cancellation) => Waiting.Until(
        async () => (await circle.Auditor.JobsAsync(cancellation)).Values.Any(j => j.State == JobState.Submitted),
        TimeSpan.FromMinutes(2),
        "a submitted result",
        cancellation);

    /// <summary>A result in the newest block, which the next reorg takes away.</summary>
    protected static Task FreshResultAsync(RunningCircle circle, CancellationToken cancellation) => Waiting.Until(
        async () =>
        {
            var now = await circle.Stack.Chain.TimeAsync();
            return (await circle.Auditor.JobsAsync(cancellation)).Values.Any(j => j.View.SubmittedAt is { } at && now - (long)at < LocalTerms.Confirmations);
        },
        TimeSpan.FromMinutes(1),
        "a fresh result",
        cancellation);
}
