using System.Text.Json;
using Assay.Ethereum.Primitives;
using Assay.Indexer.Api;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;

namespace Assay.Circle.Network;

/// <summary>A job as the Indexer tells it, and what the demo asks of it.</summary>
/// <param name="Transactions">Of its live history; empty until it was asked for singly.</param>
/// <param name="Earned">What the operator's book got for it, less what its own record cost; zero until it was asked for singly.</param>
public sealed record IndexedJob(JobView View, IReadOnlyList<Bytes32> Transactions, Amount Earned)
{
    public static IndexedJob Of(JobAnswer answer) => new(
        answer.Job, answer.Transactions,
        Amount.Sum(answer.History.Where(e => !e.Orphaned && e.Event == nameof(LedgerMoved)).Select(e => e.Data)
            .Where(moved => Is(moved, "account", answer.Job.Operator.ToString()) && Is(moved, "book", nameof(Book.Earned)))
            .Select(moved => Amount.Parse(moved.GetProperty("amount").GetString()!))));

    private static bool Is(JsonElement data, string field, string value) =>
        string.Equals(data.GetProperty(field).GetString(), value, StringComparison.OrdinalIgnoreCase);

    public Bytes32 Id => View.Job;
    public Address Client => View.Client;
    public Address Operator => View.Operator;
    public JobState State => View.State;
    public Outcome Outcome => View.Outcome;
    public bool IsFinal => State is JobState.Released or JobState.Refunded or JobState.Slashed;

    /// <summary>Its end stands in a final block.</summary>
    public bool Final => View.Final;

    public Bytes32? OutputsRoot => View.OutputsRoot;

    /// <summary>Somebody else ran it again, in a spot check or in a case.</summary>
    public bool WasChecked => Outcome is Outcome.Checked or Outcome.Cleared or Outcome.WrongResult || View.Accuser is not null;

    public Amount Billed => View.Price ?? 0;
    /// <summary>What went back to the client of a job that was not paid, a slashed one's reserve included.</summary>
    public Amount Refunded => View.Refund ?? (State == JobState.Slashed ? View.MaxPrice + View.Fee : 0);

    /// <summary>Beyond the refund: out of the slash, or the client's half of a no-show penalty.</summary>
    public Amount Compensated => View.Compensation ?? new Amount((View.Penalty ?? 0).Units / 2);

    public Amount Slashed => View.Slashed ?? 0;
}
