using Assay.Circle.Network;
using Assay.Protocol.Chain;

namespace Assay.Circle.Demo;

/// <summary>What a run must have shown to count as a success. Pure.</summary>
public static class Promises
{
    public static IReadOnlyList<Promise> Check(
        RunningCircle circle, DemoOptions options, IReadOnlyList<JobLine> lines, IReadOnlyList<IndexedJob> jobs, Conservation conservation, Promise wallets)
    {
        Conduct ConductOf(IndexedJob job) => JobPlan.ConductOf(circle.OperatorIndex(job.Operator), options.Operators);

        return
        [
            Holds("every job reached a final state", lines.Where(l => l.Outcome is not (JobState.Released or JobState.Refunded or JobState.Slashed)), Describe),
            Holds("every honest operator was paid for every job it ran", jobs.Where(j => ConductOf(j) == Conduct.Honest && (j.State != JobState.Released || j.Earned <= 0)), Describe),
            Exactly("the operator with plausible wrong labels was slashed and its client compensated", jobs.Where(j => ConductOf(j) == Conduct.Plausible), Punished),
            Exactly("the operator with its neighbour's old answer was slashed and its client compensated", jobs.Where(j => ConductOf(j) == Conduct.Copycat), Punished),
            Exactly("the absent operator's job was refunded", jobs.Where(j => ConductOf(j) == Conduct.Absent), j => j is { State: JobState.Refunded, Outcome: Outcome.NoShow }),
            new("the escrow holds exactly what it owes (chain)", conservation.Chain, ""),
            new("the indexer's books equal the contract's (database)", conservation.Database, ""),
            wallets,
        ];
    }

    private static bool Punished(IndexedJob job) =>
        job is { State: JobState.Slashed, Outcome: Outcome.WrongResult } && job.Slashed > 0 && job.Compensated > 0;

    private static Promise Holds<T>(string what, IEnumerable<T> exceptions, Func<T, string> describe)
    {
        var found = exceptions.Select(describe).ToArray();
        return new Promise(what, found.Length == 0, string.Join("; ", found));
    }

    /// <summary>At least one job of that kind, and the rule holds for each.</summary>
    private static Promise Exactly(string what, IEnumerable<IndexedJob> jobs, Func<IndexedJob, bool> rule)
    {
        var all = jobs.ToArray();
        var broken = all.Where(j => !rule(j)).Select(Describe).ToArray();
        return new Promise(what, all.Length > 0 && broken.Length == 0, all.Length == 0 ? "it got no job" : string.Join("; ", broken));
    }

    private static string Describe(JobLine line) => $"job {line.Id.ToString()[..10]} is {line.Outcome} ({line.Reason})";

    private static string Describe(IndexedJob job) => $"job {job.Id.ToString()[..10]} is {job.State} ({job.Outcome}), paid {job.Earned}";
}
