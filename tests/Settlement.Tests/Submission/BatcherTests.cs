using Assay.Protocol.Chain;
using Assay.Settlement.Payouts;
using Assay.Settlement.Submission;

namespace Assay.Settlement.Tests.Submission;

public sealed class BatcherTests
{
    private static PlannedAction Planned(long id, Transition transition, double age = 10) =>
        new(id, new DueAction(transition, Words.Of((ulong)id), 0, Payload.None), TimeSpan.FromSeconds(age));

    private static IEnumerable<long[]> Batches(int size, double linger, params PlannedAction[] planned) =>
        Batcher.Batches(planned, size, TimeSpan.FromSeconds(linger)).Select(b => b.Select(p => p.Id).ToArray());

    [Fact]
    public void Steps_of_one_kind_share_a_transaction_up_to_the_size() => Assert.Equal(
        [[1, 3], [2], [4]], Batches(2, 0, Planned(1, Transition.Open), Planned(2, Transition.Submit), Planned(3, Transition.Open), Planned(4, Transition.Open)));

    [Fact]
    public void What_the_contract_takes_singly_goes_alone() =>
        Assert.Equal([[1], [2]], Batches(8, 0, Planned(1, Transition.Accuse), Planned(2, Transition.Accuse)));

    [Fact]
    public void A_batch_that_is_not_full_waits_for_company_but_not_for_ever()
    {
        Assert.Empty(Batches(3, 5, Planned(1, Transition.Open, age: 4), Planned(2, Transition.Open, age: 1)));
        Assert.Equal([[1, 2]], Batches(3, 5, Planned(1, Transition.Open, age: 5), Planned(2, Transition.Open, age: 1)));
        Assert.Equal([[1, 2]], Batches(2, 5, Planned(1, Transition.Open, age: 0), Planned(2, Transition.Open, age: 0)));
    }

    [Fact]
    public void A_batch_that_is_too_large_splits_without_losing_a_step() => Assert.Equal(
        [1, 2, 3], Batcher.Halves([Planned(1, Transition.Open), Planned(2, Transition.Open), Planned(3, Transition.Open)]).SelectMany(h => h.Select(p => p.Id)));
}
