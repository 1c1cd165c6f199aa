using System.Diagnostics;
using Assay.Circle.Network;
using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;

namespace Assay.Circle.Demo;

/// <summary>One case of the scenario as it went.</summary>
/// <param name="Lost">By the operator, of its bond; less than zero is a gain.</param>
public sealed record AppealedCase(string What, Bytes32 Job, IReadOnlyList<VerdictReached> Verdicts, JobState State, Outcome Outcome, Amount Lost);

/// <summary>
/// Three cases on a deployment whose seeds are scripted, because such draws hardly ever happen: a ring of four checks an honest operator and fills its first round; one
/// of the ring is caught and leaves it at that; another one is caught and appeals.
/// </summary>
public sealed class AppealScenario(RunningCircle circle, IDemoProgress progress)
{
    private const int Operators = 17, Clients = 1;
    private const int HonestOne = 0, Quiet = 1, Stubborn = 2, FirstOfRing = 1, LastOfRing = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(6), OrderLife = TimeSpan.FromMinutes(3), Poll = TimeSpan.FromMilliseconds(500);

    /// <summary>The local terms with the sizes of a public deployment, seeds of a beacon, and time for everybody to answer.</summary>
    public static CircleOptions Circle(bool embedded) => new(Operators, Clients, ConductOf, embedded)
    {
        Terms = LocalTerms.Parameters with
        {
            SecondSeats = 7, ConvictQuorum = 6, ClearQuorum = 4, MinRoster = 12, Randomness = Randomness.Beacon, EpochSeconds = 3,
            CheckWindow = 50, LongReview = 200, OpenWindow = 75, CommitWindow = 60, RevealWindow = 60, VerdictWindow = 300, AppealVerdictWindow = 300, AppealWindow = 30,
            UnbondingDelay = 1_500,
        },
    };

    private readonly ScriptedSeeds seeds = new(circle);

    private static Conduct ConductOf(int index) => index switch
    {
        Stubborn => Conduct.StubbornRing,
        >= FirstOfRing and <= LastOfRing => Conduct.Ring,
        _ => Conduct.Honest,
    };

    /// <returns>What happened, and what had to.</returns>
    public async Task<(IReadOnlyList<AppealedCase> Cases, IReadOnlyList<Promise> Promises)> RunAsync(CancellationToken cancellation)
    {
        AppealedCase[] cases =
        [
            await PlayAsync("an honest operator, checked and first judged by a ring", HonestOne, new CastList(IsOfRing, IsOfRing, IsHonest), cancellation),
            await PlayAsync("one of the ring, caught", Quiet, new CastList(IsHonest, IsHonest, IsHonest), cancellation),
            await PlayAsync("another one of the ring, caught, that appeals", Stubborn, new CastList(IsHonest, IsHonest, IsHonest), cancellation),
        ];
        var conservation = await new BookCheck(circle).RunAsync(cancellation);
        return (cases, Check(cases[0], cases[1], cases[2], conservation));
    }

    private static IReadOnlyList<Promise> Check(AppealedCase honest, AppealedCase quiet, AppealedCase stubborn, Conservation conservation)
    {
        var appeal = LocalTerms.MaxPrice * 7;
        return
        [
            new("a dishonest first round convicted the honest operator, and the second one cleared it",
                Rounds(honest).SequenceEqual([(1, Verdict.Convicted), (2, Verdict.Cleared)]) && honest is { State: JobState.Released, Outcome: Outcome.Cleared }, Tell(honest)),
            new("it lost nothing of its bond", honest.Lost.IsZero, Tell(honest)),
            new("the cheat that took its conviction was slashed after the first round", Rounds(quiet).SequenceEqual([(1, Verdict.Convicted)]) && quiet.State == JobState.Slashed, Tell(quiet)),
            new("the cheat that appealed was convicted twice and slashed",
                Rounds(stubborn).SequenceEqual([(1, Verdict.Convicted), (2, Verdict.Convicted)]) && stubborn.State == JobState.Slashed, Tell(stubborn)),
            new($"its appeal cost it {DemoOutput.Tokens(appeal)} tokens more, the pay of seven seats", stubborn.Lost - quiet.Lost == appeal, $"{DemoOutput.Tokens(stubborn.Lost - quiet.Lost)}"),
            new("the escrow holds exactly what it owes (chain)", conservation.Chain, ""),
            new("the indexer's books equal the contract's (database)", conservation.Database, ""),
        ];
    }

    private async Task<AppealedCase> PlayAsync(string what, int index, CastList cast, CancellationToken cancellation)
    {
        using var client = circle.Client(0);
        var account = circle.Cast.Owner(index).Address;
        var before = await StakeAsync(account);
        var order = await client.PrepareAsync(circle.Samples, Model.Int8, index, account, OrderLife, cancellation);
        var job = await client.PlaceAsync(order, cancellation);
        progress.Say($"{what}: job {job.ToString()[..10]} of operator-{index:00}");
        seeds.Script(job, cast);
        var ended = await UntilEndedAsync(job, cancellation);
        var verdicts = (await seeds.EventsAsync()).OfType<VerdictReached>().Where(v => v.Job == job).ToArray();
        return new AppealedCase(what, job, verdicts, ended.State, ended.Outcome, before - await StakeAsync(account));
    }

    private async Task<IndexedJob> UntilEndedAsync(Bytes32 job, CancellationToken cancellation)
    {
        var waited = Stopwatch.StartNew();
        while (waited.Elapsed < Patience)
        {
            await seeds.RecordDueAsync();
            var jobs = await circle.Auditor.JobsAsync(cancellation);
            progress.Jobs(jobs.Values, jobs.Count);
            if (jobs.TryGetValue(job, out var found) && found.IsFinal && found.Final) return found;
            await Task.Delay(Poll, cancellation);
        }
        throw new TimeoutException($"Job {job} did not end within {Patience.TotalMinutes:0} minutes. Settlement says: {await circle.Orders.StateAsync(job, cancellation)}");
    }

    private async Task<Amount> StakeAsync(Address account)
    {
        var books = await circle.Ledger.BooksOfAsync(account);
        return books.Amounts[Book.Bond] + books.Amounts[Book.Locked];
    }

    private bool IsOfRing(Address who) => circle.OperatorIndex(who) is >= FirstOfRing and <= LastOfRing;

    private bool IsHonest(Address who) => !IsOfRing(who);

    private static IEnumerable<(int Round, Verdict Verdict)> Rounds(AppealedCase @case) => @case.Verdicts.Select(v => ((int)v.Round, v.Verdict));

    private static string Tell(AppealedCase @case) =>
        $"job {@case.Job.ToString()[..10]} is {@case.State} ({@case.Outcome}) after {string.Join(", ", @case.Verdicts.Select(v => $"{v.Verdict} in round {v.Round}"))}; its operator lost {DemoOutput.Tokens(@case.Lost)}";
}
