using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Assay.Verifier.Tests.Support;
using Assay.Verifier.Verdicts;

namespace Assay.Verifier.Tests;

public class RulingTests
{
    private static readonly Quorums Quorums = new(3, 7, 6, 4);
    private static readonly Bytes32 A = Words.Of(1ul), B = Words.Of(2ul);

    [Theory]
    [InlineData("aaa", "a", Verdict.Cleared)]
    [InlineData("bbb", "a", Verdict.Convicted)]
    [InlineData("aaa", "", Verdict.Convicted)]
    [InlineData("aab", "a", Verdict.Inconclusive)]
    [InlineData("aa-", "a", Verdict.Inconclusive)]
    [InlineData("---", "", Verdict.Inconclusive)]
    public void Exact_seats_speak_with_one_value_or_not_at_all(string seats, string claim, Verdict verdict)
    {
        var values = seats.Select((c, i) => c == '-' ? null : new Attestation(A, 1, (byte)i, Finding.Value, c == 'a' ? A : B, A)).ToList();
        var decided = Ruling.Decide(Comparison.Exact, Quorums, 1, values, claim == "a" ? A : null);
        Assert.Equal(verdict, decided.Verdict);
        Assert.Equal(verdict == Verdict.Inconclusive ? Bytes32.Zero : values[0]!.Value, decided.Value);
    }

    [Theory]
    [InlineData("bbbbbba", "a", Verdict.Convicted)]
    [InlineData("bbbbbaa", "a", Verdict.Inconclusive)]
    [InlineData("bbbaaaa", "a", Verdict.Cleared)]
    [InlineData("bbbbaaa", "a", Verdict.Inconclusive)]
    [InlineData("aaaa---", "a", Verdict.Cleared)]
    [InlineData("aaaaaa-", "", Verdict.Convicted)]
    [InlineData("aaaaa--", "", Verdict.Inconclusive)]
    public void Seven_seats_convict_with_six_and_clear_with_four(string seats, string claim, Verdict verdict)
    {
        var values = seats.Select((c, i) => c == '-' ? null : new Attestation(A, 2, (byte)i, Finding.Value, c == 'a' ? A : B, A)).ToList();
        Assert.Equal(verdict, Ruling.Decide(Comparison.Exact, Quorums, 2, values, claim == "a" ? A : null).Verdict);
    }

    [Theory]
    [InlineData(Finding.Match, Finding.Match, Finding.Match, Verdict.Cleared)]
    [InlineData(Finding.Mismatch, Finding.Malformed, Finding.Mismatch, Verdict.Convicted)]
    [InlineData(Finding.Match, Finding.Malformed, Finding.Mismatch, Verdict.Inconclusive)]
    [InlineData(Finding.Match, Finding.Match, Finding.Mismatch, Verdict.Inconclusive)]
    public void Tolerant_seats_speak_with_one_finding_or_not_at_all(Finding a, Finding b, Finding c, Verdict verdict)
    {
        Finding[] findings = [a, b, c];
        var seats = findings.Select((f, i) => new Attestation(A, 1, (byte)i, f, Words.Of((ulong)i), A)).ToList();
        Assert.Equal((verdict, Bytes32.Zero), Ruling.Decide(Comparison.Tolerance, Quorums, 1, seats, A));
    }
}
