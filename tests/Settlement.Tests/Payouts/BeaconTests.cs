using System.Text.Json;
using Assay.Circle.Stack;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Assay.Settlement.Payouts;
using Assay.Settlement.Tests.World;
using Assay.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Assay.Settlement.Tests.Payouts;

/// <summary>A relay of drand that gives the recorded rounds, or what a test makes of them.</summary>
internal sealed class Relay : IAsyncDisposable
{
    private static readonly JsonElement Vectors = JsonDocument.Parse(File.ReadAllText(Path.Combine(Checkout.Find().Root, "tests/vectors/drand.json"))).RootElement;
    private readonly WebApplication app;

    private Relay(Func<ulong, string?> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        app = builder.Build();
        app.MapGet("/{chain}/public/{round}", (ulong round) => answer(round) is { } text ? Results.Text(text, "application/json") : Results.NotFound());
    }

    public string Url => $"{app.Urls.Single()}/{Vectors.GetProperty("chain").GetProperty("hash").GetString()}";

    public static async Task<Relay> StartAsync(Func<ulong, string?>? answer = null)
    {
        var relay = new Relay(answer ?? Recorded);
        await relay.app.StartAsync();
        return relay;
    }

    /// <summary>As drand's relays write it.</summary>
    public static string? Recorded(ulong round) => Vectors.GetProperty("rounds").EnumerateArray().Where(r => r.GetProperty("round").GetUInt64() == round)
        .Select(r => $$"""{"round":{{round}},"randomness":"{{r.GetProperty("randomness").GetString()}}","signature":"{{r.GetProperty("signature").GetString()}}"}""").SingleOrDefault();

    public static string ProofOf(ulong round) => Vectors.GetProperty("rounds").EnumerateArray().Single(r => r.GetProperty("round").GetUInt64() == round).GetProperty("uncompressed").GetString()!;

    public ValueTask DisposeAsync() => app.DisposeAsync();
}

public sealed class BeaconTests
{
    private static async Task<string?> AskedAsync(Beacon beacon, ulong round)
    {
        for (var i = 0; i < 600 && beacon.Trouble is null; i++)
        {
            if (beacon.ProofOf(round) is { } proof) return Convert.ToHexStringLower(proof);
            await Task.Delay(20);
        }
        return null;
    }

    [Fact]
    public async Task A_round_is_brought_as_the_contract_wants_it()
    {
        await using var relay = await Relay.StartAsync();
        using var beacon = new Beacon(new() { Urls = relay.Url + "/" });
        Assert.Equal(Relay.ProofOf(1000), await AskedAsync(beacon, 1000));
        Assert.Null(beacon.Trouble);
    }

    [Fact]
    public async Task The_next_relay_is_asked_where_one_is_away_or_lies()
    {
        await using var lying = await Relay.StartAsync(round => Relay.Recorded(1001));
        await using var honest = await Relay.StartAsync();
        using var beacon = new Beacon(new() { Urls = $"http://127.0.0.1:1, {lying.Url}, {honest.Url}" });
        string? proof = null;
        for (var i = 0; i < 600 && proof is null; i++, await Task.Delay(20)) proof = beacon.ProofOf(1000) is { } bytes ? Convert.ToHexStringLower(bytes) : null;
        Assert.Equal(Relay.ProofOf(1000), proof);
        Assert.Null(beacon.Trouble);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("no json")]
    [InlineData("""{"round":1000}""")]
    [InlineData("""{"round":1000,"signature":"zz"}""")]
    [InlineData("""{"round":1000,"signature":"00"}""")]
    [InlineData("""{"round":1001,"signature":"b33bf3667cbd5a82de3a24b4e0e9fe5513cc1a0e840368c6e31f5fcfa79bea03f73896b25883abf2853d10337fb8fa41"}""")]
    [InlineData(null)]
    public async Task What_is_not_the_round_is_not_brought_and_said(string? answer)
    {
        await using var relay = await Relay.StartAsync(_ => answer);
        using var beacon = new Beacon(new() { Urls = relay.Url });
        Assert.Null(await AskedAsync(beacon, 1000));
        Assert.Contains("1000", beacon.Trouble);
    }

    [Fact]
    public async Task Without_a_relay_the_seeds_are_left_to_others_and_that_is_said()
    {
        using var beacon = new Beacon(new());
        Assert.Null(await AskedAsync(beacon, 1000));
        Assert.Contains("Beacon:Urls", beacon.Trouble);
    }
}

/// <summary>The whole service under a version whose seeds are drand's, on a chain that stands at the time of the recorded rounds.</summary>
public sealed class BeaconLifeTests(PostgresFixture postgres, BeaconLifeTests.Chain chain)
    : IClassFixture<PostgresFixture>, IClassFixture<BeaconLifeTests.Chain>
{
    // Round 1,000 is published at a multiple of this, so it is the first after the epoch that ends there.
    private const uint EpochSeconds = 324;
    private const long Published = 1_692_806_364;

    private static readonly EscrowParameters Terms = Escrow.Terms with { EpochSeconds = EpochSeconds, Randomness = Randomness.Beacon, VerdictWindow = 300 + 2 * EpochSeconds, AppealVerdictWindow = 300 + 2 * EpochSeconds, OpenWindow = 10_000, UnbondingDelay = 200_000 };

    public sealed class Chain : ChainFixture
    {
        protected override AnvilOptions Options => new() { Start = DateTimeOffset.FromUnixTimeSeconds(Published - 2_000) };
    }

    [Fact]
    public async Task A_job_is_decided_by_the_round_that_a_relay_gives_and_the_contract_checks()
    {
        await using var relay = await Relay.StartAsync();
        await using var world = await SettlementWorld.CreateAsync(postgres, chain, w => w.Settings["Beacon:Urls"] = relay.Url, Terms);
        await world.Chain.MineAtAsync(Published - 2 * EpochSeconds + 4);
        var job = await world.PlaceAsync(world.Order() with { Expiry = Published + 86_400 });
        await world.AcceptAsync(job);
        await world.UntilStateAsync(job, "Open");
        var opening = SettlementWorld.OpeningOf(job);
        await world.SubmitAsync(job, opening);
        await world.UntilStateAsync(job, "Submitted");
        var epoch = world.Reader.Said.Select(s => s.Message).OfType<ResultSubmitted>().Single().Epoch;
        Assert.Equal(Sampling.BeaconEpoch + (ulong)Published / EpochSeconds - 2, epoch);

        await world.Chain.MineAtAsync(Published);
        await world.CheckAsync(job, Values.Value(opening.OutputsRoot, opening.Units), agrees: true);
        await world.PublishAsync(new ResultOpened(job, opening));
        await world.UntilStateAsync(job, "Released");
        Assert.Equal("Checked", (await world.StatusAsync(job)).Reason);
        Assert.Equal(epoch + 1, world.Reader.Said.Select(s => s.Message).OfType<SeedRecorded>().Single().Epoch);
    }
}
