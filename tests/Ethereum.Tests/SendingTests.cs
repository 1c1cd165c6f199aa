using System.Numerics;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Transactions;

namespace Assay.Ethereum.Tests;

public sealed class SendingTests
{
    private static readonly SendPolicy Policy = new() { Confirmations = 3, ResendAfter = TimeSpan.FromSeconds(3), ReplaceAfter = TimeSpan.FromSeconds(30), MaxFeeCap = 1_000_000 };
    private static readonly Fees Market = new(200, 100);
    private static readonly Bytes32 Block = Hash(99);

    private static Bytes32 Hash(byte tag) => new([.. new byte[31], tag]);

    private static Attempt Sent(byte tag, double age = 0, double sent = 0, string? answer = null, bool cancels = false, int number = 0) =>
        new(number, Hash(tag), [tag], Market, cancels, answer, TimeSpan.FromSeconds(sent), TimeSpan.FromSeconds(age));

    private static PendingTransaction Pending(ulong nonce, params Attempt[] attempts) => new((long)nonce, $"{nonce}", nonce, Address.Zero, 0, [], 21_000, attempts);

    private static Receipt ReceiptOf(byte tag, ulong number, bool succeeded = true) =>
        new(Hash(tag), Block, number, 0, Address.Zero, Address.Zero, null, succeeded, 21_000, 1, []);

    private static ChainView Chain(ulong finalCount = 0, BigInteger? balance = null, BigInteger? allowance = null, params Receipt[] receipts) =>
        new(10, finalCount, receipts.ToDictionary(r => r.TransactionHash), new Dictionary<ulong, Bytes32> { [10] = Block }, Market, balance ?? BigInteger.Pow(10, 18), allowance);

    private static SendDecision Decide(ChainView chain, params PendingTransaction[] pending) => SendDecision.Of(pending, chain, Policy);

    [Fact]
    public void What_was_never_sent_is_sent_and_what_was_sent_is_sent_again_after_a_while()
    {
        var (stored, fresh, old) = (Pending(1, Sent(1) with { SentAge = null }), Pending(2, Sent(2, sent: 2)), Pending(3, Sent(3, sent: 3)));
        Assert.Equal([new SendStep.Broadcast(stored), new SendStep.Broadcast(old)], Decide(Chain(), stored, fresh, old).Steps);
    }

    [Fact]
    public void A_receipt_is_provisional_until_its_block_is_final_and_still_on_the_chain()
    {
        var pending = Pending(1, Sent(1));
        var (young, final) = (ReceiptOf(1, 11), ReceiptOf(1, 10));
        Assert.Equal([new SendStep.Note(pending, young)], Decide(Chain(receipts: young), pending).Steps);
        Assert.Empty(Decide(Chain(receipts: young), pending with { SeenIn = Block }).Steps);
        var forked = final with { BlockHash = Hash(98) };
        Assert.Equal([new SendStep.Note(pending, forked)], Decide(Chain(receipts: forked), pending).Steps);
        Assert.Contains(new SendStep.Settle(pending, Ending.Succeeded, final), Decide(Chain(receipts: final), pending).Steps);
        var reverted = ReceiptOf(1, 10, succeeded: false);
        Assert.Contains(new SendStep.Settle(pending, Ending.Reverted, reverted), Decide(Chain(receipts: reverted), pending).Steps);
    }

    [Fact]
    public void Whichever_form_is_mined_decides_how_a_nonce_ends()
    {
        var pending = Pending(1, Sent(1), Sent(2, cancels: true, number: 1)) with { SeenIn = Block };
        Assert.Equal([new SendStep.Settle(pending, Ending.Succeeded, ReceiptOf(1, 10))], WithoutLogs(Decide(Chain(receipts: ReceiptOf(1, 10)), pending)));
        Assert.Equal([new SendStep.Settle(pending, Ending.Cancelled, ReceiptOf(2, 10))], WithoutLogs(Decide(Chain(receipts: ReceiptOf(2, 10)), pending)));
    }

    // Records compare their lists by identity.
    private static IEnumerable<SendStep> WithoutLogs(SendDecision decision) =>
        decision.Steps.Select(s => s is SendStep.Settle settle ? settle with { Receipt = settle.Receipt! with { Logs = [] } } : s);

    [Fact]
    public void A_nonce_that_final_blocks_count_without_a_receipt_of_ours_was_used_elsewhere()
    {
        var pending = Pending(4, Sent(1, age: 100, sent: 100));
        var first = Decide(Chain(finalCount: 5), pending);
        Assert.Empty(first.Steps);
        var later = Chain(finalCount: 5) with { Missing = first.Missing };
        Assert.Empty(Decide(later with { Final = 12 }, pending).Steps);
        Assert.Equal([new SendStep.Settle(pending, Ending.Foreign, null)], Decide(later with { Final = 13 }, pending).Steps);
    }

    [Fact]
    public void A_count_from_blocks_that_a_reorg_has_just_taken_gives_no_nonce_up()
    {
        var pending = Pending(4, Sent(1, age: 100, sent: 100));
        var during = Decide(Chain(finalCount: 5), pending);
        var after = Decide(Chain(finalCount: 4) with { Missing = during.Missing }, pending);
        Assert.IsType<SendStep.Replace>(Assert.Single(after.Steps));
        Assert.Empty(Decide(Chain(finalCount: 5) with { Final = 13, Missing = after.Missing }, pending).Steps);
    }

    [Fact]
    public void What_vanished_from_the_chain_is_noted_and_sent_again()
    {
        var pending = Pending(1, Sent(1, sent: 5)) with { SeenIn = Block };
        Assert.Equal([new SendStep.Note(pending, null), new SendStep.Broadcast(pending)], Decide(Chain(), pending).Steps);
    }

    [Fact]
    public void Only_the_lowest_stuck_nonce_is_replaced()
    {
        var (first, second) = (Pending(1, Sent(1, age: 30, sent: 1)), Pending(2, Sent(2, age: 60, sent: 1)));
        Assert.Equal([new SendStep.Replace(first, new Fees(225, 113), false)], Decide(Chain(), first, second).Steps);
        Assert.Empty(Decide(Chain(), first with { Attempts = [Sent(1, age: 29, sent: 1)] }, second).Steps);
        // One that is mined below it waits for no price.
        Assert.Equal(2ul, Assert.Single(Decide(Chain(receipts: ReceiptOf(1, 11)), first with { SeenIn = Block }, second).Steps).Transaction.Nonce);
    }

    [Fact]
    public void A_call_that_no_node_takes_gives_its_nonce_back_by_an_empty_transfer()
    {
        var refused = Pending(2, Sent(2, answer: "exceeds block gas limit"));
        Assert.Equal([new SendStep.Replace(refused, new Fees(225, 113), true)], Decide(Chain(), Pending(1, Sent(1)), refused).Steps);
        var cancelled = Pending(2, Sent(2), Sent(3, age: 30, cancels: true, number: 1));
        Assert.Equal([new SendStep.Replace(cancelled, new Fees(225, 113), true)], Decide(Chain(), cancelled).Steps);
    }

    [Fact]
    public void At_a_cap_the_last_form_is_sent_again_and_a_person_is_told()
    {
        var stuck = Pending(1, Sent(1, age: 30, sent: 3));
        var decision = SendDecision.Of([stuck], Chain(), Policy with { MaxFeeCap = 219 });
        Assert.Equal([new SendStep.Broadcast(stuck)], decision.Steps);
        Assert.Contains("would exceed a cap", decision.Trouble);
        Assert.IsType<SendStep.Replace>(Assert.Single(Decide(Chain(allowance: 25 * 21_000), stuck).Steps));
        Assert.Equal([new SendStep.Broadcast(stuck)], Decide(Chain(allowance: 25 * 21_000 - 1), stuck).Steps);
    }

    [Fact]
    public void A_key_that_cannot_pay_raises_no_price_and_says_what_it_lacks()
    {
        var poor = Pending(1, Sent(1, age: 100, sent: 3, answer: "insufficient funds for gas * price + value"));
        var decision = Decide(Chain(balance: 7), poor);
        Assert.Equal([new SendStep.Broadcast(poor)], decision.Steps);
        Assert.Contains($"holds 7 wei and lacks {200 * 21_000 - 7} wei", decision.Trouble);
        Assert.Null(Decide(Chain(balance: 200 * 21_000), poor).Trouble);
    }

    [Fact]
    public void An_answer_that_nobody_can_read_is_kept_for_people_and_changes_nothing()
    {
        var pending = Pending(1, Sent(1, sent: 1, answer: "header not found"));
        var decision = Decide(Chain(), pending);
        Assert.Empty(decision.Steps);
        Assert.Contains("header not found", decision.Trouble);
        Assert.Null(Decide(Chain(), Pending(1, Sent(1, sent: 1, answer: "already known"))).Trouble);
    }

    [Fact]
    public void Whatever_is_lost_every_nonce_is_used_once_by_one_of_its_forms()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var world = new SendingWorld(seed, Policy);
            for (var round = 0; round < 120; round++)
            {
                if (round < 60 && random.Next(3) == 0) world.Append();
                world.Pass(TimeSpan.FromSeconds(random.Next(1, 20)));
                world.Market = BigInteger.Max(10, world.Market + random.Next(-20, 24));
                switch (random.Next(10))
                {
                    case 0: world.LoseThePool(); break;
                    // No deeper than what counts as final.
                    case 1: world.Reorganise(random.Next(1, Policy.Confirmations + 1), returned: random.Next(2) == 0); break;
                    case < 7: world.Mine(); break;
                }
                world.Follow(stepsAtMost: random.Next(4) == 0 ? random.Next(3) : int.MaxValue);
            }
            for (var round = 0; round < 200 && world.Endings.Values.Any(e => e is null); round++)
            {
                world.Pass(TimeSpan.FromSeconds(5));
                world.Mine();
                world.Follow();
            }
            Assert.All(world.Endings, e => Assert.True(e.Value == Ending.Succeeded, $"seed {seed}: nonce {e.Key} ended {e.Value}"));
            Assert.Equal(world.Endings.Count, world.Ends);
            Assert.Equal(world.Endings.Keys.Order(), world.Mined.Select(world.NonceOf));
        }
    }
}
