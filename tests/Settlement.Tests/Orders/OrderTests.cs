using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Assay.Hosting;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Assay.Settlement.Orders;
using Assay.Settlement.Tests.World;
using Assay.Testing;

namespace Assay.Settlement.Tests.Orders;

public sealed class OrderTests(PostgresFixture postgres, ChainFixture chain) : IClassFixture<PostgresFixture>, IClassFixture<ChainFixture>, IAsyncLifetime
{
    private SettlementWorld world = null!;

    public async Task InitializeAsync() => world = await SettlementWorld.CreateAsync(postgres, chain);

    public async Task DisposeAsync() => await world.DisposeAsync();

    private async Task RefusedAsync(HttpStatusCode status, string code, OrderRequest request)
    {
        var response = await world.PostAsync(request);
        Assert.Equal((status, code), (response.StatusCode, await SettlementWorld.CodeOfAsync(response)));
    }

    [Fact]
    public async Task An_order_is_taken_once_and_announced_once()
    {
        var request = await world.SignAsync(world.Order());
        var first = await world.PostAsync(request);
        var second = await world.PostAsync(request);
        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.OK), (first.StatusCode, second.StatusCode));
        Assert.Equal(await first.Content.ReadAsStringAsync(), await second.Content.ReadAsStringAsync());
        Assert.Equal($"/orders/{world.Escrow.Domain.Digest(request.Order)}", first.Headers.Location?.ToString());
        await world.UntilAsync(() => Task.FromResult(world.Heard<OrderReceived>().Count > 0), "the announcement", mining: false);
        Assert.Equal(request.Order, Assert.Single(world.Heard<OrderReceived>()).Order);
    }

    [Fact]
    public async Task An_order_signed_for_another_chain_is_refused()
    {
        var elsewhere = await world.SignAsync(world.Order(), new EscrowDomain(1, world.Escrow.Domain.Escrow));
        await RefusedAsync(HttpStatusCode.Unauthorized, "bad_signature", elsewhere);
        await RefusedAsync(HttpStatusCode.BadRequest, "wrong_domain", elsewhere with { Domain = new OrderDomain(1, world.Escrow.Domain.Escrow) });
    }

    [Fact]
    public async Task A_changed_order_is_refused()
    {
        var request = await world.SignAsync(world.Order());
        await RefusedAsync(HttpStatusCode.Unauthorized, "bad_signature", request with { Order = request.Order with { MaxPrice = 1 } });
        await RefusedAsync(HttpStatusCode.Unauthorized, "bad_signature", request with { Signature = [1, 2, 3] });
    }

    [Fact]
    public async Task Terms_that_the_contract_would_refuse_are_refused_before()
    {
        var order = world.Order();
        await RefusedAsync(HttpStatusCode.UnprocessableEntity, "expired", await world.SignAsync(order with { Expiry = 1 }));
        await RefusedAsync(HttpStatusCode.UnprocessableEntity, "fee_too_low", await world.SignAsync(order with { MaxFee = 204 }));
        await RefusedAsync(HttpStatusCode.UnprocessableEntity, "bad_terms", await world.SignAsync(order with { RunWindow = 0 }));
        await RefusedAsync(HttpStatusCode.UnprocessableEntity, "bad_terms", await world.SignAsync(order with { MaxPrice = 0 }));
        await RefusedAsync(HttpStatusCode.UnprocessableEntity, "bad_terms", await world.SignAsync(order with { Operator = order.Client }));
    }

    [Fact]
    public async Task A_nonce_serves_one_order()
    {
        await world.PlaceAsync(world.Order(nonce: 7));
        await RefusedAsync(HttpStatusCode.Conflict, "nonce_used", await world.SignAsync(world.Order(nonce: 7, maxPrice: 900)));
        await world.Escrow.From(world.Escrow.Client(0)).SendAsync("cancelNonce", 8);
        await RefusedAsync(HttpStatusCode.Conflict, "nonce_used", await world.SignAsync(world.Order(nonce: 8)));
    }

    [Fact]
    public async Task Sixty_four_orders_at_once_never_spend_more_than_there_is()
    {
        // Each takes 1000 + 200 + 5 of 10,000.
        var requests = await Task.WhenAll(Enumerable.Range(1, 64).Select(i => world.SignAsync(world.Order(nonce: (ulong)i))));
        var responses = await Task.WhenAll(requests.Select(world.PostAsync));
        Assert.Equal(8, responses.Count(r => r.StatusCode == HttpStatusCode.Accepted));
        Assert.All(responses.Where(r => r.StatusCode != HttpStatusCode.Accepted), r => Assert.Equal(HttpStatusCode.PaymentRequired, r.StatusCode));
        var account = await world.AccountAsync(world.Escrow.Client(0).Address);
        Assert.Equal((10_000 - 8 * 1205, 10_000), (account.Spendable, account.Balances[Book.Available]));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("[1,2]")]
    [InlineData("{\"order\":null,\"signature\":\"0x00\"}")]
    [InlineData("{\"order\":{\"client\":\"0x12\"},\"signature\":\"0x00\"}")]
    public async Task A_malformed_order_is_a_bad_request_that_says_what_is_wrong(string body) => await MalformedAsync(body);

    [Theory]
    [InlineData("7")]
    [InlineData("\"7\"")]
    [InlineData("\"Guess\"")]
    public async Task A_comparison_that_nobody_named_is_a_bad_request(string comparison)
    {
        var body = JsonSerializer.Serialize(await world.SignAsync(world.Order()), AssayJson.Options);
        Assert.Contains("\"comparison\":\"Exact\"", body);
        await MalformedAsync(body.Replace("\"comparison\":\"Exact\"", $"\"comparison\":{comparison}"));
    }

    private async Task MalformedAsync(string body)
    {
        var response = await world.Http.PostAsync("/orders", new StringContent(body, System.Text.Encoding.UTF8, "application/json"));
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal((HttpStatusCode.BadRequest, "bad_request"), (response.StatusCode, problem.GetProperty("code").GetString()));
        Assert.NotEmpty(problem.GetProperty("detail").GetString()!);
    }

    [Fact]
    public async Task An_oversized_order_is_refused()
    {
        var response = await world.Http.PostAsync("/orders", new StringContent("{\"order\":\"" + new string('x', 20_000) + "\"}", System.Text.Encoding.UTF8, "application/json"));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task An_unknown_job_is_not_found()
    {
        var response = await world.Http.GetAsync($"/orders/{Words.Of(1)}");
        Assert.Equal((HttpStatusCode.NotFound, "not_found"), (response.StatusCode, await SettlementWorld.CodeOfAsync(response)));
    }

    [Fact]
    public async Task The_interface_describes_itself()
    {
        var description = await world.Http.GetStringAsync("/settlement/openapi/settlement.json");
        Assert.Contains("/orders/{job}", description);
        Assert.Contains("/settlement/reconciliation", description);
    }
}
