using Assay.Ethereum.Primitives;

namespace Assay.Protocol.Chain;

// What the escrow's views return, by the ABI's names.

/// <summary>Terms that the contract was built with. Shares in parts per million, windows in seconds, amounts in token units.</summary>
public sealed record EscrowParameters(
    uint FloorPpm, uint RecordNumerator, uint RecordOffset, uint EpochBlocks, uint MinRoster, uint MaxRunWindow, uint ReviewWindow,
    uint CheckWindow, uint LongReview, uint OpenWindow, uint CommitWindow, uint RevealWindow, uint VerdictWindow, uint AppealWindow,
    uint UnbondingDelay, uint NoShowPpm, uint NoShowsToJail, uint SeatPenaltyPpm, uint AccuserPpm, Amount MinBond, Amount KeeperPart)
{
    /// <summary>What an order has to allow for verification and keeper: ceil(floor * maxPrice) + keeper's part.</summary>
    public Amount FeeFor(Amount maxPrice) => new Amount((maxPrice.Units * FloorPpm + 999_999) / 1_000_000) + KeeperPart;

    /// <summary>Bond that admits one job of this price: v &lt;= f * B / 2.</summary>
    public Amount BondFor(Amount maxPrice) => new((maxPrice.Units * 2_000_000 + FloorPpm - 1) / FloorPpm);
}

public sealed record ClientAccount(Amount Available, Amount Reserved);

public sealed record OperatorAccount(
    Address Signer, Address Payout, Amount Bond, Amount Unbonding, ulong UnbondsAt, Amount Exposure, Amount Locked, Amount Earned,
    uint Clean, uint NoShows, uint Strikes, bool Active, uint Place);

public sealed record Pools(Amount CheckPool, Amount InsurancePool);
