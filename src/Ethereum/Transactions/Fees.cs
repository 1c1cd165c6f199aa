using System.Numerics;
using Assay.Ethereum.JsonRpc;

namespace Assay.Ethereum.Transactions;

/// <summary>Both prices of a type 2 transaction, wei for one gas.</summary>
public readonly record struct Fees(BigInteger MaxFeePerGas, BigInteger MaxPriorityFeePerGas)
{
    /// <summary>What the next block should cost: twice its base fee, which covers six full blocks, and the median of recent tips.</summary>
    /// <param name="history">With one reward percentile.</param>
    /// <param name="minTip">Least tip, wei for one gas.</param>
    /// <param name="maxFeeCap">Most for MaxFeePerGas, wei for one gas.</param>
    public static Fees Estimate(FeeHistory history, BigInteger minTip, BigInteger maxFeeCap)
    {
        if (history.BaseFeePerGas.Count == 0)
            throw new ArgumentException("Fee history: no base fee; the chain has no EIP-1559.", nameof(history));
        // Empty blocks report a reward of zero, which says nothing about the price of a tip.
        BigInteger[] tips = [.. history.Reward.Where(r => r.Count > 0).Select(r => r[0]).Where(r => r > 0).Order()];
        var tip = BigInteger.Max(minTip, tips.Length == 0 ? BigInteger.Zero : tips[tips.Length / 2]);
        var maxFee = BigInteger.Min(maxFeeCap, 2 * history.BaseFeePerGas[^1] + tip);
        return new Fees(maxFee, BigInteger.Min(tip, maxFee));
    }

    /// <summary>
    /// Prices that replace a waiting transaction: 12.5 % over the last attempt, or the market's if that is more. Nodes ask for 10 % on both
    /// prices, so that under the cap anything from 10 % is taken; null when the cap leaves less: then the last attempt is sent again.
    /// </summary>
    /// <param name="last">Prices of the last attempt.</param>
    /// <param name="market">A fresh estimate.</param>
    /// <param name="maxFeeCap">Most for MaxFeePerGas, wei for one gas.</param>
    public static Fees? Replacement(Fees last, Fees market, BigInteger maxFeeCap)
    {
        var maxFee = BigInteger.Min(maxFeeCap, BigInteger.Max(market.MaxFeePerGas, Raise(last.MaxFeePerGas, 125)));
        var tip = BigInteger.Min(maxFee, BigInteger.Max(market.MaxPriorityFeePerGas, Raise(last.MaxPriorityFeePerGas, 125)));
        return maxFee >= Raise(last.MaxFeePerGas, 100) && tip >= Raise(last.MaxPriorityFeePerGas, 100) ? new Fees(maxFee, tip) : null;
    }

    // Rounded up: 10 % of a small number rounded down is no rise at all.
    private static BigInteger Raise(BigInteger price, int perMille) => price + BigInteger.Max(1, (price * perMille + 999) / 1000);
}
