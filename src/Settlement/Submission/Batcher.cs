using Assay.Settlement.Payouts;

namespace Assay.Settlement.Submission;

/// <summary>A planned step as its row has it.</summary>
/// <param name="Age">Time since it was planned, by the database's clock.</param>
public sealed record PlannedAction(long Id, DueAction Due, TimeSpan Age);

/// <summary>Which planned steps share a transaction.</summary>
public static class Batcher
{
    /// <summary>
    /// Steps of one kind, oldest first, at most <paramref name="size"/> together; a batch that is not full waits until its oldest step has waited
    /// <paramref name="linger"/>. What the contract takes singly goes alone and at once.
    /// </summary>
    public static IReadOnlyList<IReadOnlyList<PlannedAction>> Batches(IReadOnlyList<PlannedAction> planned, int size, TimeSpan linger)
    {
        var singles = planned.Where(p => !p.Due.Transition.IsBatched()).Select(p => (IReadOnlyList<PlannedAction>)[p]);
        var shared = planned
            .Where(p => p.Due.Transition.IsBatched())
            .GroupBy(p => p.Due.Transition)
            .SelectMany(g => g.OrderBy(p => p.Id).Chunk(size))
            .Where(chunk => chunk.Length == size || chunk[0].Age >= linger);
        return [.. singles.Concat(shared).OrderBy(batch => batch[0].Id)];
    }

    /// <summary>Two halves, for a batch that needs more gas than one transaction may have.</summary>
    public static IReadOnlyList<IReadOnlyList<PlannedAction>> Halves(IReadOnlyList<PlannedAction> batch) =>
        [[.. batch.Take(batch.Count / 2)], [.. batch.Skip(batch.Count / 2)]];
}
