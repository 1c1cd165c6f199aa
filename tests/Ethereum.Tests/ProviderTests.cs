using System.Text.Json;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Tests.Generated;
using Microsoft.AspNetCore.Http;

namespace Assay.Ethereum.Tests;

/// <summary>Whom to ask and when, with the clock as a number.</summary>
public sealed class ProviderChoiceTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 21, 0, 0, 0, TimeSpan.Zero);
    private static readonly ProviderPoolOptions Options = new() { RequestsPerSecond = 10, Burst = 20, FirstRest = TimeSpan.FromSeconds(1), LongestRest = TimeSpan.FromSeconds(30) };
    private static readonly ProviderHealth Fresh = ProviderHealth.New(Options, Start);

    [Fact]
    public void The_quicker_is_asked_first_then_the_other_then_nobody()
    {
        ProviderHealth[] two = [Fresh.Answered(TimeSpan.FromMilliseconds(90)), Fresh.Answered(TimeSpan.FromMilliseconds(40))];
        Assert.Equal((1, Start), Next(two));
        Assert.Equal((0, Start), Next(two, asked: 1));
        Assert.Null(ProviderChoice.Next(two, new HashSet<int> { 0, 1 }, 1, Options, Start));
    }

    [Fact]
    public void A_failed_one_rests_longer_each_time_and_comes_after_slow_ones_until_it_answers()
    {
        var slow = Fresh.Answered(TimeSpan.FromSeconds(3));
        var failed = Fresh.Answered(TimeSpan.FromMilliseconds(1)).Failed(RpcTrouble.Unwell, null, Options, Start);
        Assert.Equal(Start.AddSeconds(1), failed.RestsUntil);
        Assert.Equal((0, Start.AddSeconds(1)), Next([failed]));
        // Rested, but not trusted.
        Assert.Equal((1, Start.AddSeconds(2)), Next([failed, slow], Start.AddSeconds(2)));
        Assert.Equal(Start.AddSeconds(2), failed.Failed(RpcTrouble.Behind, null, Options, Start).RestsUntil);
        var often = Enumerable.Range(0, 40).Aggregate(failed, (health, _) => health.Failed(RpcTrouble.Unwell, null, Options, Start));
        Assert.Equal(Start.AddSeconds(30), often.RestsUntil);
        Assert.Equal((0, Start.AddSeconds(2)), Next([often.Answered(TimeSpan.FromMilliseconds(1)), slow], Start.AddSeconds(2)));
    }

    [Fact]
    public void A_wish_to_be_left_alone_is_granted_within_bounds()
    {
        Assert.Equal(Start.AddSeconds(7), Fresh.Failed(RpcTrouble.RateLimited, TimeSpan.FromSeconds(7), Options, Start).RestsUntil);
        Assert.Equal(Start.AddSeconds(30), Fresh.Failed(RpcTrouble.RateLimited, TimeSpan.FromHours(7), Options, Start).RestsUntil);
        Assert.Equal(Fresh, Fresh.Failed(RpcTrouble.RangeTooLarge, TimeSpan.FromSeconds(7), Options, Start));
    }

    [Fact]
    public void No_provider_gets_more_than_its_rate()
    {
        var used = Fresh.Take(20, Options, Start);
        Assert.Equal((0, Start.AddSeconds(0.1)), Next([used]));
        Assert.Equal((1, Start), Next([used, Fresh.Answered(TimeSpan.FromSeconds(9))]));
        Assert.Equal((0, Start.AddSeconds(1)), Next([used], Start.AddSeconds(1)));
        // Never more than a burst is saved up, and a batch beyond it waits for a full one.
        Assert.Equal(Start.AddHours(1).AddSeconds(2), used.Take(0, Options, Start.AddHours(1)).Take(20, Options, Start.AddHours(1)).FreeAt(100, Options, Start.AddHours(1)));
        // Ten seeded clients for a minute: 20 at once and 10 a second at most.
        var (random, health, now, sent) = (new Random(3), Fresh, Start, 0);
        while (now < Start.AddSeconds(60))
        {
            var wanted = random.Next(1, 8);
            if (health.FreeAt(wanted, Options, now) <= now)
                (health, sent) = (health.Take(wanted, Options, now), sent + wanted);
            now = now.AddMilliseconds(random.Next(200));
        }
        Assert.InRange(sent, 500, 620);
    }

    [Theory]
    [InlineData(-32005, "query returned more than 10000 results", RpcTrouble.RangeTooLarge)]
    [InlineData(-32602, "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range", RpcTrouble.RangeTooLarge)]
    [InlineData(-32614, "eth_getLogs is limited to a 10,000 range, block range too large", RpcTrouble.RangeTooLarge)]
    [InlineData(-32000, "exceed maximum block range: 5000", RpcTrouble.RangeTooLarge)]
    [InlineData(-32000, "query timeout exceeded. Consider reducing your block range.", RpcTrouble.RangeTooLarge)]
    [InlineData(-32005, "daily request count exceeded, request rate limited", RpcTrouble.RateLimited)]
    [InlineData(429, "Your app has exceeded its compute units per second capacity.", RpcTrouble.RateLimited)]
    [InlineData(-32005, "limit exceeded", RpcTrouble.RateLimited)]
    [InlineData(-32000, "header not found", RpcTrouble.Behind)]
    [InlineData(-32000, "missing trie node 01 (path )", RpcTrouble.Behind)]
    [InlineData(-32603, "Internal error", RpcTrouble.Unwell)]
    [InlineData(3, "execution reverted: block range is over", RpcTrouble.Final)]
    [InlineData(-32000, "nonce too low", RpcTrouble.Final)]
    [InlineData(-32602, "invalid argument 0", RpcTrouble.Final)]
    public void What_providers_say_is_sorted_by_what_to_do(int code, string text, RpcTrouble expected) =>
        Assert.Equal(expected, RpcTroubles.Of(new JsonRpcException(code, text)));

    private static (int, DateTimeOffset)? Next(ProviderHealth[] providers, DateTimeOffset? now = null, int? asked = null) =>
        ProviderChoice.Next(providers, asked is { } one ? new HashSet<int> { one } : [], 1, Options, now ?? Start);
}

/// <summary>A real chain behind proxies that fail as the test says.</summary>
public sealed class ProviderPoolTests(AnvilFixture anvil) : IClassFixture<AnvilFixture>
{
    private static readonly JsonRpcOptions Once = new() { MaxAttempts = 1 };
    private static readonly ProviderPoolOptions Quick = new() { HedgeAfter = null, FirstRest = TimeSpan.FromMilliseconds(1), LongestRest = TimeSpan.FromMilliseconds(2) };

    private readonly HttpClient _http = new();

    [Fact]
    public async Task A_provider_that_asks_for_rest_gets_it_and_the_next_answers()
    {
        await using var busy = await ProxyAsync((context, _) =>
        {
            context.Response.StatusCode = 429;
            context.Response.Headers.RetryAfter = "30";
            return Task.FromResult(true);
        });
        await using var good = await ProxyAsync();
        var pool = Pool(new ProviderPoolOptions { HedgeAfter = null }, busy, good);
        var eth = new EthApi(pool);
        Assert.Equal(31337UL, await eth.ChainIdAsync());
        Assert.Equal(31337UL, await eth.ChainIdAsync());
        Assert.Equal((1, 2), (busy.Requests, good.Requests));
        Assert.Equal([1, 0], pool.Health.Select(h => h.Failures));
    }

    [Fact]
    public async Task A_slow_read_is_asked_of_the_next_one_too()
    {
        await using var silent = await ProxyAsync(async (context, _) =>
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return true;
        });
        await using var good = await ProxyAsync();
        Assert.Equal(31337UL, await new EthApi(Pool(Quick with { HedgeAfter = TimeSpan.FromMilliseconds(1) }, silent, good)).ChainIdAsync());
    }

    [Fact]
    public async Task A_revert_is_the_answer_everywhere_and_asked_once()
    {
        using var signer = AnvilFixture.Account(1);
        await using var first = await ProxyAsync();
        await using var second = await ProxyAsync();
        using var direct = new Web3(anvil.Url, signer);
        var probe = await Probe.DeployAsync(direct, 1);
        using var web3 = new Web3(Pool(Quick, first, second));
        await Assert.ThrowsAsync<Transactions.TransactionRevertedException>(() => new Probe(web3, probe.Address).DivideAsync(0));
        Assert.Equal((1, 0), (first.Requests, second.Requests));
    }

    [Fact]
    public async Task All_are_asked_again_after_their_rests_and_then_the_call_fails()
    {
        await using var broken = await ProxyAsync(Broken(_ => true));
        await using var mending = await ProxyAsync(Broken(request => request < 3));
        Assert.Equal(31337UL, await new EthApi(Pool(Quick, broken, mending)).ChainIdAsync());
        Assert.Equal(3, mending.Requests);

        await using var other = await ProxyAsync(Broken(_ => true));
        var error = await Assert.ThrowsAsync<RpcTransportException>(() => new EthApi(Pool(Quick, broken, other)).ChainIdAsync());
        Assert.Equal(RpcFailure.HttpStatus, error.Failure);
        Assert.Equal(3, other.Requests);
    }

    [Fact]
    public async Task What_must_not_happen_twice_goes_nowhere_else()
    {
        await using var broken = await ProxyAsync(Broken(_ => true));
        await using var good = await ProxyAsync();
        await Assert.ThrowsAsync<RpcTransportException>(() => Pool(Quick, broken, good).CallAsync<JsonElement>("anvil_mine", "0x1"));
        Assert.Equal(0, good.Requests);
    }

    [Fact]
    public async Task A_batch_goes_elsewhere_when_one_of_its_calls_is_turned_away()
    {
        await using var limited = await ProxyAsync(async (context, body) =>
        {
            using var calls = JsonDocument.Parse(body);
            await context.Response.WriteAsync(JsonSerializer.Serialize(calls.RootElement.EnumerateArray().Select((call, i) => (object)(i == 0
                ? new { jsonrpc = "2.0", id = call.GetProperty("id").GetInt64(), result = "0x1" }
                : new { jsonrpc = "2.0", id = call.GetProperty("id").GetInt64(), error = new { code = -32005, message = "rate limit" } }))));
            return true;
        });
        await using var good = await ProxyAsync();
        var results = await Pool(Quick, limited, good).BatchAsync([EthCalls.ChainId(), EthCalls.ChainId()]);
        Assert.Equal([31337UL, 31337UL], results.Select(r => r.Value));
    }

    [Fact]
    public async Task A_read_that_money_depends_on_is_believed_when_enough_agree()
    {
        await using var liar = await ProxyAsync(async (context, body) =>
        {
            using var call = JsonDocument.Parse(body);
            await context.Response.WriteAsync(JsonSerializer.Serialize(new { jsonrpc = "2.0", id = call.RootElement.GetProperty("id").GetInt64(), result = "0xffffffffffffffffffff" }));
            return true;
        });
        await using var good = await ProxyAsync();
        await using var dead = await ProxyAsync(Broken(_ => true));
        var read = EthCalls.GetBalance(Address.Zero, BlockTag.Earliest);
        Assert.Equal(0, await Pool(Quick, liar, good, good).AgreedAsync(read, 2));
        var error = await Assert.ThrowsAsync<RpcDisagreementException>(() => Pool(Quick, liar, good, dead).AgreedAsync(read, 2));
        Assert.Equal(3, error.Answers.Count);
    }

    [Fact]
    public async Task Logs_of_a_range_that_is_too_large_are_read_in_parts()
    {
        using var signer = AnvilFixture.Account(2);
        using var direct = new Web3(anvil.Url, signer);
        var probe = await Probe.DeployAsync(direct, 100);
        var first = await direct.Eth.BlockNumberAsync();
        for (byte i = 1; i <= 9; i++)
            await probe.StoreAsync(new(Crypto.Keccak256.Hash([i]), i, "", []));
        var filter = LogFilter.Range(first, await direct.Eth.BlockNumberAsync(), probe.Address);
        var expected = await direct.Eth.GetLogsAsync(filter);
        Assert.Equal(9, expected.Count);

        await using var narrow = await ProxyAsync(async (context, body) =>
        {
            using var call = JsonDocument.Parse(body);
            var range = call.RootElement.GetProperty("params")[0];
            if (Hex.ParseUInt64(range.Text("toBlock")) - Hex.ParseUInt64(range.Text("fromBlock")) < 2)
                return false;
            await context.Response.WriteAsync(JsonSerializer.Serialize(new { jsonrpc = "2.0", id = call.RootElement.GetProperty("id").GetInt64(), error = new { code = -32005, message = "block range is too large" } }));
            return true;
        });
        var logs = await new EthApi(Pool(Quick, narrow)).GetLogsInPartsAsync(filter);
        Assert.Equal(expected.Select(l => (l.BlockNumber, l.LogIndex)), logs.Select(l => (l.BlockNumber, l.LogIndex)));
    }

    private static ProviderPool Pool(ProviderPoolOptions options, params JsonRpcServer[] servers) => new([.. servers.Select(s => new JsonRpcClient(s.Url, Once))], options);

    private static Func<HttpContext, string, Task<bool>> Broken(Func<int, bool> isBroken)
    {
        var requests = 0;
        return (context, _) =>
        {
            var broken = isBroken(Interlocked.Increment(ref requests));
            if (broken)
                context.Response.StatusCode = 502;
            return Task.FromResult(broken);
        };
    }

    /// <param name="fault">Answers in the chain's place, or says false and leaves it to the chain.</param>
    private Task<JsonRpcServer> ProxyAsync(Func<HttpContext, string, Task<bool>>? fault = null) => JsonRpcServer.StartAsync(async (_, body, context) =>
    {
        if (fault is not null && await fault(context, body))
            return;
        using var answer = await _http.PostAsync(anvil.Url, new StringContent(body, System.Text.Encoding.UTF8, "application/json"));
        await context.Response.WriteAsync(await answer.Content.ReadAsStringAsync());
    });
}
