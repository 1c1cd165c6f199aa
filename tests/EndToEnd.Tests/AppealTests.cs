using Assay.Circle.Demo;
using Assay.Circle.Network;
using Xunit.Abstractions;

namespace Assay.EndToEnd.Tests;

/// <summary>Real contracts, services and nodes; only the seeds are scripted.</summary>
public sealed class AppealTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_dishonest_first_round_is_overruled_and_a_cheat_pays_for_its_appeal()
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(8));
        await using var circle = await RunningCircle.StartAsync(AppealScenario.Circle(embedded: true), output.WriteLine, timeout.Token);
        try
        {
            var (_, promises) = await new AppealScenario(circle, new QuietProgress(output)).RunAsync(timeout.Token);
            Assert.All(promises, promise => Assert.True(promise.Kept, $"{promise.What}: {promise.Detail}"));
        }
        catch
        {
            output.WriteLine($"logs: {circle.SaveLogs()}");
            throw;
        }
    }
}
