using Assay.Ethereum.Primitives;

namespace Assay.Protocol.Chain;

// What the escrow's views return, by the ABI's names.

/// <summary>One version of the contract's parameters. Shares in parts per million, windows in seconds, amounts in token units.</summary>
public sealed record EscrowParameters(
    uint FloorPpm, ushort RecordNumerator, ushort RecordOffset, ushort EpochBlocks, ushort MinRoster, uint MaxRunWindow, uint ReviewWindow,
    uint CheckWindow, uint LongReview, uint OpenWindow, uint CommitWindow, uint RevealWindow, uint VerdictWindow, uint AppealVerdictWindow, uint AppealWindow,
    uint UnbondingDelay, uint NoShowPpm, uint NoShowsToJail, uint SeatPenaltyPpm, uint AccuserPpm, byte FirstSeats, byte SecondSeats,
    byte ConvictQuorum, byte ClearQuorum, Amount MinBond, Amount KeeperPart, uint EpochSeconds = 0,
    Randomness Randomness = Randomness.BlockHash)
{
    /// <summary>What an order has to allow for verification and keeper: ceil(floor * maxPrice) + keeper's part.</summary>
    public Amount FeeFor(Amount maxPrice) => new Amount((maxPrice.Units * FloorPpm + 999_999) / 1_000_000) + KeeperPart;

    /// <summary>How many seats decide in each round of a case.</summary>
    public Quorums Quorums => new(FirstSeats, SecondSeats, ConvictQuorum, ClearQuorum);

    /// <summary>Bond that admits one job of this price: v &lt;= f * B / 2.</summary>
    public Amount BondFor(Amount maxPrice) => new((maxPrice.Units * 2_000_000 + FloorPpm - 1) / FloorPpm);
}

/// <summary>Where a job is and why it ended: all that the contract itself can say of it.</summary>
public sealed record JobStanding(JobState State, Outcome Outcome)
{
    /// <summary>The client's reserve of the job is neither paid nor given back.</summary>
    public bool HoldsMoney => State is JobState.Open or JobState.Submitted or JobState.Accused or JobState.Convicted or JobState.Appealed;
}

public sealed record OperatorAccount(
    Address Signer, Address Payout, Amount Bond, Amount Unbonding, ulong UnbondsAt, Amount Exposure, Amount Locked, Amount Earned,
    uint Clean, uint NoShows, uint Strikes, bool Active, uint Place);

public sealed record Pools(Amount CheckPool, Amount InsurancePool);
