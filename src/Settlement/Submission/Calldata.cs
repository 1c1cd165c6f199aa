using Assay.Ethereum.Encoding;
using Assay.Ethereum.Primitives;
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
            Transition.Open => Batch("open", actions, a => new OpenItem(a.Payload.Order!.Document, a.Payload.Order.Signature, a.Payload.Acceptance!.Document, a.Payload.Acceptance.Signature)),
            Transition.Submit => Batch("submit", actions, a => new SubmitItem(a.Payload.Result!.Document, a.Payload.Result.Signature)),
            Transition.Release => Batch("release", actions, Release),
            Transition.CommitSeat => Batch("commitSeats", actions, a => new CommitItem(a.Payload.Commitment!.Document, a.Payload.Commitment.Signature)),
            Transition.Expire => Jobs("expire", actions),
            Transition.Slash => Jobs("slash", actions),
            Transition.Lapse => Jobs("lapse", actions),
            Transition.RecordSeed => Abi.Encode("recordSeed", first.Payload.Epoch!.Value),
            Transition.Accuse => Abi.Encode("accuse", first.Payload.Attestation!.Document, first.Payload.Attestation.Signature),
            Transition.DrawSeats => Abi.Encode("drawSeats", first.Subject),
            Transition.RefillSeat => Abi.Encode("refillSeat", first.Subject, first.Slot),
            Transition.OpenClaim => Abi.Encode("openClaim", first.Subject, first.Payload.Opening!),
            Transition.Certify => Certify(first.Subject, first.Payload.Certificate!),
            _ => throw new ArgumentOutOfRangeException(nameof(actions), first.Transition, "Not a step of ours."),
        };
    }

    private static ReleaseItem Release(DueAction action) => action.Payload is { Opening: { } opening, Attestation: { } check }
        ? new ReleaseItem(action.Subject, opening, check.Document, check.Signature)
        : ReleaseItem.Unchecked(action.Subject, action.Payload.Opening!);

    private static byte[] Certify(Bytes32 job, Certificate certificate) => Abi.Encode(
        "certify", job, certificate.Attestations.Select(a => a.Document).ToList(), certificate.Attestations.Select(a => a.Signature).ToList(), certificate.Evidence);

    private static byte[] Jobs(string function, IReadOnlyList<DueAction> actions) => Batch(function, actions, a => a.Subject);

    private static byte[] Batch<T>(string function, IReadOnlyList<DueAction> actions, Func<DueAction, T> item) =>
        Abi.Encode(function, actions.Select(item).ToList());
}
