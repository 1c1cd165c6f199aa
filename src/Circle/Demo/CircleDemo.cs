using System.Diagnostics;
using Assay.Circle.Network;
using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;

namespace Assay.Circle.Demo;

/// <summary>Plays the whole circle once: orders, results, checks, verdicts, money, and at the end everybody takes theirs home.</summary>
public sealed class CircleDemo(DemoOptions options, RunningCircle circle, IDemoProgress progress)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan OrderLife = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(500);

    private readonly List<(PlannedJob Plan, Bytes32 Id)> placed = [];
    private readonly Stopwatch clock = new();

    /// <summary>The orders placed so far, whether they became jobs or not.</summary>
    public IReadOnlyList<Bytes32> Placed => [.. placed.Select(p => p.Id)];

    public async Task<DemoReport> RunAsync(CancellationToken cancellation)
    {
        clock.Start();
        var plan = JobPlan.Make(options, circle.Samples.Names.Count);
        var clients = Enumerable.Range(0, DemoOptions.Clients).Select(circle.Client).ToArray();
        try
        {
            await AbandonAsync(plan[0], clients, cancellation);
            await PlaceAsync(plan.Skip(1).Where(p => p.Wave == 0), clients, cancellation);
            await UntilAsync(PlannedOf(JobPlan.NeighboursJob), jobs => jobs.All(j => j.State == JobState.Released), cancellation);
            await PlaceAsync(plan.Where(p => p.Wave == 1), clients, cancellation);
            await UntilAsync(placed.Select(p => p.Id), all => all.All(j => j.IsFinal && j.Final), cancellation);
            return await ReportAsync(clients, cancellation);
        }
        finally
        {
            foreach (var client in clients) client.Dispose();
        }
    }

    /// <summary>The absent operator accepts a job, and then its machine is gone.</summary>
    private async Task AbandonAsync(PlannedJob job, ClientWallet[] clients, CancellationToken cancellation)
    {
        await PlaceAsync([job], clients, cancellation);
        await UntilAsync([placed[0].Id], jobs => jobs.All(j => j.State == JobState.Open), cancellation);
        circle.Nodes.KillAbsent();
        progress.Say($"operator {job.Operator} accepted job {Short(placed[0].Id)} and its machine was cut off (kill -9)");
    }

    private async Task PlaceAsync(IEnumerable<PlannedJob> jobs, ClientWallet[] clients, CancellationToken cancellation)
    {
        foreach (var job in jobs)
        {
            var client = clients[job.Client];
            var @operator = job.Operator is { } index ? circle.Cast.Owner(index).Address : Address.Zero;
            var order = await client.PrepareAsync(circle.Samples, job.Model, job.Batch, @operator, OrderLife, cancellation);
            // Half of them want the store's word that the outputs are there.
            var witness = job.Number % 2 == 0 ? circle.Cast.Store.Address : Address.Zero;
            placed.Add((job, await client.PlaceAsync(order with { RunWindow = options.RunWindow, Witness = witness }, cancellation)));
            progress.Placed(placed.Count, options.Jobs);
        }
    }

    private IEnumerable<Bytes32> PlannedOf(int number) => placed.Where(p => p.Plan.Number == number).Select(p => p.Id);

    /// <summary>Waits until the indexer shows all of these jobs and the condition holds.</summary>
    private async Task<IReadOnlyList<IndexedJob>> UntilAsync(
        IEnumerable<Bytes32> ids, Func<IReadOnlyList<IndexedJob>, bool> condition, CancellationToken cancellation)
    {
        var wanted = ids.ToArray();
        var waited = Stopwatch.StartNew();
        while (true)
        {
            var jobs = await circle.Auditor.JobsAsync(cancellation);
            progress.Jobs(jobs.Values, placed.Count);
            if (wanted.All(jobs.ContainsKey) && wanted.Select(id => jobs[id]).ToArray() is var found && condition(found)) return found;
            if (waited.Elapsed > Patience) throw new TimeoutException(await StuckAsync(wanted, jobs, cancellation));
            await Task.Delay(Poll, cancellation);
        }
    }

    private async Task<string> StuckAsync(Bytes32[] wanted, IReadOnlyDictionary<Bytes32, IndexedJob> jobs, CancellationToken cancellation)
    {
        var stuck = wanted.Where(id => !jobs.TryGetValue(id, out var job) || !job.IsFinal).ToArray();
        var answers = await Task.WhenAll(stuck.Take(5).Select(id => circle.Orders.StateAsync(id, cancellation)));
        return $"{stuck.Length} jobs did not end within {Patience.TotalMinutes:0} minutes. Settlement says: {string.Join("; ", answers)}";
    }

    private async Task<DemoReport> ReportAsync(ClientWallet[] clients, CancellationToken cancellation)
    {
        await circle.Orders.UntilClosedAsync(placed.Select(p => p.Id), Patience, cancellation);
        var jobs = await Task.WhenAll(placed.Select(p => circle.Auditor.JobAsync(p.Id, cancellation)));
        progress.Say("every job has ended and is final; checking the books");
        var lines = jobs.Select(Line).ToArray();
        var conservation = await new BookCheck(circle).RunAsync(cancellation);
        var accuracy = await AccuracyAsync(jobs, clients[0], cancellation);
        var wallets = await TakeHomeAsync(clients, cancellation);
        var promises = Promises.Check(circle, options, lines, jobs, conservation, wallets);
        return new DemoReport(lines, TotalsOf(lines, jobs), conservation with { Chain = conservation.Chain && wallets.Kept }, accuracy, promises);
    }

    private JobLine Line(IndexedJob job)
    {
        var plan = placed.Single(p => p.Id == job.Id).Plan;
        return new JobLine(
            job.Id, $"client-{circle.ClientIndex(job.Client)}", $"operator-{circle.OperatorIndex(job.Operator):00}",
            plan.Model == Model.Int8 ? "digits-int8" : "digits-fp32", job.WasChecked, job.State, job.Outcome,
            job.Earned, job.Compensated, job.Slashed, job.Transactions);
    }

    private Totals TotalsOf(JobLine[] lines, IReadOnlyList<IndexedJob> jobs) => new(
        lines.Length,
        lines.Count(l => l.Outcome == JobState.Released),
        lines.Count(l => l.Outcome == JobState.Refunded),
        lines.Count(l => l.Outcome == JobState.Slashed),
        lines.Count(l => l.Checked),
        Amount.Sum(jobs.Select(j => j.Billed)),
        Amount.Sum(lines.Select(l => l.Paid)),
        Amount.Sum(jobs.Select(j => j.Refunded)),
        Amount.Sum(lines.Select(l => l.Compensated)),
        Amount.Sum(lines.Select(l => l.Slashed)),
        lines.SelectMany(l => l.Transactions).Distinct().Count(),
        Math.Round(clock.Elapsed.TotalSeconds, 1));

    /// <summary>Right labels over all samples of the jobs that were accepted and paid.</summary>
    private async Task<double> AccuracyAsync(IReadOnlyList<IndexedJob> jobs, ClientWallet client, CancellationToken cancellation)
    {
        var (right, all) = (0, 0);
        foreach (var job in jobs.Where(j => j.State == JobState.Released))
        {
            var plan = placed.Single(p => p.Id == job.Id).Plan;
            var labels = await Labels.ReadAsync(client.Blobs, job.OutputsRoot!.Value, cancellation);
            var truth = circle.Samples.LabelsOf(plan.Batch);
            right += labels.Zip(truth).Count(pair => pair.First == pair.Second);
            all += truth.Count;
        }
        return all == 0 ? 0 : Math.Round((double)right / all, 4);
    }

    /// <summary>Operators claim, clients withdraw; what arrives in the wallets must be what the books said.</summary>
    private async Task<Promise> TakeHomeAsync(ClientWallet[] clients, CancellationToken cancellation)
    {
        var ledger = circle.Ledger;
        var wrong = new List<string>();
        async Task Take(Address account, Address wallet, Book book, Func<Amount, Task> take)
        {
            var owed = (await ledger.BooksOfAsync(account)).Amounts[book];
            if (owed.IsZero) return;
            var before = await ledger.TokenBalanceAsync(wallet);
            await take(owed);
            var got = await ledger.TokenBalanceAsync(wallet) - before;
            if (got != owed) wrong.Add($"{wallet} got {got} instead of {owed}");
        }

        await Task.WhenAll(
        [
            .. Enumerable.Range(0, options.Operators).Select(i => Take(
                circle.Cast.Owner(i).Address, circle.Cast.Payout(i).Address, Book.Earned,
                _ => circle.Relays.ClaimAsync(circle.Cast.Payout(i), circle.Cast.Owner(i).Address, cancellation))),
            .. clients.Select((client, i) => Take(
                client.Address, client.Address, Book.Available, owed => circle.Relays.WithdrawAsync(circle.Cast.Client(i), client.Address, owed, cancellation))),
        ]);
        var (held, owed) = await ledger.ConservationAsync(await circle.HeadAsync(cancellation));
        if (held != owed) wrong.Add($"the escrow holds {held} and owes {owed}");
        return new Promise("operators claimed and clients withdrew by signature, without gas and to the last unit", wrong.Count == 0, string.Join("; ", wrong));
    }

    private static string Short(Bytes32 id) => id.ToString()[..10];
}
