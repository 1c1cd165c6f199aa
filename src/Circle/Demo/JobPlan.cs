using Assay.Circle.Network;

namespace Assay.Circle.Demo;

/// <param name="Client">Index of the client.</param>
/// <param name="Operator">Index of the operator the order names; null: any.</param>
/// <param name="Batch">Index of the sample batch.</param>
/// <param name="Wave">Orders of wave 1 are placed when a job of the copycat's neighbour is released, the others at once.</param>
public sealed record PlannedJob(int Number, int Client, Model Model, int? Operator, int Batch, int Wave);

/// <summary>Which jobs the demo places. Pure: the seed decides.</summary>
public static class JobPlan
{
    /// <summary>The last three operators misbehave; the first operator is the copycat's neighbour.</summary>
    public static Conduct ConductOf(int index, int operators) => (operators - index) switch
    {
        1 => Conduct.Absent,
        2 => Conduct.Copycat,
        3 => Conduct.Plausible,
        _ => Conduct.Honest,
    };

    public const int Neighbour = 0, NeighboursJob = 3;

    public static IReadOnlyList<PlannedJob> Make(DemoOptions options, int batches)
    {
        var random = new Random(options.Seed);
        var order = Enumerable.Range(0, batches).ToArray();
        random.Shuffle(order);
        return [.. Enumerable.Range(0, options.Jobs).Select(i => Job(i, options, order[i % batches], random.Next(DemoOptions.Clients)))];
    }

    private static PlannedJob Job(int number, DemoOptions options, int batch, int client) => number switch
    {
        0 => new(number, client, Model.Int8, options.Operators - 1, batch, 0),
        1 => new(number, client, Model.Int8, options.Operators - 3, batch, 0),
        2 => new(number, client, Model.Int8, options.Operators - 2, batch, 1),
        NeighboursJob => new(number, client, Model.Int8, Neighbour, batch, 0),
        _ => new(number, client, number % 2 == 0 ? Model.Int8 : Model.Fp32, null, batch, 0),
    };
}
