using Assay.Ethereum.Encoding;
using Assay.Protocol.Chain;
using Assay.Settlement.Payouts;

namespace Assay.Settlement.Submission;

/// <summary>The contract call of one step, or of many steps of one kind.</summary>
public static class Calldata
{
    private static readonly ContractAbi Abi = EscrowAbi.Instance;

    /// <param name="actions">Of one transition; one alone unless the transition is batched.</param>
    public static byte[] Of(IReadOnlyList<DueAction> actions)
    {
        var first = actions[0];
        return first.Transition switch
        {
            Transition.Open => Batch("open", actions, a => OpenItem.Of(a.Payload.Order!.Document, a.Payload.Order.Signature, a.Payload.Acceptance!.Document, a.Payload.Acceptance.Signature)),
            Transition.Submit => Batch("submit", actions, a => new SubmitItem(RecordOf(a), a.Payload.Result!.Document, a.Payload.Result.Signature)),
            Transition.Release => Batch("release", actions, Release),
            Transition.CommitSeat => Batch("commitSeats", actions, a => new CommitItem(a.Payload.Commitment!.Document, a.Payload.Commitment.Signature)),
            Transition.Expire => Jobs("expire", actions),
            Transition.Slash => Jobs("slash", actions),
            Transition.Lapse => Jobs("lapse", actions),
            Transition.RecordSeed when first.Payload.Proof is { } proof => Abi.Encode("recordBeacon", first.Payload.Epoch!.Value, proof),
            Transition.RecordSeed => Abi.Encode("recordSeed", first.Payload.Epoch!.Value),
            Transition.Accuse => Abi.Encode("accuse", RecordOf(first), first.Payload.Attestation!.Document, first.Payload.Attestation.Signature),
            Transition.DrawSeats => Abi.Encode("drawSeats", first.Subject, RecordOf(first)),
            Transition.RefillSeat => Abi.Encode("refillSeat", first.Subject, RecordOf(first), first.Slot, first.Payload.Attestation?.Signature ?? []),
            Transition.OpenClaim => Abi.Encode("openClaim", first.Subject, RecordOf(first), first.Payload.Opening!),
            Transition.Appeal => Abi.Encode("appeal", RecordOf(first), first.Payload.Pledge!.Document, first.Payload.Pledge.Signature),
            Transition.Carry => first.Payload.Call!,
            Transition.Certify => Certify(first, first.Payload.Certificate!),
            _ => throw new ArgumentOutOfRangeException(nameof(actions), first.Transition, "Not a step of ours."),
        };
    }

    private static ReleaseItem Release(DueAction action) => action.Payload is { Opening: { } opening, Attestation: { } check }
        ? ReleaseItem.Checked(action.Subject, RecordOf(action), opening, check.Document, check.Signature)
        : ReleaseItem.Unchecked(action.Subject, RecordOf(action), action.Payload.Opening!);

    private static byte[] Certify(DueAction action, Certificate certificate) => Abi.Encode(
        "certify", action.Subject, RecordOf(action), certificate.Attestations.Select(a => a.Document).ToList(), certificate.Attestations.Select(a => a.Signature).ToList(), certificate.Evidence);

    private static byte[] Jobs(string function, IReadOnlyList<DueAction> actions) => Batch(function, actions, a => new JobItem(a.Subject, RecordOf(a)));

    private static Job RecordOf(DueAction action) => action.Payload.Record!;

    private static byte[] Batch<T>(string function, IReadOnlyList<DueAction> actions, Func<DueAction, T> item) =>
        Abi.Encode(function, actions.Select(item).ToList());
}
