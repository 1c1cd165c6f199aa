using Assay.Protocol.Messages;
using Assay.Settlement.Payouts;

namespace Assay.Settlement.Tests.Payouts;

public sealed class RejectionTests
{
    private static string? Reason(Case order) => Rejection.Of(order.View, order.Clock);

    private static Case Accepted => new Case().Knows(d => d with { Acceptances = [Case.Acceptance()] });

    [Theory]
    [InlineData(500, null)]
    [InlineData(501, "expired")]
    public void An_order_is_rejected_when_it_expires(int second, string? reason) => Assert.Equal(reason, Reason(new Case().At((ulong)second)));

    [Fact]
    public void An_expired_order_is_rejected_with_what_the_contract_said_last()
    {
        var order = Accepted;
        order.Refused(Assert.Single(order.Plan()), "Admission");
        Assert.Null(Reason(order));
        Assert.Equal("admission", Reason(order.At(501)));
    }

    [Fact]
    public void An_order_that_the_contract_can_never_open_is_rejected_at_once()
    {
        var order = Accepted;
        order.Refused(Assert.Single(order.Plan()), "NonceUsed");
        Assert.Equal("nonce_used", Reason(order));
    }

    [Fact]
    public void An_order_that_nobody_takes_is_rejected_with_the_reason_given() =>
        Assert.Equal("no_operator", Reason(new Case().Knows(d => d with { Unplaced = new OrderUnplaced(Case.Job, "no_operator") })));

    [Fact]
    public void An_open_job_is_never_rejected() => Assert.Null(Reason(Accepted.Open().At(900)));
}
