using Assay.Ethereum.Primitives;
using Assay.Protocol.Messages;

namespace Assay.Protocol.Chain;

/// <summary>
/// A job's record, field for field the contract's. The contract keeps its digest only, so every call about the job brings it, and anybody can put it together
/// from two events and the times of their blocks.
/// </summary>
/// <param name="OpenedAt">Unix seconds of the opening's block.</param>
/// <param name="RatePpm">Share that is sampled, frozen at the opening like the length of the roster.</param>
/// <param name="SubmittedAt">Unix seconds of the submission's block; with epoch and commitment zero until then.</param>
public sealed record Job(
    Address Client, Address Operator, Address NodeKey, Comparison Comparison, Amount UnitPrice, Amount MaxPrice, Amount Fee, uint RunWindow,
    ulong OpenedAt, uint RatePpm, uint RosterLength, ulong SubmittedAt, ulong Epoch, Bytes32 Commitment)
{
    /// <summary>What the client's account holds back until the job is final.</summary>
    public Amount Reserved => MaxPrice + Fee;

    /// <param name="submitted">Null while there is no result.</param>
    public static Job Of(JobOpened opened, ResultSubmitted? submitted = null) => new(
        opened.Client, opened.Operator, opened.NodeKey, opened.Comparison, opened.UnitPrice, opened.MaxPrice, opened.Fee, opened.RunWindow,
        opened.At.BlockTime, opened.RatePpm, opened.RosterLength,
        submitted?.At.BlockTime ?? 0, submitted?.Epoch ?? 0, submitted?.Commitment ?? Bytes32.Zero);
}
