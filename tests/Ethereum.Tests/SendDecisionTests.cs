using System.Numerics;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Transactions;

namespace Assay.Ethereum.Tests;

public sealed class SendDecisionTests
{
    private static readonly BigInteger Gwei = 1_000_000_000;
    private static readonly BigInteger NoCap = BigInteger.Pow(10, 18);

    [Fact]
    public void A_key_without_rows_starts_at_the_chain_s_count() => Assert.Equal(7UL, Nonces.Next([], 7));

    [Fact]
    public void The_next_nonce_follows_the_highest_own_row_whatever_the_chain_has_seen()
    {
        Assert.Equal(10UL, Nonces.Next([8, 9, 7], 7));
        Assert.Equal(10UL, Nonces.Next([9], 10));
    }

    [Fact]
    public void A_chain_ahead_of_the_rows_stops_the_key()
    {
        var error = Assert.Throws<NonceConflictException>(() => Nonces.Next([7, 9], 11));
        Assert.Equal((11UL, 10UL), (error.ChainCount, error.Next));
    }

    [Fact]
    public void Gaps_are_the_nonces_that_hold_back_later_ones()
    {
        Assert.Equal([5UL, 7UL], Nonces.Gaps([4, 6, 8], 5));
        Assert.Empty(Nonces.Gaps([5, 6], 5));
        Assert.Empty(Nonces.Gaps([1, 2], 5));
        Assert.Empty(Nonces.Gaps([], 5));
    }

    [Fact]
    public void An_estimate_is_twice_the_next_base_fee_and_the_median_tip()
    {
        var fees = Fees.Estimate(History(next: 10 * Gwei, tips: [0, 3 * Gwei, 2 * Gwei, 9 * Gwei]), Gwei, NoCap);
        Assert.Equal(new Fees(23 * Gwei, 3 * Gwei), fees);
    }

    [Fact]
    public void An_estimate_keeps_the_least_tip_and_the_cap()
    {
        Assert.Equal(new Fees(21 * Gwei, Gwei), Fees.Estimate(History(10 * Gwei), Gwei, NoCap));
        Assert.Equal(new Fees(5, 5), Fees.Estimate(History(10 * Gwei), Gwei, 5));
    }

    [Fact]
    public void A_replacement_raises_both_prices_by_an_eighth_or_to_the_market()
    {
        Assert.Equal(new Fees(225, 9), Fees.Replacement(new Fees(200, 8), new Fees(100, 1), NoCap));
        Assert.Equal(new Fees(500, 9), Fees.Replacement(new Fees(200, 8), new Fees(500, 1), NoCap));
        Assert.Equal(new Fees(2, 1), Fees.Replacement(new Fees(1, 0), new Fees(0, 0), NoCap));
    }

    [Fact]
    public void Under_the_cap_a_tenth_is_enough_and_less_is_no_replacement()
    {
        Assert.Equal(new Fees(220, 9), Fees.Replacement(new Fees(200, 8), default, 220));
        Assert.Null(Fees.Replacement(new Fees(200, 8), default, 219));
        Assert.Null(Fees.Replacement(new Fees(200, 200), default, 200));
    }

    [Fact]
    public void A_replacement_is_never_below_a_tenth_over_the_last_prices()
    {
        var random = new Random(1559);
        for (var i = 0; i < 10_000; i++)
        {
            BigInteger Price() => random.NextInt64(0, 1L << random.Next(1, 50));
            var (last, market, cap) = (new Fees(Price(), 0), new Fees(Price(), 0), Price());
            last = last with { MaxPriorityFeePerGas = BigInteger.Min(last.MaxFeePerGas, Price()) };
            if (Fees.Replacement(last, market, cap) is not { } next)
                continue;
            Assert.True(next.MaxFeePerGas * 10 >= last.MaxFeePerGas * 11 && next.MaxFeePerGas > last.MaxFeePerGas);
            Assert.True(next.MaxPriorityFeePerGas * 10 >= last.MaxPriorityFeePerGas * 11);
            Assert.True(next.MaxFeePerGas <= cap && next.MaxPriorityFeePerGas <= next.MaxFeePerGas);
        }
    }

    [Theory]
    [InlineData(100_000, 25, 125_000)]
    [InlineData(12_800_000, 25, 16_000_000)]
    [InlineData(12_800_001, 25, null)]
    public void A_gas_limit_has_a_margin_and_never_exceeds_the_cap(int estimate, int margin, int? expected) =>
        Assert.Equal((ulong?)expected, new SendPolicy { GasMarginPercent = margin, GasCap = 16_000_000 }.GasLimit((ulong)estimate));

    [Theory]
    [InlineData(-32000, "already known", SendOutcome.AlreadyKnown)]
    [InlineData(-32010, "AlreadyKnown", SendOutcome.AlreadyKnown)]
    [InlineData(-32003, "transaction already imported", SendOutcome.AlreadyKnown)]
    [InlineData(-32000, "nonce too low: next nonce 5, tx nonce 3", SendOutcome.NonceTooLow)]
    [InlineData(-32003, "nonce too low", SendOutcome.NonceTooLow)]
    [InlineData(-32000, "Nonce too low. Expected nonce to be 1 but got 0.", SendOutcome.NonceTooLow)]
    [InlineData(-32010, "OldNonce", SendOutcome.NonceTooLow)]
    [InlineData(-32000, "replacement transaction underpriced", SendOutcome.ReplacementUnderpriced)]
    [InlineData(-32000, "transaction underpriced: tip needed 1000000000, tip permitted 1", SendOutcome.Underpriced)]
    [InlineData(-32003, "max fee per gas less than block base fee", SendOutcome.Underpriced)]
    [InlineData(-32000, "insufficient funds for gas * price + value: balance 0, tx cost 21000", SendOutcome.InsufficientFunds)]
    [InlineData(-32003, "Insufficient funds for gas * price + value", SendOutcome.InsufficientFunds)]
    [InlineData(-32000, "intrinsic gas too low: gas 20000, minimum needed 21000", SendOutcome.Invalid)]
    [InlineData(-32000, "exceeds block gas limit", SendOutcome.Invalid)]
    [InlineData(-32000, "invalid sender", SendOutcome.Invalid)]
    [InlineData(3, "execution reverted: custom error", SendOutcome.Reverted)]
    [InlineData(-32000, "header not found", SendOutcome.Ambiguous)]
    [InlineData(-32603, "internal error", SendOutcome.Ambiguous)]
    [InlineData(0, "", SendOutcome.Ambiguous)]
    public void What_a_node_says_is_sorted_by_what_to_do(int code, string message, SendOutcome outcome) =>
        Assert.Equal(outcome, SendErrors.Classify(new JsonRpcException(code, message)));

    [Theory]
    [InlineData(RpcFailure.Timeout)]
    [InlineData(RpcFailure.Unreachable)]
    [InlineData(RpcFailure.Malformed)]
    [InlineData(RpcFailure.HttpStatus)]
    public void Without_an_answer_a_send_stays_ambiguous(RpcFailure failure) =>
        Assert.Equal(SendOutcome.Ambiguous, SendErrors.Classify(new RpcTransportException(failure, "x")));

    private static FeeHistory History(BigInteger next, params BigInteger[] tips) => new(1, [0, next], [0.5], [.. tips.Select(t => (IReadOnlyList<BigInteger>)[t])]);
}
