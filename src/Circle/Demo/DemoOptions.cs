using Assay.Circle.Network;

namespace Assay.Circle.Demo;

/// <summary>What a run of the circle is asked to do.</summary>
/// <param name="Jobs">Jobs over both models, at least one for each of the three that misbehave.</param>
/// <param name="Operators">Registered operators, the three that misbehave included.</param>
/// <param name="Seed">Decides the samples and who orders what; not the chain's randomness.</param>
/// <param name="JsonFile">Where the report goes as data; null for none.</param>
/// <param name="Keep">Leave the stack running and write .run/stack.json.</param>
/// <param name="Embedded">All services in this process on the in-memory bus.</param>
public sealed record DemoOptions(int Jobs, int Operators, int Seed, string? JsonFile, bool Keep, bool Embedded)
{
    public const int Misbehaving = 3;
    public const int Clients = 3;
    public const int LeastJobs = Misbehaving + 1;

    /// <summary>Roster the contract insists on: the operator, its re-executors and the seats with reserves.</summary>
    public const int LeastOperators = 10;

    /// <summary>Seconds from the opening that an operator has for its result.</summary>
    public uint RunWindow { get; init; } = LocalTerms.RunWindow;

    /// <returns>What is wrong and what to do, or null.</returns>
    public string? Problem() => this switch
    {
        { Jobs: < LeastJobs or > 10_000 } => $"--jobs takes {LeastJobs} to 10000: one for each operator that misbehaves and one for the neighbour that is copied.",
        { Operators: < LeastOperators or > 200 } => $"--operators takes {LeastOperators} to 200: a case needs seats from that many.",
        _ => null,
    };
}
