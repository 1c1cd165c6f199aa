using Assay.Ethereum.Primitives;
using Assay.Ethereum.Transactions;

namespace Assay.Settlement.Submission;

/// <summary>Planned steps that share a transaction. The first one's row is its key: a row is carried once, another try of the step is another row.</summary>
public sealed record Batch(IReadOnlyList<PlannedAction> Actions, Address Escrow, byte[] Data) : Intent($"action {Actions[0].Id}", Escrow, Data)
{
    /// <exception cref="Ethereum.Encoding.AbiException">A document holds values that the contract's types cannot.</exception>
    public static Batch Of(IReadOnlyList<PlannedAction> actions, Address escrow) => new(actions, escrow, Calldata.Of([.. actions.Select(a => a.Due)]));
}
