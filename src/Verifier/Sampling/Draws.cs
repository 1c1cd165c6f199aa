using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Assay.Verifier.Redundancy;

namespace Assay.Verifier.Sampling;

/// <summary>Who is drawn for a job on the chain.</summary>
public static class Draws
{
    /// <summary>The re-executors of the spot check in the order of their attempts; null while the roster known here is shorter than the frozen one.</summary>
    public static IReadOnlyList<Address>? SpotCheck(JobOnChain job, Roster roster, Bytes32 seed, ChainWindows windows) =>
        Subject(job, roster, seed, windows) is { } subject && roster.Places.Count >= subject.RosterLength
            ? Draw.Picks(subject, roster.Places, Draw.Attempts)
            : null;

    /// <summary>The seats of the round and then its refills, <paramref name="count"/> in all; null as for the spot check.</summary>
    public static IReadOnlyList<Address>? Case(JobOnChain job, Roster roster, Bytes32 seed, ChainWindows windows, int count) =>
        CaseSubject(job, roster, seed, windows) is { } subject && roster.Places.Count >= subject.RosterLength
            ? Draw.Picks(subject, roster.Places, count)
            : null;

    public static DrawSubject? Subject(JobOnChain job, Roster roster, Bytes32 seed, ChainWindows windows) =>
        job is { Opened: { } opened, Submitted: { } submitted } && roster.ClusterOf(opened.Operator) is { } cluster
            ? new DrawSubject(
                seed, job.Job, 0, opened.RosterLength, EndOf(submitted.Epoch, windows), opened.Client, [cluster],
                Protocol.Chain.Sampling.IsBeacons(submitted.Epoch), job.Bound?.Payer ?? default)
            : null;

    public static DrawSubject? CaseSubject(JobOnChain job, Roster roster, Bytes32 seed, ChainWindows windows) =>
        job is { Opened: { } opened, Accused: { } accused, RoundBegan: { } began } && roster.ClusterOf(opened.Operator) is { } cluster
        && (accused.Bonded || roster.ClusterOf(accused.Accuser) is not null)
            ? new DrawSubject(
                seed, job.Job, job.Round, began.RosterLength, EndOf(began.Epoch, windows), opened.Client,
                // Who has pledged money need not be an operator.
                [cluster, .. job.Partial.Select(roster.ClusterOf).OfType<Address>()],
                Protocol.Chain.Sampling.IsBeacons(began.Epoch), job.Bound?.Payer ?? default)
            : null;

    private static ulong EndOf(ulong epoch, ChainWindows windows) =>
        Protocol.Chain.Sampling.EndOf(Protocol.Chain.Sampling.DecidingEpoch(epoch), windows.EpochBlocks, windows.EpochSeconds);
}
