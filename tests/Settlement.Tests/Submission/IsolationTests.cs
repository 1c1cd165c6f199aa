using Assay.Ethereum.Primitives;
using Assay.Settlement.Tests.World;
using Assay.Testing;

namespace Assay.Settlement.Tests.Submission;

/// <summary>What is wrong with one job, or with the key, and what goes on meanwhile.</summary>
public sealed class IsolationTests(PostgresFixture postgres, ChainFixture chain) : IClassFixture<PostgresFixture>, IClassFixture<ChainFixture>, IAsyncLifetime
{
    private const string Send = "eth_sendRawTransaction";
    private SettlementWorld world = null!;

    public async Task InitializeAsync() => world = await SettlementWorld.CreateAsync(postgres, chain);

    public async Task DisposeAsync() => await world.DisposeAsync();

    private async Task<string> HealthAsync() => await (await world.Http.GetAsync("/health")).Content.ReadAsStringAsync();

    [Theory]
    [InlineData("orders", "client")]
    [InlineData("documents", "acceptance")]
    public async Task A_row_that_cannot_be_read_costs_its_own_job_only(string table, string field)
    {
        var (spoiled, sound) = (await world.PlaceAsync(world.Order(nonce: 1)), await world.PlaceAsync(world.Order(nonce: 2)));
        // Spoiled before the step is due: the row arrives that way.
        await world.QueryAsync<int>($$"""
            create table saved (body jsonb);
            create function spoil() returns trigger language plpgsql as $body$ begin
                insert into saved values (new.body); new.body := new.body - '{{field}}'; return new; end $body$;
            create trigger spoil before insert or update on {{table}} for each row
                when (new.job = '\x{{spoiled.ToString()[2..]}}' and new.body ? '{{field}}') execute function spoil();
            update {{table}} set job = job;
            """);
        await world.AcceptAsync(spoiled);
        await world.AcceptAsync(sound);

        await world.UntilStateAsync(sound, "Open");
        await world.UntilAsync(async () => (await HealthAsync()).Contains($"\"skipped\":{{\"{spoiled}\":"), "the skipped job in /health");
        Assert.Empty(await world.QueryAsync<int>($"select 1 from actions where subject = '\\x{spoiled.ToString()[2..]}' and state <> 'Void'"));

        await world.QueryAsync<int>($"drop trigger spoil on {table}; update {table} set body = (select body from saved limit 1) where job = '\\x{spoiled.ToString()[2..]}'");
        await world.UntilStateAsync(spoiled, "Open");
        await world.UntilAsync(async () => (await HealthAsync()).Contains("\"skipped\":{}"), "nothing skipped");
    }

    [Theory]
    [InlineData("eth_call")]
    [InlineData("eth_estimateGas")]
    public async Task A_call_that_the_node_fails_at_costs_its_own_job_only(string failing)
    {
        const ulong marked = 0x00c0ffee00c0ffee;
        var (troubled, sound) = (await world.PlaceAsync(world.Order(nonce: marked)), await world.PlaceAsync(world.Order(nonce: 2)));
        world.Node.Fail = (method, parameters) => method == failing && parameters.Contains("00c0ffee00c0ffee") ? "out of memory" : null;
        await world.AcceptAsync(troubled);
        await world.UntilAsync(async () => (await HealthAsync()).Contains($"Open of {troubled}: JSON-RPC error -32000: out of memory"), "the trouble in /health");
        await world.AcceptAsync(sound);
        await world.UntilStateAsync(sound, "Open");
        Assert.Equal("Pending", (await world.StatusAsync(troubled)).State);

        world.Node.Fail = (_, _) => null;
        await world.UntilStateAsync(troubled, "Open");
        await world.UntilAsync(async () => !(await HealthAsync()).Contains("out of memory"), "the trouble to be gone");
    }

    [Fact]
    public async Task A_key_that_cannot_pay_says_what_it_lacks_raises_no_fee_and_goes_on_when_funded()
    {
        await world.StopAsync();
        world.Settings["Relayer:ReplaceSeconds"] = "1";
        await world.StartAsync();
        var relayer = world.Escrow.Relayer.Address;
        await world.Chain.RpcAsync("anvil_setBalance", relayer.ToString(), "0x7");
        var (first, second) = (await world.PlaceAsync(world.Order(nonce: 1)), await world.PlaceAsync(world.Order(nonce: 2)));
        await world.AcceptAsync(first);
        await world.UntilAsync(() => Task.FromResult(world.Node.Calls.GetValueOrDefault(Send) >= 2), "a second broadcast");
        await world.AcceptAsync(second);
        await world.UntilAsync(() => Task.FromResult(world.Node.Calls.GetValueOrDefault(Send) >= 5), "a fifth broadcast");

        var cost = Assert.Single(await world.QueryAsync<decimal>("select t.gas * a.max_fee from transactions t join attempts a on a.transaction_id = t.id"));
        await world.UntilAsync(async () => (await HealthAsync()).Contains($"{relayer}: The key cannot pay for gas: it holds 7 wei and lacks {cost - 7:0} wei"), "what is lacking");

        await world.Chain.RpcAsync("anvil_setBalance", relayer.ToString(), Hex.Quantity(System.Numerics.BigInteger.Pow(10, 18)));
        await world.UntilStateAsync(first, "Open");
        await world.UntilStateAsync(second, "Open");
        await world.UntilAsync(async () => !(await HealthAsync()).Contains("cannot pay"), "the alarm to end");
    }
}
