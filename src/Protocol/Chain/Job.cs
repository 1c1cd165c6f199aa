using System.Numerics;
using System.Text.Json.Serialization;
using Assay.Ethereum.Primitives;
using Assay.Protocol.Messages;

namespace Assay.Protocol.Chain;

/// <summary>
/// A job's record, number for number the contract's. The contract keeps its digest only, so every call about the job brings it, and anybody can put it together
/// from its events.
/// </summary>
/// <param name="Payer">Zero: the client.</param>
/// <param name="Witness">Zero: none.</param>
/// <param name="OpenedAt">Unix seconds of the opening's block.</param>
/// <param name="RatePpm">Share that is sampled, frozen at the opening like the length of the roster.</param>
/// <param name="Version">Of the parameters under which the job was opened.</param>
/// <param name="Bound">Payer, pool or witness are named, in an event of their own.</param>
/// <param name="SubmittedAt">Unix seconds of the submission's block; with epoch and commitment zero until then.</param>
public sealed record Job(
    Address Client, Address Payer, Address Operator, Address NodeKey, Address Witness, Comparison Comparison, Amount UnitPrice, Amount MaxPrice, Amount Fee,
    uint RunWindow, ulong OpenedAt, uint RatePpm, uint RosterLength, uint Version, bool Bound, ulong SubmittedAt, ulong Epoch, Bytes32 Commitment)
{
    /// <summary>What the payer's account holds back until the job is final.</summary>
    [JsonIgnore]
    public Amount Reserved => MaxPrice + Fee;

    /// <summary>The first of the two words in which the contract's calls carry the numbers, see <see cref="RecordWords"/>.</summary>
    [JsonIgnore]
    public BigInteger Terms => RecordWords.Pack(RecordWords.Terms, UnitPrice.Units, MaxPrice.Units, RunWindow, RatePpm, (int)Comparison, Bound ? 1 : 0);

    /// <summary>The second one.</summary>
    [JsonIgnore]
    public BigInteger Course => RecordWords.Pack(RecordWords.Course, Fee.Units, OpenedAt, SubmittedAt, Epoch, RosterLength, Version);

    /// <summary>Whose balance holds the reserve back and gets what comes back of it.</summary>
    [JsonIgnore]
    public Address Purse => Payer.IsZero ? Client : Payer;

    /// <param name="bound">Null unless the opening says that there is one.</param>
    /// <param name="submitted">Null while there is no result.</param>
    public static Job Of(JobOpened opened, JobBound? bound = null, ResultSubmitted? submitted = null) => new(
        opened.Client, bound?.Payer ?? Address.Zero, opened.Operator, opened.NodeKey, bound?.Witness ?? Address.Zero, opened.Comparison, opened.UnitPrice, opened.MaxPrice, opened.Fee,
        opened.RunWindow, opened.At.BlockTime, opened.RatePpm, opened.RosterLength, opened.Version, opened.Bound,
        submitted?.At.BlockTime ?? 0, submitted?.Epoch ?? 0, submitted?.Commitment ?? Bytes32.Zero);
}
