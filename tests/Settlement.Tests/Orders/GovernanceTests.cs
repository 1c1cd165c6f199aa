using System.Net;
using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Assay.Settlement.Tests.World;
using Assay.Testing;

namespace Assay.Settlement.Tests.Orders;

/// <summary>Parameters that change, and a pause, as the service's clients and jobs meet them.</summary>
public sealed class GovernanceTests(PostgresFixture postgres, ChainFixture chain) : IClassFixture<PostgresFixture>, IClassFixture<ChainFixture>, IAsyncLifetime
{
    private static readonly EscrowParameters Terms = Escrow.Terms with { EpochSeconds = 60, UnbondingDelay = 400_000 };

    private SettlementWorld world = null!;

    public async Task InitializeAsync() => world = await SettlementWorld.CreateAsync(postgres, chain, govern: Terms);

    public async Task DisposeAsync() => await world.DisposeAsync();

    private Task GovernAsync(string function, params object?[] arguments) => world.Escrow.From(world.Escrow.Governor).SendAsync(function, arguments);

    [Fact]
    public async Task An_order_during_a_pause_is_told_so_and_what_is_open_goes_on()
    {
        var job = await world.PlaceAsync(world.Order());
        await world.AcceptAsync(job);
        await world.UntilStateAsync(job, "Open");
        await GovernAsync("pause");

        var refused = await world.PostAsync(await world.SignAsync(world.Order(nonce: 2)));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "paused"), (refused.StatusCode, await SettlementWorld.CodeOfAsync(refused)));
        var opening = SettlementWorld.OpeningOf(job);
        await world.SubmitAsync(job, opening);
        await world.UntilStateAsync(job, "Submitted");
        await world.CheckAsync(job, Values.Value(opening.OutputsRoot, opening.Units), agrees: true);
        await world.PublishAsync(new ResultOpened(job, opening));
        await world.UntilStateAsync(job, "Released");

        await GovernAsync("unpause");
        await world.PlaceAsync(world.Order(nonce: 2));
    }

    [Fact]
    public async Task A_job_keeps_the_windows_of_its_version_and_the_next_one_has_those_of_the_new()
    {
        var old = await RunAsync(nonce: 1, by: 0);
        await GovernAsync("addVersion", Terms with { ReviewWindow = 900, CheckWindow = 900, LongReview = 4_000 });
        var young = await RunAsync(nonce: 2, by: 1);
        await world.UntilStateAsync(old, "Released");
        Assert.Equal("Submitted", (await world.StatusAsync(young)).State);
        await world.Chain.IncreaseTimeAsync(TimeSpan.FromSeconds(900));
        await world.UntilStateAsync(young, "Released");
        var opened = world.Reader.Said.Select(s => s.Message).OfType<JobOpened>().ToDictionary(o => o.Job, o => o.Version);
        Assert.Equal((1u, 2u), (opened[old], opened[young]));
    }

    /// <summary>A job up to the point where only its windows hold it.</summary>
    private async Task<Bytes32> RunAsync(ulong nonce, int by)
    {
        var job = await world.PlaceAsync(world.Order(nonce: nonce));
        await world.AcceptAsync(job, by);
        await world.UntilStateAsync(job, "Open");
        var opening = SettlementWorld.OpeningOf(job);
        await world.SubmitAsync(job, opening, by);
        await world.UntilStateAsync(job, "Submitted");
        await world.CheckAsync(job, Values.Value(opening.OutputsRoot, opening.Units), agrees: true);
        await world.PublishAsync(new ResultOpened(job, opening));
        return job;
    }
}
