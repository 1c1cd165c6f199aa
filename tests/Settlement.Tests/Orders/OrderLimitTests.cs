using System.Net;
using Assay.Settlement.Tests.World;
using Assay.Testing;

namespace Assay.Settlement.Tests.Orders;

/// <summary>What one client can make the service remember.</summary>
public sealed class OrderLimitTests(PostgresFixture postgres, ChainFixture chain) : IClassFixture<PostgresFixture>, IClassFixture<ChainFixture>, IAsyncLifetime
{
    private SettlementWorld world = null!;

    public async Task InitializeAsync() => world = await SettlementWorld.CreateAsync(postgres, chain, w => w.Settings["Orders:MaxWaiting"] = "2");

    public async Task DisposeAsync() => await world.DisposeAsync();

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(4_102_444_800)]
    public async Task An_order_that_would_wait_for_years_is_refused(ulong expiry) =>
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "bad_terms"), await PostAsync(nonce: 1, expiry));

    [Fact]
    public async Task A_client_has_so_many_orders_waiting_and_more_when_one_is_open()
    {
        var first = await world.PlaceAsync(world.Order(nonce: 1));
        await world.PlaceAsync(world.Order(nonce: 2));
        Assert.Equal((HttpStatusCode.TooManyRequests, "too_many_orders"), await PostAsync(nonce: 3));
        var another = await world.PostAsync(await world.SignAsync(world.Order(client: 1, nonce: 3)));
        Assert.Equal(HttpStatusCode.Accepted, another.StatusCode);

        await world.AcceptAsync(first);
        await world.UntilStateAsync(first, "Open");
        Assert.Equal((HttpStatusCode.Accepted, null), await PostAsync(nonce: 3));
    }

    private async Task<(HttpStatusCode, string?)> PostAsync(ulong nonce, ulong? expiry = null)
    {
        var order = world.Order(nonce: nonce);
        var response = await world.PostAsync(await world.SignAsync(order with { Expiry = expiry ?? order.Expiry }));
        return (response.StatusCode, response.IsSuccessStatusCode ? null : await SettlementWorld.CodeOfAsync(response));
    }
}
