using System.Text.Json;
using System.Text.Json.Serialization;
using Assay.Circle.Stack;
using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;

namespace Assay.Verifier.Tests;

/// <summary>The pure code against answers that the contracts themselves gave (tests/vectors, made by the contract tests).</summary>
public class ContractVectorTests
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { NumberHandling = JsonNumberHandling.AllowReadingFromString };

    private sealed record PlaceVector(Address Operator, Address Cluster, ulong RetiredAt, ulong LeftAt);
    private sealed record DrawVector(
        string Name, Bytes32 Seed, Bytes32 Job, byte Round, uint RosterLength, Address Client, Address Payer, bool ByTime, ulong EpochLast,
        Address[] ExcludedClusters, PlaceVector[] Roster, int Count, Address[] Picks);
    private sealed record RateVector(uint Clean, uint FloorPpm, uint RecordNumerator, uint RecordOffset, uint RatePpm);
    private sealed record DecisionVector(Bytes32 Seed, Bytes32 Job, uint RatePpm, bool Sampled);

    [Fact]
    public void Draws_are_the_contracts()
    {
        var cases = Read<DrawVector>("draw", "cases");
        Assert.NotEmpty(cases);
        Assert.All(cases, c => Assert.Equal(c.Picks, Draw.Picks(
            new DrawSubject(c.Seed, c.Job, c.Round, c.RosterLength, c.EpochLast, c.Client, c.ExcludedClusters, c.ByTime, c.Payer),
            [.. c.Roster.Select(p => new RosterPlace(p.Operator, p.Cluster, p.RetiredAt == 0 ? null : p.RetiredAt, p.LeftAt == 0 ? null : p.LeftAt))], c.Count)));
        Assert.Contains(cases, c => c.ByTime);
    }

    [Fact]
    public void Rates_and_sampling_decisions_are_the_contracts()
    {
        var (rates, decisions) = (Read<RateVector>("sampling", "rates"), Read<DecisionVector>("sampling", "decisions"));
        Assert.Equal([true, false], decisions.Select(d => d.Sampled).Distinct().OrderDescending());
        Assert.All(rates, r => Assert.Equal(r.RatePpm, Protocol.Chain.Sampling.Rate(r.FloorPpm, r.RecordNumerator, r.RecordOffset, r.Clean)));
        Assert.All(decisions, d => Assert.Equal(d.Sampled, Protocol.Chain.Sampling.IsSampled(d.Seed, d.Job, d.RatePpm)));
    }

    private static T[] Read<T>(string file, string list)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(Checkout.Find().Root, "tests/vectors", $"{file}.json")));
        return document.RootElement.GetProperty(list).Deserialize<T[]>(Json)!;
    }
}
