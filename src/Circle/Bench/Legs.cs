using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;

namespace Assay.Circle.Bench;

/// <summary>When each step of one paid job was done: moments of the services' clocks, or the block that holds the step.</summary>
/// <param name="Ordered">The client began to sign and post the order.</param>
/// <param name="Epoch">Of the submission; the seed of the next one decides over the check.</param>
/// <param name="Checked">Settlement has the re-executor's agreement; null for a job that was not sampled.</param>
/// <param name="Closed">Settlement has read the payment back from a final block.</param>
public sealed record JobTimes(
    Bytes32 Job, DateTimeOffset Ordered, ulong OpenedBlock, ulong SubmittedBlock, ulong Epoch, ulong SeedBlock, DateTimeOffset? Checked,
    ulong ReleasedBlock, DateTimeOffset Closed);

/// <summary>A part of a job's way.</summary>
/// <param name="Bound">Of <paramref name="Length"/>: the chain did not allow the next step yet. The rest is spent by our own parts.</param>
public sealed record Leg(string Name, TimeSpan Length, TimeSpan Bound);

/// <summary>Cuts a job's way into its legs. Pure.</summary>
public static class Legs
{
    public const string
        Opened = "order_to_opened", Submitted = "opened_to_submitted", Seed = "submitted_to_seed", Checked = "seed_to_checked",
        Released = "seed_to_released", Closed = "released_to_closed", Whole = "order_to_closed";

    public static readonly IReadOnlyList<string> Names = [Opened, Submitted, Seed, Checked, Released, Closed, Whole];

    /// <param name="confirmations">Blocks on top of a block until it is final.</param>
    public static IReadOnlyList<Leg> Of(JobTimes job, BlockTimes blocks, EscrowParameters terms, uint confirmations)
    {
        var (opened, submitted, seed, released) = (blocks[job.OpenedBlock], blocks[job.SubmittedBlock], blocks[job.SeedBlock], blocks[job.ReleasedBlock]);
        var seedSource = Sampling.LastBlock(Sampling.DecidingEpoch(job.Epoch), terms.EpochBlocks);
        Leg[] way =
        [
            Between(Opened, job.Ordered, opened.Seen, earliest: blocks.FirstAfter(job.Ordered).Seen),
            Between(Submitted, opened.Seen, submitted.Seen, earliest: blocks[job.OpenedBlock + 1].Seen),
            Between(Seed, submitted.Seen, seed.Seen, earliest: blocks[seedSource + 1].Seen),
            Between(Released, seed.Seen, released.Seen, earliest: blocks.FirstAt(job.SeedBlock, submitted.Timestamp + terms.ReviewWindow).Seen),
            Between(Closed, released.Seen, job.Closed, earliest: blocks[job.ReleasedBlock + confirmations].Seen),
        ];
        var whole = new Leg(Whole, Sum(way.Select(leg => leg.Length)), Sum(way.Select(leg => leg.Bound)));
        // The check runs inside the leg from the seed to the release, beside the review window.
        return job.Checked is { } agreed ? [.. way, Between(Checked, seed.Seen, agreed, earliest: seed.Seen), whole] : [.. way, whole];
    }

    /// <summary>A block is seen a little after it was made, so what follows it may seem to come first: no time has passed then.</summary>
    private static Leg Between(string name, DateTimeOffset from, DateTimeOffset to, DateTimeOffset earliest)
    {
        var length = Max(to - from, TimeSpan.Zero);
        var bound = Max(earliest - from, TimeSpan.Zero);
        return new Leg(name, length, bound < length ? bound : length);
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private static TimeSpan Sum(IEnumerable<TimeSpan> spans) => spans.Aggregate(TimeSpan.Zero, (sum, span) => sum + span);
}
