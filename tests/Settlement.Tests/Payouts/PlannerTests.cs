using Assay.Ethereum.Crypto;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Assay.Settlement.Payouts;

namespace Assay.Settlement.Tests.Payouts;

public sealed class PlannerTests
{
    private static Case New => new();
    private static Case Opened => New.Open();
    private static Case Submitted => Opened.At(10).Submit();

    // Submission stands in block 810, epoch 101, decided by the seed of epoch 102 whose last block is 823.
    private static Case WithSeed(Case before, Ethereum.Primitives.Bytes32 seed) => before.At(25).Seed(seed, 102);

    [Fact]
    public void An_order_without_acceptance_waits() => Assert.Null(New.Only());

    [Fact]
    public void A_result_whose_opening_is_still_to_be_read_waits() =>
        Assert.Null(WithSeed(New.At(10).Submit(), Case.SamplingSeed).Knows(d => d with { Accusations = [Case.Accusation()] }).Only());

    [Fact]
    public void An_accepted_order_is_opened_with_both_signatures()
    {
        var due = Assert.Single(New.Knows(d => d with { Acceptances = [Case.Acceptance()] }).Plan());
        Assert.Equal(Transition.Open, due.Transition);
        Assert.Equal(Case.Job, due.Subject);
        Assert.Equal(Case.Order, due.Payload.Order!.Document);
        Assert.Equal([2], due.Payload.Acceptance!.Signature);
    }

    [Fact]
    public void An_acceptance_that_ran_out_is_not_used() =>
        Assert.Null(New.Knows(d => d with { Acceptances = [Case.Acceptance(openBy: 100)] }).At(101).Only());

    [Fact]
    public void An_expired_order_is_not_opened() =>
        Assert.Null(New.Knows(d => d with { Acceptances = [Case.Acceptance(openBy: 900)] }).At(501).Only());

    [Fact]
    public void A_refused_acceptance_gives_way_to_the_one_before()
    {
        var accepted = New.Knows(d => d with { Acceptances = [Case.Acceptance(3), Case.Acceptance(2)] });
        var refused = Assert.Single(accepted.Plan());
        Assert.Equal(Case.Someone(3), refused.Payload.Acceptance!.Document.Operator);
        accepted.Refused(refused, "Admission");
        Assert.Equal(Case.Someone(2), Assert.Single(accepted.Plan()).Payload.Acceptance!.Document.Operator);
    }

    [Fact]
    public void A_refusal_whose_pause_is_over_does_not_bar()
    {
        var accepted = New.Knows(d => d with { Acceptances = [Case.Acceptance()] });
        accepted.Refused(Assert.Single(accepted.Plan()), "Admission", waits: false);
        Assert.Equal(Transition.Open, accepted.Only());
    }

    [Fact]
    public void A_job_that_came_without_an_order_of_ours_is_still_brought_to_its_end() =>
        Assert.Equal(Transition.Expire, Opened.WithoutOrder().At(101).Only());

    [Fact]
    public void A_result_is_submitted_within_the_run_window() =>
        Assert.Equal(Transition.Submit, Opened.Knows(d => d with { Results = [Case.Result] }).At(100).Only());

    [Fact]
    public void A_result_after_the_run_window_is_a_no_show() =>
        Assert.Equal(Transition.Expire, Opened.Knows(d => d with { Results = [Case.Result] }).At(101).Only());

    [Fact]
    public void The_run_window_lasts_to_its_last_second() => Assert.Null(Opened.At(100).Only());

    [Theory]
    [InlineData(23, null)]                      // block 823 is the epoch's last: its hash is known one block later
    [InlineData(24, Transition.RecordSeed)]
    public void The_seed_is_recorded_once_its_epoch_is_over(int second, Transition? expected) =>
        Assert.Equal(expected, Submitted.At((ulong)second).Only());

    [Fact]
    public void A_seed_out_of_reach_is_taken_from_the_next_epoch_in_reach()
    {
        var late = Submitted.At(400);
        var due = Assert.Single(late.Plan());
        Assert.Equal(Transition.RecordSeed, due.Transition);
        Assert.True(due.Payload.Epoch > 102);
        Assert.InRange(late.Clock.HeadNumber - Sampling.LastBlock(due.Payload.Epoch!.Value, 8), 1ul, 249ul);
    }

    [Fact]
    public void A_seed_out_of_reach_follows_its_successor()
    {
        var due = Assert.Single(Submitted.At(400).Seed(Case.SparingSeed, 103).Plan());
        Assert.Equal((Transition.RecordSeed, 102ul), (due.Transition, due.Payload.Epoch!.Value));
    }

    [Theory]
    [InlineData(1_000_199, null)]
    [InlineData(1_000_200, 1ul)]
    public void A_seed_of_the_beacon_is_the_first_round_after_its_epochs_last_second(ulong now, ulong? round)
    {
        var terms = Case.Terms with { EpochSeconds = 100, Randomness = Randomness.Beacon };
        var epoch = Sampling.BeaconEpoch + 10_000;
        var view = Opened.At(10).Saw(at => new ResultSubmitted(at, Case.Job, Case.Operator, Values.Commitment(Case.Opening), Case.Job, epoch)).View;
        var due = Planner.Plan(view, new ChainClock(900, now, 900), terms);
        Assert.Equal(round, due.SingleOrDefault()?.Payload.Round);
        Assert.All(due, d => Assert.Equal((Transition.RecordSeed, epoch + 1), (d.Transition, d.Payload.Epoch!.Value)));
    }

    [Fact]
    public void An_unsampled_job_is_released_after_the_review_window()
    {
        var job = WithSeed(Submitted, Case.SparingSeed).Knows(d => d with { Openings = [Case.Opened] });
        Assert.Null(job.At(69).Only());
        var due = Assert.Single(job.At(70).Plan());
        Assert.Equal((Transition.Release, Case.Opening, null), (due.Transition, due.Payload.Opening, due.Payload.Attestation));
    }

    [Fact]
    public void An_opening_of_another_commitment_is_never_sent() =>
        Assert.Null(WithSeed(Submitted, Case.SparingSeed).Knows(d => d with { Openings = [Case.Opened with { Opening = Case.Opening with { Units = 11 } }] }).At(70).Only());

    [Fact]
    public void An_opening_is_not_published_while_a_reorg_could_still_change_the_sampling()
    {
        var job = WithSeed(Submitted, Case.SparingSeed).Knows(d => d with { Openings = [Case.Opened] }).At(70);
        Assert.Null(job.FinalTo(24).Only());
        Assert.Equal(Transition.Release, job.FinalTo(25).Only());
    }

    [Fact]
    public void A_sampled_job_is_not_released_without_its_check() =>
        Assert.Null(WithSeed(Submitted, Case.SamplingSeed).Knows(d => d with { Openings = [Case.Opened] }).At(70).Only());

    [Fact]
    public void A_sampled_job_is_released_with_the_check()
    {
        var due = Assert.Single(WithSeed(Submitted, Case.SamplingSeed).Knows(d => d with { Openings = [Case.Opened], Checks = [Case.Check()] }).At(70).Plan());
        Assert.Equal((Transition.Release, Case.Check().Attestation), (due.Transition, due.Payload.Attestation!.Document));
    }

    [Fact]
    public void An_accusation_of_a_closed_result_that_was_then_opened_with_its_value_is_not_sent()
    {
        var confirmed = new AccusationSigned(Case.Job, Case.Check().Attestation, Case.Check().Signature);
        var job = WithSeed(Submitted, Case.SamplingSeed).Knows(d => d with { Accusations = [confirmed] }).At(70);
        Assert.Equal(Transition.Accuse, job.Only());
        Assert.Equal(Transition.Release, job.Knows(d => d with { Openings = [Case.Opened], Checks = [Case.Check()] }).Only());
    }

    [Fact]
    public void A_later_re_executor_counts_only_from_his_turn_on()
    {
        var job = WithSeed(Submitted, Case.SamplingSeed).Knows(d => d with { Openings = [Case.Opened], Checks = [Case.Check(attempt: 2)] });
        Assert.Null(job.At(69).Only());
        Assert.Equal(Transition.Release, job.At(70).Only());
    }

    [Fact]
    public void A_sampled_job_without_check_is_released_after_the_long_review()
    {
        var due = Assert.Single(WithSeed(Submitted, Case.SamplingSeed).Knows(d => d with { Openings = [Case.Opened] }).At(210).Plan());
        Assert.Equal((Transition.Release, null), (due.Transition, due.Payload.Attestation));
    }

    [Theory]
    [InlineData(false, 110, null)]
    [InlineData(false, 111, Transition.Expire)]
    [InlineData(true, 250, null)]
    [InlineData(true, 251, Transition.Expire)]
    public void A_result_that_is_never_opened_expires(bool sampled, int second, Transition? expected) =>
        Assert.Equal(expected, WithSeed(Submitted, sampled ? Case.SamplingSeed : Case.SparingSeed).At((ulong)second).Only());

    [Fact]
    public void A_difference_is_an_accusation_even_where_another_agrees() =>
        Assert.Equal(Transition.Accuse, WithSeed(Submitted, Case.SamplingSeed)
            .Knows(d => d with { Openings = [Case.Opened], Checks = [Case.Check(1)], Accusations = [Case.Accusation()] }).At(70).Only());

    [Fact]
    public void An_accusation_of_a_job_that_is_not_sampled_is_not_sent() =>
        Assert.Null(WithSeed(Submitted, Case.SparingSeed).Knows(d => d with { Accusations = [Case.Accusation()] }).At(30).Only());

    [Fact]
    public void An_accusation_waits_for_its_turn_and_ends_with_the_long_review()
    {
        var job = WithSeed(Submitted, Case.SamplingSeed).Knows(d => d with { Accusations = [Case.Accusation(1)] });
        Assert.Null(job.At(39).Only());
        Assert.Equal(Transition.Accuse, job.At(40).Only());
        Assert.Equal(Transition.Accuse, job.At(210).Only());
        Assert.Null(job.At(211).Only());
    }

    private static Case CaseOf() => WithSeed(Submitted, Case.SamplingSeed).At(30).Accused();   // block 830, epoch 103, seed of 104, last block 839

    [Fact]
    public void A_case_needs_the_seed_of_its_own_next_epoch()
    {
        Assert.Null(CaseOf().At(39).Only());
        Assert.Equal(Transition.RecordSeed, CaseOf().At(40).Only());
    }

    [Fact]
    public void Seats_are_drawn_once_the_seed_is_there() =>
        Assert.Equal(Transition.DrawSeats, CaseOf().At(41).Seed(Case.SparingSeed, 104).Only());

    private static Case DrawnCase() => CaseOf().At(41).Seed(Case.SparingSeed, 104).At(42).Drawn();

    [Fact]
    public void Each_open_seat_commits_what_was_sealed_for_it()
    {
        var due = DrawnCase().Committed(1).Knows(d => d with { SeatCommitments = [Case.Seal(0), Case.Seal(1), Case.Seal(2)] }).Plan();
        Assert.Equal([(Transition.CommitSeat, (byte)0), (Transition.CommitSeat, (byte)2)], due.Select(a => (a.Transition, a.Slot)));
    }

    [Fact]
    public void Silent_seats_are_refilled_after_the_commit_window()
    {
        var due = DrawnCase().Committed(1).At(42 + 51).Plan();
        Assert.Equal([(Transition.RefillSeat, (byte)0), (Transition.RefillSeat, (byte)2)], due.Select(a => (a.Transition, a.Slot)));
    }

    [Fact]
    public void A_seat_that_says_it_failed_is_refilled_at_once_and_only_while_it_is_its_own()
    {
        var (failed, other) = (Case.Failure(1, Case.Someone(5)), Case.Failure(2, Case.Someone(5)));
        var due = DrawnCase().Knows(d => d with { Failures = [failed, other] }).Plan();
        Assert.Equal([(Transition.RefillSeat, (byte)1)], due.Select(a => (a.Transition, a.Slot)));
        Assert.Equal(failed.Signature, Assert.Single(due).Payload.Attestation!.Signature);
        Assert.Equal(Transition.CommitSeat, DrawnCase().Knows(d => d with { Failures = [failed], SeatCommitments = [Case.Seal(1)] }).Only());
        Assert.Empty(DrawnCase().Knows(d => d with { Failures = [Case.Failure(1, Case.Someone(5), round: 2)] }).Plan());
    }

    private static Case SealedCase() => DrawnCase().At(50).Sealed();

    [Fact]
    public void The_claim_is_opened_only_when_every_seal_is_final()
    {
        var job = SealedCase().Knows(d => d with { Openings = [Case.Opened] }).At(52);
        Assert.Null(job.FinalTo(49).Only());
        Assert.Equal(Transition.OpenClaim, job.FinalTo(50).Only());
    }

    [Fact]
    public void A_complete_certificate_is_sent_once_the_claim_is_open() =>
        Assert.Equal(Transition.Certify, SealedCase().ClaimOpened().Knows(d => d with { Certificates = [Case.Certificate()] }).Only());

    [Theory]
    [InlineData(100, null)]
    [InlineData(101, Transition.Certify)]
    public void An_incomplete_certificate_waits_for_the_end_of_the_reveal_window(int second, Transition? expected) =>
        Assert.Equal(expected, SealedCase().ClaimOpened().Knows(d => d with { Certificates = [Case.Certificate(complete: false)] }).At((ulong)second).Only());

    [Theory]
    [InlineData(100, null)]
    [InlineData(101, Transition.Certify)]
    public void A_claim_that_is_never_opened_is_judged_after_the_reveal_window(int second, Transition? expected) =>
        Assert.Equal(expected, SealedCase().Knows(d => d with { Certificates = [Case.Certificate()] }).At((ulong)second).Only());

    [Theory]
    [InlineData(1030, Transition.Certify)]
    [InlineData(1031, Transition.Lapse)]
    public void A_case_lapses_after_the_verdict_window_whatever_is_known(int second, Transition? expected) =>
        Assert.Equal(expected, SealedCase().ClaimOpened().Knows(d => d with { Certificates = [Case.Certificate()] }).At((ulong)second).Only());

    [Fact]
    public void A_conviction_is_slashed_after_the_appeal_window_and_when_final()
    {
        var job = SealedCase().ClaimOpened().At(60).Verdict(Protocol.Chain.Verdict.Convicted);
        Assert.Null(job.At(79).Only());
        Assert.Equal(Transition.Slash, job.At(80).Only());
        Assert.Null(job.FinalTo(59).Only());
    }

    [Fact]
    public void An_appeal_is_carried_until_its_window_ends_and_never_a_second_time()
    {
        Case Convicted() => SealedCase().ClaimOpened().At(60).Verdict(Protocol.Chain.Verdict.Convicted).Knows(d => d with { Appeals = [Case.Appeal] });
        Assert.Equal(Case.Appeal.Signature, Assert.Single(Convicted().Plan(), a => a.Transition == Transition.Appeal).Payload.Pledge!.Signature);
        Assert.Equal(Transition.Appeal, Convicted().At(79).Only());
        Assert.Equal(Transition.Slash, Convicted().At(80).Only());
        var again = Convicted().Appealed().At(70).Verdict(Protocol.Chain.Verdict.Convicted, round: 2).At(71);
        Assert.Equal(Transition.Slash, again.Only());
    }

    private static Case SplitCase() => SealedCase().ClaimOpened().At(60).Verdict(Protocol.Chain.Verdict.Inconclusive).Appealed();   // block 860, epoch 107

    [Fact]
    public void A_second_round_goes_the_way_of_the_first_with_seats_and_documents_of_its_own()
    {
        Assert.Equal(Transition.RecordSeed, SplitCase().At(72).Only());
        Case Seeded() => SplitCase().At(73).Seed(Case.SparingSeed, 108);
        Assert.Equal(Transition.DrawSeats, Seeded().Only());

        var drawn = Seeded().At(74).Drawn(round: 2).Knows(d => d with { SeatCommitments = [Case.Seal(0), Case.Seal(1, round: 2)] });
        Assert.Equal([(Transition.CommitSeat, (byte)1)], drawn.Plan().Select(a => (a.Transition, a.Slot)));

        var judged = Seeded().At(74).Drawn(round: 2).Sealed(round: 2).Knows(d => d with { Certificates = [Case.Certificate()] });
        Assert.Null(judged.Only());
        Assert.Equal(Transition.Certify, judged.Knows(d => d with { Certificates = [Case.Certificate(), Case.Certificate(round: 2)] }).Only());
    }

    [Fact]
    public void A_second_round_lapses_after_a_window_of_its_own()
    {
        Assert.NotEqual(Transition.Lapse, SplitCase().At(1060).Only());
        Assert.Equal(Transition.Lapse, SplitCase().At(1061).Only());
    }

    [Fact]
    public void A_conviction_by_the_second_round_is_slashed_when_final_for_there_is_no_third() =>
        Assert.Equal(Transition.Slash, SplitCase().At(70).Verdict(Protocol.Chain.Verdict.Convicted, round: 2).Only());

    [Fact]
    public void A_job_that_has_ended_needs_nothing() =>
        Assert.Null(Opened.At(101).Saw(at => new JobRefunded(at, Case.Job, Case.Client, Outcome.NoShow, 1105, 50)).At(5000).Only());

    [Fact]
    public void What_happens_to_an_open_job_brings_its_record_as_far_as_it_goes()
    {
        var before = Assert.Single(Opened.At(101).Plan()).Payload.Record!;
        Assert.Equal((Case.Operator, 1000, 105, Case.Start, 500_000u, 8u), (before.Operator, before.MaxPrice, before.Fee, before.OpenedAt, before.RatePpm, before.RosterLength));
        Assert.Equal((0ul, 0ul, default), (before.SubmittedAt, before.Epoch, before.Commitment));

        var after = Assert.Single(CaseOf().At(41).Seed(Case.SparingSeed, 104).Plan()).Payload.Record;
        Assert.Equal(before with { SubmittedAt = Case.Start + 10, Epoch = 101, Commitment = Values.Commitment(Case.Opening) }, after);
    }

    [Fact]
    public void What_the_contract_takes_without_a_record_brings_none()
    {
        Assert.Null(Assert.Single(New.Knows(d => d with { Acceptances = [Case.Acceptance()] }).Plan()).Payload.Record);
        Assert.Null(Assert.Single(Submitted.At(24).Plan()).Payload.Record);
        Assert.Null(Assert.Single(DrawnCase().Knows(d => d with { SeatCommitments = [Case.Seal(0)] }).Plan()).Payload.Record);
    }

    [Fact]
    public void Without_the_events_of_its_record_a_job_waits()
    {
        Assert.Null(New.At(10).Submit().At(400).Only());
        Assert.Null(Opened.At(30).Accused().At(5000).Only());
        Assert.Equal(Transition.Lapse, Opened.At(10).Submit().At(30).Accused().At(5000).Only());
    }

    [Fact]
    public void A_wrong_record_bars_itself_and_not_the_record_that_is_read_next()
    {
        var stale = Assert.Single(Opened.Knows(d => d with { Results = [Case.Result] }).Plan());
        var reread = New.At(3).Open().Knows(d => d with { Results = [Case.Result] }).Refused(stale, "WrongRecord");
        Assert.Equal(Case.Start + 3, Assert.Single(reread.Plan()).Payload.Record!.OpenedAt);
        Assert.Null(Opened.Knows(d => d with { Results = [Case.Result] }).Refused(stale, "WrongRecord").Only());
        Assert.Equal(RefusalKind.Later, RefusalKinds.Of(Transition.Submit, "WrongRecord"));
    }

    [Fact]
    public void A_step_whose_effect_a_reorg_took_away_is_due_again()
    {
        var before = WithSeed(Submitted, Case.SparingSeed).Knows(d => d with { Openings = [Case.Opened] }).At(70);
        var planned = Assert.Single(before.Plan());
        Assert.Null(WithSeed(Submitted, Case.SparingSeed).Knows(d => d with { Openings = [Case.Opened] }).At(70)
            .Saw(at => new RewardReleased(at, Case.Job, Case.Operator, Outcome.Delivered, Case.Opening.OutputsRoot, 10, 10, default)).Only());
        Assert.Equal(planned, Assert.Single(before.Plan()), (a, b) => a.Transition == b.Transition && PayloadJson.Digest(a.Payload) == PayloadJson.Digest(b.Payload));
    }
}
