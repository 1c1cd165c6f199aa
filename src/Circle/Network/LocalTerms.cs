using Assay.Protocol.Chain;

namespace Assay.Circle.Network;

/// <summary>Terms of a local deployment: the protocol's proportions with windows of seconds instead of hours.</summary>
public static class LocalTerms
{
    public static readonly TimeSpan BlockTime = TimeSpan.FromSeconds(1);

    /// <summary>Blocks on top of a block until it counts as final.</summary>
    public const int Confirmations = 2;

    /// <summary>One token, which has 6 decimals.</summary>
    public static readonly Amount Token = 1_000_000;

    public static readonly Amount Bond = Token * 100;
    public static readonly Amount Deposit = Token * 1_000;
    public static readonly Amount Pool = Token * 50;

    /// <summary>Price of one classified sample.</summary>
    public static readonly Amount UnitPrice = 50_000;

    /// <summary>A batch is 16 samples; the max price leaves room, so that every job has a remainder to give back.</summary>
    public static readonly Amount MaxPrice = Token;

    public const uint RunWindow = 40;
    /// <summary>Number of the runtime <c>onnx</c>, registered as deterministic.</summary>
    public const byte Runtime = 1;

    public static EscrowParameters Parameters { get; } = new(
        FloorPpm: 100_000, RecordNumerator: 1, RecordOffset: 1, EpochBlocks: 3, MinRoster: 8, MaxRunWindow: 300,
        ReviewWindow: 8, CheckWindow: 18, LongReview: 70, OpenWindow: 30, CommitWindow: 18, RevealWindow: 25, VerdictWindow: 120, AppealVerdictWindow: 120,
        AppealWindow: 3, UnbondingDelay: 900, NoShowPpm: 500_000, NoShowsToJail: 2, SeatPenaltyPpm: 500_000, AccuserPpm: 100_000,
        FirstSeats: 3, SecondSeats: 3, ConvictQuorum: 3, ClearQuorum: 2,
        MinBond: Token * 20, KeeperPart: 1_000);
}
