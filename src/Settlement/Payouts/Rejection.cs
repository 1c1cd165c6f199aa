using System.Text.Json;
using Assay.Protocol.Chain;

namespace Assay.Settlement.Payouts;

/// <summary>When an order that never reached the chain has ended, and why. The chain outranks it: a job that opens after all is open.</summary>
public static class Rejection
{
    /// <returns>The reason in snake case; null while the order may still open or once it has.</returns>
    public static string? Of(JobView view, ChainClock clock)
    {
        if (view.Chain.State != JobState.None || view.Order is not { } order) return null;
        var refused = view.Refusals.Where(r => r.Transition == Transition.Open).ToList();
        if (refused.Find(r => RefusalKinds.Of(r.Transition, r.Code) == RefusalKind.Order) is { } final) return Name(final.Code);
        if (view.Documents.Unplaced is { } unplaced && !view.Documents.Acceptances.Any(a => clock.HeadTime <= a.Acceptance.OpenBy)) return unplaced.Reason;
        if (clock.HeadTime <= order.Document.Expiry) return null;
        return refused is [var last, ..] ? Name(last.Code) : "expired";
    }

    private static string Name(string code) => JsonNamingPolicy.SnakeCaseLower.ConvertName(code);
}
