using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;

namespace Assay.Circle.Demo;

/// <summary>One line of the demo's table. <paramref name="Outcome"/> is the contract's state, <paramref name="Reason"/> its coded end.</summary>
public sealed record JobLine(
    Bytes32 Id, string Client, string Operator, string Model, bool Checked, JobState Outcome, Outcome Reason,
    Amount Paid, Amount Compensated, Amount Slashed, IReadOnlyList<Bytes32> Transactions);

/// <param name="Billed">Prices of the released jobs, by units.</param>
/// <param name="Paid">What reached the operators of them.</param>
public sealed record Totals(
    int Jobs, int Released, int Refunded, int Slashed, int Checked, Amount Billed, Amount Paid, Amount Refunds, Amount Compensated, Amount SlashedAmount, int Transactions, double Seconds);

/// <param name="Chain">Token balance of the escrow equals the sum of everybody's books, read from the contract.</param>
/// <param name="Database">The indexer's rebuilt balances equal the contract's, account by account.</param>
public sealed record Conservation(bool Chain, bool Database);

/// <summary>A thing the demo promises, and whether it holds.</summary>
public sealed record Promise(string What, bool Kept, string Detail);

/// <param name="Accuracy">Share of right labels over all samples of accepted jobs.</param>
public sealed record DemoReport(
    IReadOnlyList<JobLine> Jobs, Totals Totals, Conservation Conservation, double Accuracy, IReadOnlyList<Promise> Promises)
{
    public bool Holds => Promises.All(p => p.Kept);
}
