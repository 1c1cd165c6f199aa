using System.Numerics;

namespace Assay.Ethereum.Transactions;

/// <summary>How a <see cref="TransactionManager{TIntent}"/> sends.</summary>
public sealed record SendPolicy
{
    /// <summary>Nonces under way at once.</summary>
    public int MaxInFlight { get; init; } = 16;

    /// <summary>Blocks above a receipt's until it counts as final.</summary>
    public int Confirmations { get; init; } = 12;

    /// <summary>Time until an unmined attempt is sent again: what a node lost comes back, what it has costs nothing.</summary>
    public TimeSpan ResendAfter { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Time until the lowest unmined nonce is signed again at a higher price.</summary>
    public TimeSpan ReplaceAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Least tip, wei for one gas.</summary>
    public BigInteger MinTip { get; init; } = 1;

    /// <summary>Most for MaxFeePerGas, wei for one gas.</summary>
    public BigInteger MaxFeeCap { get; init; } = 500_000_000_000;

    /// <summary>Most for the fees of an hour, wei; null for no limit.</summary>
    public BigInteger? HourlyCap { get; init; }

    /// <summary>Most for the fees of a day, wei; null for no limit.</summary>
    public BigInteger? DailyCap { get; init; }

    /// <summary>Gas limit over the estimate, per cent.</summary>
    public int GasMarginPercent { get; init; } = 25;

    /// <summary>Gas limit at most; EIP-7825 ends at 16,777,216.</summary>
    public ulong GasCap { get; init; } = 16_000_000;

    /// <summary>Gas limit with margin; null when it exceeds the cap.</summary>
    /// <param name="estimate">Gas.</param>
    public ulong? GasLimit(ulong estimate)
    {
        var limit = estimate + (estimate * (ulong)GasMarginPercent + 99) / 100;
        return limit <= GasCap ? limit : null;
    }
}
