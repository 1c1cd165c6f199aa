using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Assay.Protocol.Nodes;
using Assay.Verifier.Redundancy;
using Assay.Verifier.Tests.Support;

namespace Assay.Verifier.Tests;

public class PlacementTests
{
    [Fact]
    public void An_order_is_offered_to_the_present_operator_with_the_fewest_jobs()
    {
        var s = new Situation();
        foreach (var o in s.Cast.Operators) s.Standings[o.Address] = new(5, s.Wall, null, null);
        s.Standings[s.Cast.Operators[3].Address] = new(1, s.Wall, null, null);
        s.Standings[s.Cast.Operators[4].Address] = new(0, s.Wall.AddHours(-1), null, null);

        Assert.Equal([new Ask(WorkKind.Offer, s.Cast.Operators[3].Address)], s.Decide());
    }

    [Fact]
    public void An_equally_busy_operator_that_waited_longest_comes_first()
    {
        var s = new Situation();
        foreach (var o in s.Cast.Operators) s.Standings[o.Address] = new(0, s.Wall, null, s.Wall);
        s.Standings[s.Cast.Operators[6].Address] = new(0, s.Wall, null, s.Wall.AddSeconds(-5));

        Assert.Equal(s.Cast.Operators[6].Address, Assert.Single(s.Asks()).Operator);
    }

    [Fact]
    public void An_operator_with_an_open_case_is_offered_nothing()
    {
        var s = new Situation(cast: new Cast(1));
        s.Standings[s.Cast.Operators[0].Address] = new(0, s.Wall, null, null, IsAccused: true);
        Assert.Empty(s.Decide());
    }

    [Fact]
    public void An_order_for_one_operator_is_offered_to_it_alone()
    {
        var cast = new Cast();
        var s = new Situation(chosen: cast.Operators[5].Address, cast: cast);
        Assert.Equal(cast.Operators[5].Address, Assert.Single(s.Asks()).Operator);

        s.Offer(cast.Operators[5].Address, WorkState.Refused, Cast.Start);
        Assert.Empty(s.Decide());
    }

    [Fact]
    public void An_offer_to_the_operator_that_the_order_names_stands_as_long_as_the_order()
    {
        var cast = new Cast();
        var s = new Situation(chosen: cast.Operators[5].Address, cast: cast);
        s.Offer(cast.Operators[5].Address, WorkState.Open, Cast.Start);
        s.Now = Cast.Start + 299;
        Assert.Equal([new Ask(WorkKind.Offer, cast.Operators[5].Address)], s.Decide());
    }

    [Fact]
    public void A_client_that_is_an_operator_is_not_offered_its_own_order()
    {
        var s = new Situation();
        s.Roster.Clear();
        s.Roster.Add(new OperatorRegistered(s.Cast.At(1), s.Order.Client, s.Order.Client, s.Order.Client));
        s.Roster.Add(new OperatorJoined(s.Cast.At(1), s.Order.Client, 0, s.Order.Client));
        Assert.Empty(s.Decide());
    }

    [Fact]
    public void A_retired_operator_is_offered_nothing()
    {
        var s = new Situation(cast: new Cast(1));
        Assert.Single(s.Asks());
        s.Roster.Add(new OperatorRetired(s.Cast.At(2), s.Cast.Operators[0].Address, 0, true));
        Assert.Empty(s.Decide());
    }

    [Fact]
    public void An_offer_stands_for_its_time_and_then_goes_to_the_next_operator()
    {
        var s = new Situation();
        var first = Assert.Single(s.Asks()).Operator;
        s.Offer(first, WorkState.Open, Cast.Start);

        s.Now = Cast.Start + 9;
        Assert.Equal([new Ask(WorkKind.Offer, first)], s.Decide());

        s.Now = Cast.Start + 10;
        Assert.Equal(new Lapse("offer-0", first), Assert.Single(s.Decide().OfType<Lapse>()));
        var next = Assert.Single(s.Asks());
        Assert.NotEqual(first, next.Operator);
        Assert.Equal(1, next.Number);
    }

    [Fact]
    public void An_operator_that_let_an_offer_lapse_is_passed_over_for_a_while()
    {
        var s = new Situation(cast: new Cast(1));
        s.Standings[s.Cast.Operators[0].Address] = new(0, s.Wall, s.Wall, null);
        Assert.Empty(s.Decide());
        s.Now += 60;
        Assert.Single(s.Asks());
    }

    [Fact]
    public void An_operator_that_refused_the_order_is_not_asked_again_for_a_while()
    {
        var s = new Situation(cast: new Cast(2));
        s.Offer(s.Cast.Operators[0].Address, WorkState.Refused, Cast.Start);
        Assert.Equal(s.Cast.Operators[1].Address, Assert.Single(s.Asks()).Operator);
        s.Offer(s.Cast.Operators[1].Address, WorkState.Refused, Cast.Start);
        s.Now = Cast.Start + 59;
        Assert.Empty(s.Decide());
        s.Now = Cast.Start + 60;
        Assert.Equal(2, Assert.Single(s.Asks()).Number);
    }

    [Fact]
    public void An_accepted_order_is_sent_on_and_offered_to_nobody_else()
    {
        var s = new Situation();
        s.Accept(s.Runner.Address, Cast.Start + 30, Cast.Start);
        var step = Assert.IsType<Publish>(Assert.Single(s.Decide()));
        Assert.Equal(s.Acceptances[0].Acceptance, Assert.IsType<OrderAccepted>(step.Message).Acceptance);
    }

    [Fact]
    public void An_order_whose_acceptance_ran_out_is_offered_to_another_operator()
    {
        var s = new Situation(cast: new Cast(2));
        s.Offer(s.Runner.Address, WorkState.Done, Cast.Start);
        s.Accept(s.Runner.Address, Cast.Start + 30, Cast.Start);
        s.Now = Cast.Start + 31;
        var ask = Assert.Single(s.Asks());
        Assert.Equal(s.Cast.Operators[1].Address, ask.Operator);
        Assert.Equal(1, ask.Number);
    }

    [Fact]
    public void An_order_that_the_contract_would_not_open_with_its_operator_is_offered_to_another()
    {
        var s = new Situation(cast: new Cast(2));
        s.Accept(s.Runner.Address, Cast.Start + 300, Cast.Start, afterSequence: 40);
        s.OpenRefusedAt = 40;
        Assert.Single(s.Messages<OrderAccepted>());
        s.OpenRefusedAt = 41;
        Assert.Equal(s.Cast.Operators[1].Address, Assert.Single(s.Asks()).Operator);
    }

    [Fact]
    public void An_order_whose_documents_cannot_be_read_is_given_up_with_the_reason_and_offered_to_nobody()
    {
        var s = new Situation { DocumentFault = "the comparison policy is not in the content store" };
        Assert.Equal([new Publish(new OrderUnplaced(s.Job, s.DocumentFault)), new Rest()], s.Decide());
        s.Accept(s.Runner.Address, Cast.Start + 30, Cast.Start);
        Assert.Single(s.Messages<OrderAccepted>());
    }

    [Fact]
    public void An_order_past_its_expiry_is_given_up_after_the_margin()
    {
        var s = new Situation { Now = Cast.Start + 305 };
        Assert.Empty(s.Decide());
        s.Now = Cast.Start + 311;
        Assert.Equal(s.Job, Assert.Single(s.Messages<OrderUnplaced>()).Job);
        Assert.Contains(new Rest(), s.Decide());
    }
}
