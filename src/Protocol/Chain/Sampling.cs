using System.Numerics;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Primitives;

namespace Assay.Protocol.Chain;

/// <summary>Which jobs are checked: nobody's choice but the seed's. The contract computes the same; vectors hold both together.</summary>
public static class Sampling
{
    public const uint Million = 1_000_000;

    private static readonly Bytes32 Tag = Keccak256.Hash("assay.sample");

    /// <summary>The epoch whose seed decides over what was submitted (or accused) in <paramref name="epoch"/>.</summary>
    public static ulong DecidingEpoch(ulong epoch) => checked(epoch + 1);

    /// <summary>What the number of an epoch of the beacon, which is counted by time, has more than one of blocks.</summary>
    public const ulong BeaconEpoch = 1UL << 39;

    public static bool IsBeacons(ulong epoch) => (epoch & BeaconEpoch) != 0;

    /// <summary>Last second of an epoch of the beacon: the first round later than it is the seed's source, and who had left the roster by then is not drawn.</summary>
    public static ulong LastSecond(ulong epoch, uint epochSeconds) => checked(((epoch ^ BeaconEpoch) + 1) * epochSeconds - 1);

    public static ulong EpochOf(ulong block, uint epochBlocks) => block / epochBlocks;

    /// <summary>Last block of an epoch: its hash is the seed's source, and who had left the roster by then is not drawn.</summary>
    public static ulong LastBlock(ulong epoch, uint epochBlocks) => checked((epoch + 1) * epochBlocks - 1);

    /// <summary>Where an epoch ends by its own clock: a block, or a second.</summary>
    public static ulong EndOf(ulong epoch, uint epochBlocks, uint epochSeconds) =>
        IsBeacons(epoch) ? LastSecond(epoch, epochSeconds) : LastBlock(epoch, epochBlocks);

    /// <summary>
    /// Where the windows of a decided job begin: with its submission, or later by as much as its seed came after the review window. All in unix
    /// seconds; the contract's <c>_checkedFrom</c>.
    /// </summary>
    public static ulong CheckedFrom(ulong submittedAt, ulong seededAt, uint reviewWindow) =>
        Math.Max(submittedAt, seededAt - Math.Min(seededAt, reviewWindow));

    public static bool IsSampled(Bytes32 seed, Bytes32 job, uint ratePpm) =>
        Words.ToNumber(Words.Hash(Tag, seed, job)) % Million < ratePpm;

    /// <summary>min(1, max(floor, numerator / (clean + offset))) in parts per million, rounded down.</summary>
    public static uint Rate(uint floorPpm, uint numerator, uint offset, uint clean) =>
        (uint)BigInteger.Min(Million, BigInteger.Max(floorPpm, (BigInteger)numerator * Million / ((BigInteger)clean + offset)));
}
