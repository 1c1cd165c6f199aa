using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Assay.Protocol.Nodes;
using Assay.Verifier.Redundancy;
using Assay.Verifier.Tests.Support;

namespace Assay.Verifier.Tests;

public class DecisionTests
{
    private static readonly Work Wrong = Work.Labels("other", 9, 9, 9);

    [Fact]
    public void An_open_job_is_run_by_its_operator_until_the_result_is_signed()
    {
        var s = new Situation().Opened();
        Assert.Equal([new Ask(WorkKind.Execute, s.Runner.Address)], s.Decide());

        s.Result = new(s.Runner.Address, new Result(s.Job, s.Right.Commitment, Work.ManifestDigest), [1], "{}");
        Assert.Equal(s.Result.Result, Assert.Single(s.Messages<ResultSigned>()).Result);
        Assert.Empty(s.Asks());
    }

    [Fact]
    public void An_open_job_past_its_run_window_is_left_to_expire()
    {
        var s = new Situation { Now = Cast.Start + 61 }.Opened();
        Assert.Empty(s.Decide());
    }

    [Fact]
    public void A_submitted_result_that_a_reorg_removed_is_sent_on_again()
    {
        var s = new Situation().Opened().Submitted();
        s.Result = new(s.Runner.Address, new Result(s.Job, s.Right.Commitment, Work.ManifestDigest), [1], "{}");
        Assert.Empty(s.Messages<ResultSigned>());
        s.Events.RemoveAt(1);
        Assert.Single(s.Messages<ResultSigned>());
    }

    [Fact]
    public void Nothing_is_asked_of_anybody_before_the_deciding_seed()
    {
        var s = new Situation().Opened().Submitted();
        s.Seeds.Clear();
        Assert.Empty(s.Decide());
    }

    [Fact]
    public void A_job_that_is_not_sampled_is_opened_and_sent_on_without_a_check()
    {
        var s = new Situation().Opened(ratePpm: 0).Submitted();
        Assert.Equal([new Ask(WorkKind.Reveal, s.Runner.Address)], s.Decide());
        s.Opening = s.Right.Opening;
        Assert.Equal([new Publish(new ResultOpened(s.Job, s.Opening))], s.Decide());
    }

    [Fact]
    public void A_sampled_job_is_run_again_before_anybody_opens()
    {
        var s = new Situation().Opened().Submitted();
        Assert.Equal([new Ask(WorkKind.Recompute, s.Picks[0])], s.Decide());
    }

    [Fact]
    public void A_sampled_job_is_not_sent_on_without_its_check_although_it_was_opened()
    {
        var s = new Situation().Opened().Submitted();
        s.Opening = s.Right.Opening;
        Assert.Empty(s.Messages<ResultOpened>());
    }

    [Fact]
    public void Nothing_is_drawn_while_places_of_the_roster_are_still_on_their_way()
    {
        var s = new Situation().Opened().Submitted();
        s.Roster.RemoveRange(s.Roster.Count - 2, 2);
        Assert.Empty(s.Decide());
    }

    [Theory]
    [InlineData(29, 1)]
    [InlineData(30, 2)]
    [InlineData(60, 3)]
    [InlineData(120, 3)]
    public void A_silent_re_executor_is_joined_by_the_next_after_each_check_window(int seconds, int asked)
    {
        var s = new Situation().Opened().Submitted();
        s.Now = Cast.Start + 10 + (ulong)seconds;
        Assert.Equal(s.Picks.Take(asked).Select((p, n) => new Ask(WorkKind.Recompute, p, 0, (byte)n)), s.Asks());
    }

    [Theory]
    [InlineData(20, 29, 1)]
    [InlineData(20, 30, 2)]
    [InlineData(21, 30, 1)]
    [InlineData(21, 31, 2)]
    [InlineData(220, 229, 1)]
    [InlineData(220, 230, 2)]
    [InlineData(220, 260, 3)]
    public void A_seed_after_the_review_window_moves_the_turns_of_the_re_executors_by_as_much(int seededAfter, int seconds, int asked)
    {
        var s = Seeded(seededAfter);
        s.Now = Cast.Start + 10 + (ulong)seconds;
        Assert.Equal(asked, s.Asks().Count(a => a.Kind == WorkKind.Recompute));
    }

    [Fact]
    public void A_late_seed_moves_the_end_of_the_long_review()
    {
        var s = Seeded(220);
        s.Seal(0, 0, s.Picks[0], Wrong);
        s.Opening = s.Right.Opening;
        s.Attest(0, 0, s.Picks[0], Wrong, Finding.Value, s.Right.Value);
        s.Now = Cast.Start + 10 + 200 + 120;
        Assert.Single(s.Messages<AccusationSigned>());
        s.Now++;
        Assert.Empty(s.Messages<AccusationSigned>());
    }

    [Fact]
    public void An_operator_is_not_accused_of_keeping_closed_what_a_late_seed_let_nobody_ask_for()
    {
        var s = Seeded(220);
        s.Seal(0, 0, s.Picks[0], s.Right);
        s.AskReveal(Cast.Start);
        s.Now = Cast.Start + 10 + 200 + 9;
        Assert.DoesNotContain(s.Asks(), a => a.Kind == WorkKind.Attest);
        s.Now++;
        Assert.Contains(new Ask(WorkKind.Attest, s.Picks[0]), s.Asks());
    }

    [Fact]
    public void The_operator_opens_only_when_a_re_executor_has_sealed()
    {
        var s = new Situation().Opened().Submitted();
        s.Seal(0, 0, s.Picks[0], s.Right);
        Assert.Equal([new Ask(WorkKind.Reveal, s.Runner.Address)], s.Decide());
    }

    [Fact]
    public void A_seal_of_somebody_who_was_not_drawn_opens_nothing()
    {
        var s = new Situation().Opened().Submitted();
        s.Seal(0, 0, s.Cast.Operators.First(o => o.Address != s.Picks[0]).Address, s.Right);
        Assert.Equal([new Ask(WorkKind.Recompute, s.Picks[0])], s.Decide());
    }

    [Fact]
    public void A_re_executor_that_sealed_is_shown_the_claim()
    {
        var s = new Situation().Opened().Submitted();
        s.Seal(0, 0, s.Picks[0], s.Right);
        s.Opening = s.Right.Opening;
        Assert.Equal([new Ask(WorkKind.Attest, s.Picks[0], 0, 0, 0, new Claim(s.Right.Root, 3))], s.Decide());
    }

    [Fact]
    public void A_re_executor_that_sealed_is_waited_for_one_window_longer()
    {
        var s = new Situation().Opened().Submitted();
        s.Seal(0, 0, s.Picks[0], s.Right);
        s.Opening = s.Right.Opening;
        s.Now = Cast.Start + 10 + 59;
        Assert.DoesNotContain(s.Asks(), a => a.Kind == WorkKind.Recompute);
        s.Now = Cast.Start + 10 + 60;
        Assert.Equal(s.Picks[1], Assert.Single(s.Asks(), a => a.Kind == WorkKind.Recompute).Operator);
    }

    [Fact]
    public void An_equal_value_sends_the_opening_and_the_agreement()
    {
        var s = Checked(Comparison.Exact, Work.Labels("check", 1, 2, 3), Finding.Value);
        Assert.Single(s.Messages<ResultOpened>());
        Assert.Equal(s.Attestations[0].Attestation, Assert.Single(s.Messages<CheckAgreed>()).Attestation);
        Assert.Empty(s.Asks());
    }

    [Fact]
    public void A_differing_value_sends_the_accusation_and_no_opening()
    {
        var s = Checked(Comparison.Exact, Wrong, Finding.Value);
        Assert.Equal(s.Attestations[0].Attestation, Assert.Single(s.Messages<AccusationSigned>()).Attestation);
        Assert.Empty(s.Messages<ResultOpened>());
    }

    [Theory]
    [InlineData(Finding.Match, true)]
    [InlineData(Finding.Mismatch, false)]
    [InlineData(Finding.Malformed, false)]
    public void With_tolerance_the_finding_counts_and_not_the_value(Finding finding, bool agrees)
    {
        var s = Checked(Comparison.Tolerance, Wrong, finding);
        Assert.Equal(agrees ? 1 : 0, s.Messages<CheckAgreed>().Count);
        Assert.Equal(agrees ? 0 : 1, s.Messages<AccusationSigned>().Count);
    }

    [Fact]
    public void An_answer_about_another_claim_is_no_answer()
    {
        var s = Checked(Comparison.Tolerance, Wrong, Finding.Match, claim: Words.Of(1ul));
        Assert.Equal(WorkKind.Attest, Assert.Single(s.Asks()).Kind);
        Assert.Empty(s.Messages<CheckAgreed>());
    }

    [Fact]
    public void When_every_re_executor_was_silent_the_result_is_opened_and_sent_on_unchecked()
    {
        var s = new Situation().Opened().Submitted();
        s.Now = Cast.Start + 10 + 121;
        Assert.Equal([new Ask(WorkKind.Reveal, s.Runner.Address)], s.Decide());
        s.Opening = s.Right.Opening;
        Assert.Equal([new Publish(new ResultOpened(s.Job, s.Opening))], s.Decide());
    }

    [Fact]
    public void An_accusation_that_comes_after_the_long_review_is_not_sent()
    {
        var s = Checked(Comparison.Exact, Wrong, Finding.Value);
        s.Now = Cast.Start + 10 + 121;
        Assert.Empty(s.Messages<AccusationSigned>());
    }

    [Theory]
    [InlineData(Comparison.Exact, Finding.Value, 10)]
    [InlineData(Comparison.Tolerance, Finding.Malformed, 90)]
    public void An_operator_that_keeps_its_result_closed_is_accused_before_its_other_jobs_are_paid_or_where_seats_must_judge_before_the_long_review_ends(
        Comparison comparison, Finding finding, int after)
    {
        var s = new Situation(comparison).Opened().Submitted();
        s.Seal(0, 0, s.Picks[0], s.Right);
        s.AskReveal(Cast.Start);
        s.Now = Cast.Start + 10 + (ulong)after - 1;
        Assert.DoesNotContain(s.Asks(), a => a.Kind == WorkKind.Attest);
        s.Now++;
        Assert.Contains(new Ask(WorkKind.Attest, s.Picks[0]), s.Asks());

        s.Attest(0, 0, s.Picks[0], s.Right, finding, Bytes32.Zero);
        Assert.Single(s.Messages<AccusationSigned>());
        Assert.Contains(new Ask(WorkKind.Reveal, s.Runner.Address), s.Asks());

        s.Opening = s.Right.Opening;
        Assert.Empty(s.Messages<AccusationSigned>());
    }

    [Fact]
    public void An_operator_that_is_asked_to_open_late_gets_its_time_before_it_is_accused()
    {
        var s = new Situation().Opened().Submitted();
        s.Now = Cast.Start + 10 + 100;
        s.Seal(0, 2, s.Picks[2], s.Right);
        Assert.Contains(new Ask(WorkKind.Reveal, s.Runner.Address), s.Asks());
        s.AskReveal(s.Now);
        s.Now += 14;
        Assert.DoesNotContain(s.Asks(), a => a.Kind == WorkKind.Attest);
        s.Now++;
        Assert.Contains(new Ask(WorkKind.Attest, s.Picks[2], 0, 2), s.Asks());
    }

    [Fact]
    public void An_exact_result_that_is_opened_is_judged_although_the_store_lacks_its_content()
    {
        var s = new Situation { HasOutputs = false }.Opened().Submitted();
        s.Seal(0, 0, s.Picks[0], s.Right);
        s.AskReveal(Cast.Start + 20);
        s.Opening = s.Right.Opening;
        s.Now = Cast.Start + 10 + 30;
        Assert.Equal([new Ask(WorkKind.Attest, s.Picks[0], 0, 0, 0, new Claim(s.Right.Root, 3)), new Ask(WorkKind.Reveal, s.Runner.Address)], s.Decide());

        s.Attest(0, 0, s.Picks[0], s.Right, Finding.Value, s.Right.Value);
        s.Now = Cast.Start + 10 + 90;
        Assert.Single(s.Messages<CheckAgreed>());
        Assert.Empty(s.Messages<AccusationSigned>());
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(1_000_000u)]
    public void A_result_whose_content_the_store_lacks_is_asked_for_again_and_not_sent_on(uint ratePpm)
    {
        var s = new Situation { HasOutputs = false, Now = Cast.Start + 10 + 121 }.Opened(ratePpm).Submitted();
        s.Opening = s.Right.Opening;
        Assert.Equal([new Ask(WorkKind.Reveal, s.Runner.Address)], s.Decide());
        s.HasOutputs = true;
        Assert.Equal([new Publish(new ResultOpened(s.Job, s.Opening))], s.Decide());
    }

    [Fact]
    public void With_tolerance_an_opening_counts_from_when_its_content_is_there()
    {
        var s = new Situation(Comparison.Tolerance) { HasOutputs = false }.Opened().Submitted();
        s.Seal(0, 0, s.Picks[0], Wrong);
        s.AskReveal(Cast.Start + 20);
        s.Opening = s.Right.Opening;
        Assert.Equal([new Ask(WorkKind.Reveal, s.Runner.Address)], s.Decide());

        s.Now = Cast.Start + 10 + 90;
        s.Attest(0, 0, s.Picks[0], Wrong, Finding.Malformed, Bytes32.Zero);
        Assert.Single(s.Messages<AccusationSigned>());
        s.HasOutputs = true;
        Assert.Equal([new Ask(WorkKind.Attest, s.Picks[0], 0, 0, 0, new Claim(s.Right.Root, 3))], s.Asks().Where(a => a.Operator == s.Picks[0]));
        Assert.Empty(s.Messages<AccusationSigned>());
    }

    [Fact]
    public void An_accuser_of_a_closed_result_has_agreed_when_the_opened_value_is_its_own()
    {
        var s = new Situation { Now = Cast.Start + 10 + 90 }.Opened().Submitted();
        s.Seal(0, 0, s.Picks[0], s.Right);
        s.Attest(0, 0, s.Picks[0], s.Right, Finding.Value, Bytes32.Zero);
        s.Opening = s.Right.Opening;
        Assert.Single(s.Messages<CheckAgreed>());
        Assert.Empty(s.Asks());
    }

    [Fact]
    public void Seats_run_the_job_again_and_their_seals_are_sent_on()
    {
        var s = new Situation();
        var seats = s.Dispute();
        Assert.Equal(seats.Select((p, i) => new Ask(WorkKind.Recompute, p, 1, (byte)i)), s.Decide());

        s.Seal(1, 1, seats[1], s.Right);
        Assert.Equal(s.Seals[0].Commitment, Assert.Single(s.Messages<SeatCommitmentSigned>()).Commitment);
        Assert.Equal([seats[0], seats[2]], s.Asks().Select(a => a.Operator));
    }

    [Fact]
    public void A_split_first_round_is_followed_by_fresh_seats_that_are_asked_as_the_first_were()
    {
        var s = new Situation();
        var first = s.Dispute();
        s.SealAll(first, [s.Right, s.Right, Wrong], s.Now + 60);
        s.Events.Add(new VerdictReached(s.Cast.At(60), s.Job, 1, Verdict.Inconclusive, Bytes32.Zero, Bytes32.Zero));
        s.Events.Add(new ResultAppealed(s.Cast.At(60), s.Job, Address.Zero, 5, (uint)s.Cast.Operators.Count));
        s.Seeds[6] = s.Cast.SeedOf(6);
        Assert.Empty(s.Decide());

        var second = s.Cast.SecondPicks(s.Order, s.Runner, s.Cast.Of(s.Picks[0]), first);
        Assert.DoesNotContain(second, who => first.Contains(who));
        s.Events.Add(new SeatsDrawn(s.Cast.At(71), s.Job, 2, second, s.Now + 30));
        Assert.Equal(second.Select((who, i) => new Ask(WorkKind.Recompute, who, 2, (byte)i)), s.Decide());

        s.SealAll(second, [s.Right, s.Right, s.Right], s.Now + 60, round: 2);
        s.Events.Add(new ClaimOpened(s.Cast.At(72), s.Job, s.Right.Root, s.Right.Units, s.Right.Salt));
        var claim = new Claim(s.Right.Root, s.Right.Units);
        Assert.Equal(second.Select((who, i) => new Ask(WorkKind.Attest, who, 2, (byte)i, Claim: claim)), s.Decide());
        for (var i = 0; i < 3; i++) s.Attest(2, i, second[i], s.Right, Finding.Value, s.Right.Value);
        Assert.Single(s.Decide().OfType<Certify>());
    }

    [Fact]
    public void A_convicted_operator_is_asked_once_whether_it_appeals_while_it_may()
    {
        var s = new Situation();
        s.SealAll(s.Dispute(), [Wrong, Wrong, Wrong], s.Now + 30);
        var at = s.Cast.At(60);
        s.Events.Add(new VerdictReached(at, s.Job, 1, Verdict.Convicted, Wrong.Value, Bytes32.Zero));
        s.Now = at.BlockTime + Situation.Windows.AppealWindow - 1;
        Assert.Equal([new Ask(WorkKind.Appeal, s.Runner.Address, 2)], s.Decide());

        foreach (var answer in new[] { WorkState.Done, WorkState.Refused })
        {
            s.Asked.Add(new("appeal", WorkKind.Appeal, s.Runner.Address, 2, 0, 0, answer, s.Wall, s.Wall));
            Assert.Equal([new Rest()], s.Decide());
            s.Asked.Clear();
        }
        s.Now++;
        Assert.Equal([new Rest()], s.Decide());
        s.Now = at.BlockTime;
        s.Events.Add(new ResultAppealed(at, s.Job, s.Runner.Address, 5, (uint)s.Cast.Operators.Count));
        s.Events.Add(new VerdictReached(at, s.Job, 2, Verdict.Convicted, Wrong.Value, Bytes32.Zero));
        Assert.Equal([new Rest()], s.Decide());
    }

    [Fact]
    public void A_refilled_seat_is_asked_of_its_new_holder()
    {
        var s = new Situation();
        var seats = s.Dispute();
        var refill = s.Cast.CasePicks(s.Order, s.Runner, s.Cast.Of(s.Picks[0]), 4)[3];
        s.Events.Add(new SeatRefilled(s.Cast.At(52), s.Job, 1, 0, seats[0], refill, false, s.Now + 60));
        Assert.Equal([refill, seats[1], seats[2]], s.Asks().Select(a => a.Operator));
    }

    [Fact]
    public void The_claim_is_opened_only_when_every_seat_is_sealed()
    {
        var s = new Situation();
        var seats = s.Dispute();
        s.Opening = s.Right.Opening;
        Assert.Empty(s.Messages<ResultOpened>());
        s.SealAll(seats, [Wrong, Wrong, Wrong], s.Now + 30);
        Assert.Equal([new Publish(new ResultOpened(s.Job, s.Opening))], s.Decide());
    }

    [Fact]
    public void An_exact_claim_is_opened_in_its_case_although_the_store_lacks_its_content()
    {
        var s = new Situation { HasOutputs = false };
        s.SealAll(s.Dispute(), [Wrong, Wrong, Wrong], s.Now + 30);
        s.Opening = s.Right.Opening;
        Assert.Equal([new Publish(new ResultOpened(s.Job, s.Opening))], s.Decide());
    }

    [Theory]
    [InlineData(Comparison.Exact, true)]
    [InlineData(Comparison.Tolerance, false)]
    public void A_claim_that_opens_after_the_reveal_window_still_counts_where_seats_need_not_answer_again(Comparison comparison, bool counts)
    {
        var s = new Situation(comparison);
        var seats = s.Dispute();
        s.SealAll(seats, [Wrong, Wrong, Wrong], s.Now + 30);
        s.Now += 31;
        for (var i = 0; i < 3; i++) s.Attest(1, i, seats[i], Wrong, comparison == Comparison.Exact ? Finding.Value : Finding.Malformed, Bytes32.Zero);
        Assert.Single(s.Decide().OfType<Certify>());
        Assert.Equal(counts, s.Asks().Contains(new Ask(WorkKind.Reveal, s.Runner.Address)));

        s.Opening = s.Right.Opening;
        Assert.Equal(counts ? 1 : 0, s.Messages<ResultOpened>().Count);
        Assert.Equal(counts ? 0 : 1, s.Decide().OfType<Certify>().Count());
        s.Events.Add(new ClaimOpened(s.Cast.At(53), s.Job, s.Right.Root, 3, s.Right.Salt));
        if (counts) Assert.Equal(s.Attestations, Assert.Single(s.Decide().OfType<Certify>()).Seats);
    }

    [Fact]
    public void Seats_open_after_the_claim_and_the_certificate_waits_for_all_of_them()
    {
        var s = new Situation();
        var seats = s.Dispute();
        s.SealAll(seats, [Wrong, Wrong, Wrong], s.Now + 30);
        s.Events.Add(new ClaimOpened(s.Cast.At(53), s.Job, s.Right.Root, 3, s.Right.Salt));
        Assert.Equal(seats.Select((p, i) => new Ask(WorkKind.Attest, p, 1, (byte)i, 0, new Claim(s.Right.Root, 3))), s.Decide());

        s.Attest(1, 0, seats[0], Wrong, Finding.Value, s.Right.Value);
        s.Attest(1, 1, seats[1], Wrong, Finding.Value, s.Right.Value);
        Assert.Empty(s.Decide().OfType<Certify>());
        s.Attest(1, 2, seats[2], Wrong, Finding.Value, s.Right.Value);
        Assert.Equal(s.Attestations, Assert.Single(s.Decide().OfType<Certify>()).Seats);
        Assert.Empty(s.Asks());
    }

    [Fact]
    public void A_seat_that_does_not_open_is_left_out_after_the_reveal_window()
    {
        var s = new Situation();
        var seats = s.Dispute();
        s.SealAll(seats, [Wrong, Wrong, Wrong], s.Now + 30);
        s.Events.Add(new ClaimOpened(s.Cast.At(53), s.Job, s.Right.Root, 3, s.Right.Salt));
        s.Attest(1, 0, seats[0], Wrong, Finding.Value, s.Right.Value);
        s.Now += 30;
        Assert.Empty(s.Decide().OfType<Certify>());
        s.Now += 1;
        Assert.Equal([s.Attestations[0], null, null], Assert.Single(s.Decide().OfType<Certify>()).Seats);
    }

    [Fact]
    public void A_claim_that_never_opens_is_judged_after_the_reveal_window()
    {
        var s = new Situation();
        var seats = s.Dispute();
        s.SealAll(seats, [Wrong, Wrong, Wrong], s.Now + 30);
        Assert.Equal([new Ask(WorkKind.Reveal, s.Runner.Address)], s.Decide());

        s.Now += 31;
        Assert.Equal([.. seats.Select((p, i) => new Ask(WorkKind.Attest, p, 1, (byte)i)), new Ask(WorkKind.Reveal, s.Runner.Address)], s.Decide());
        for (var i = 0; i < 3; i++) s.Attest(1, i, seats[i], Wrong, Finding.Value, Bytes32.Zero);
        Assert.Equal(3, Assert.Single(s.Decide().OfType<Certify>()).Seats.Count(seat => seat is not null));
    }

    [Fact]
    public void Seats_of_an_unopened_claim_get_a_grace_before_they_are_left_out()
    {
        var s = new Situation();
        s.SealAll(s.Dispute(), [Wrong, Wrong, Wrong], s.Now + 30);
        s.Now += 30 + 15;
        Assert.Empty(s.Decide().OfType<Certify>());
        s.Now += 1;
        Assert.Single(s.Decide().OfType<Certify>());
    }

    /// <summary>A sampled result whose seed came so many seconds after it.</summary>
    private static Situation Seeded(int seconds)
    {
        var s = new Situation().Opened().Submitted();
        s.Seeds[2] = s.Cast.SeedOf(2, Cast.Start + 10 + (ulong)seconds);
        return s;
    }

    private static Situation Checked(Comparison comparison, Work answer, Finding finding, Bytes32? claim = null)
    {
        var s = new Situation(comparison).Opened().Submitted();
        s.Seal(0, 0, s.Picks[0], answer);
        s.Opening = s.Right.Opening;
        s.Attest(0, 0, s.Picks[0], answer, finding, claim ?? s.Right.Value);
        return s;
    }
}
