using System.Net;
using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Assay.Settlement.Orders;
using Assay.Settlement.Tests.World;
using Assay.Testing;

namespace Assay.Settlement.Tests.Orders;

/// <summary>Orders that others have a say in: contract wallets, payers, pools, and who vouches for runtimes.</summary>
public sealed class ConsentTests(PostgresFixture postgres, ChainFixture chain) : IClassFixture<PostgresFixture>, IClassFixture<ChainFixture>, IAsyncLifetime
{
    /// <summary>Max price, check and keeper's part of the usual order.</summary>
    private const int Reserve = 1205;
    private const ulong Always = (1UL << 40) - 1;

    private SettlementWorld world = null!;

    public async Task InitializeAsync() => world = await SettlementWorld.CreateAsync(postgres, chain);

    public async Task DisposeAsync() => await world.DisposeAsync();

    private Address Spender => world.Escrow.Client(0).Address;
    private Address Payer => world.Escrow.Client(1).Address;

    private Order Paid(ulong nonce = 1) => world.Order(nonce: nonce) with { Payer = Payer };

    private Task ApproveAsync(Amount perJob, Amount perDay, ulong until = Always) =>
        world.Escrow.From(world.Escrow.Client(1)).SendAsync("approveSpending", Spender, perJob, perDay, until);

    private async Task RefusedAsync(HttpStatusCode status, string code, OrderRequest request)
    {
        var response = await world.PostAsync(request);
        Assert.Equal((status, code), (response.StatusCode, await SettlementWorld.CodeOfAsync(response)));
    }

    private async Task RefusedAsync(HttpStatusCode status, string code, Order order) => await RefusedAsync(status, code, await world.SignAsync(order));

    /// <param name="answer">Of contracts/mocks/Wallets.sol; 0 answers as its owner signed.</param>
    private async Task<OrderRequest> FromWalletAsync(int answer, int signer = 0)
    {
        var wallet = await world.Escrow.WalletAsync(world.Escrow.Client(0), answer);
        await world.Escrow.DepositForAsync(wallet, 5_000);
        await world.UntilAsync(async () => (await world.AccountAsync(wallet)).Spendable == 5_000, "the wallet's deposit to be read");
        var order = world.Order() with { Client = wallet };
        return new OrderRequest(order, await world.Escrow.Domain.SignAsync(world.Escrow.Client(signer), order));
    }

    [Fact]
    public async Task A_contract_wallets_order_is_taken_and_opened_when_the_wallet_says_yes()
    {
        var job = await world.PlaceAsync(await FromWalletAsync(answer: 0));
        await world.AcceptAsync(job);
        await world.UntilStateAsync(job, "Open");
    }

    [Fact]
    public async Task A_contract_wallets_order_that_another_than_its_owner_signed_is_refused() =>
        await RefusedAsync(HttpStatusCode.Unauthorized, "bad_signature", await FromWalletAsync(answer: 0, signer: 1));

    [Theory]
    [InlineData(1)] // reverts
    [InlineData(2)] // reverts with much
    [InlineData(3)] // burns its gas
    [InlineData(4)] // says nothing
    [InlineData(5)] // four bytes
    [InlineData(6)] // much
    [InlineData(7)] // another word
    [InlineData(8)] // the word with one bit more
    [InlineData(9)] // the word in a revert
    public async Task A_contract_wallet_that_does_not_just_say_yes_is_refused_as_the_contract_would(int answer) =>
        await RefusedAsync(HttpStatusCode.Unauthorized, "bad_signature", await FromWalletAsync(answer));

    [Fact]
    public async Task A_payer_is_charged_within_what_it_has_approved_and_not_otherwise()
    {
        await RefusedAsync(HttpStatusCode.Forbidden, "not_allowed", Paid());
        await ApproveAsync(Reserve - 1, 10_000);
        await RefusedAsync(HttpStatusCode.Forbidden, "not_allowed", Paid());
        await ApproveAsync(Reserve, Reserve - 1);
        await RefusedAsync(HttpStatusCode.Forbidden, "not_allowed", Paid());
        await ApproveAsync(Reserve, Reserve, until: 1);
        await RefusedAsync(HttpStatusCode.Forbidden, "not_allowed", Paid());

        await ApproveAsync(Reserve, 2 * Reserve - 1);
        var job = await world.PlaceAsync(Paid());
        await world.AcceptAsync(job);
        await world.UntilStateAsync(job, "Open");
        await RefusedAsync(HttpStatusCode.Forbidden, "not_allowed", Paid(nonce: 2));
    }

    [Fact]
    public async Task The_payers_balance_bounds_the_order_and_not_the_clients()
    {
        await ApproveAsync(1_000_000, 1_000_000);
        await world.Escrow.From(world.Escrow.Client(1)).SendAsync("withdraw", 10_000 - Reserve + 1);
        await world.UntilAsync(async () => (await world.AccountAsync(Payer)).Spendable == Reserve - 1, "the withdrawal to be read");
        await RefusedAsync(HttpStatusCode.PaymentRequired, "insufficient_funds", Paid());

        await world.Escrow.DepositForAsync(Payer, 1);
        await world.Escrow.From(world.Escrow.Client(0)).SendAsync("withdraw", 10_000);
        await world.UntilAsync(async () => (await world.AccountAsync(Payer)).Spendable == Reserve && (await world.AccountAsync(Spender)).Spendable.IsZero, "the payer's money");
        await world.PlaceAsync(Paid());
        Assert.Equal((0, 0), ((await world.AccountAsync(Payer)).Spendable, (await world.AccountAsync(Spender)).Spendable));
    }

    [Fact]
    public async Task The_job_of_a_payer_is_reserved_paid_and_given_back_on_the_payers_account()
    {
        await ApproveAsync(Reserve, Reserve);
        var job = await world.RunHonestJobAsync(Paid());
        Assert.Equal((10_000 - Reserve, (Amount)Reserve), await BalancesAsync(Payer));
        await world.BooksAgreeAsync();

        await world.UntilClosedAsync(job);
        Assert.Equal(Outcome.Checked, (await world.StatusAsync(job)).Outcome);
        // 500 for the work, 200 for the check, 5 for the keeper.
        Assert.Equal((10_000 - 705, 0), await BalancesAsync(Payer));
        Assert.Equal((10_000, 0), await BalancesAsync(Spender));
        await world.BooksAgreeAsync();
    }

    private async Task<(Amount Available, Amount Reserved)> BalancesAsync(Address account)
    {
        var books = (await world.AccountAsync(account)).Balances;
        return (books[Book.Available], books.GetValueOrDefault(Book.Reserved));
    }

    [Fact]
    public async Task A_pools_order_is_taken_of_those_it_lists_and_opened_with_operators_that_it_lists()
    {
        var pooled = world.Order() with { Pool = 1 };
        await RefusedAsync(HttpStatusCode.UnprocessableEntity, "unknown_pool", pooled);
        var owner = world.Escrow.From(world.Escrow.Client(1));
        await owner.SendAsync("createPool");
        await RefusedAsync(HttpStatusCode.Forbidden, "not_in_pool", pooled);
        await owner.SendAsync("setPoolMembers", 1, new PoolMember[] { new(Spender, false, true), new(world.Escrow.Operator(1).Address, false, true) }.ToList());
        await RefusedAsync(HttpStatusCode.Forbidden, "not_in_pool", pooled);
        await owner.SendAsync("setPoolMembers", 1, new PoolMember[] { new(Spender, true, false) }.ToList());

        var job = await world.PlaceAsync(pooled);
        await world.AcceptAsync(job, by: 0);
        await world.UntilAsync(() => Task.FromResult(world.Heard<OpenRefused>().Count > 0), "the refusal");
        Assert.Equal(new OpenRefused(job, world.Escrow.Operator(0).Address, Skip.NotInPool), Assert.Single(world.Heard<OpenRefused>()));
        await world.AcceptAsync(job, by: 1);
        await world.UntilStateAsync(job, "Open");
    }

    private sealed record PoolMember(Address Account, bool Orders, bool Works);

    [Fact]
    public async Task Byte_for_byte_is_compared_only_what_a_deterministic_runtime_computes()
    {
        await RefusedAsync(HttpStatusCode.UnprocessableEntity, "not_deterministic", world.Order() with { Runtime = 2 });
        await RefusedAsync(HttpStatusCode.UnprocessableEntity, "not_deterministic", world.Order() with { Runtime = 0 });
        await world.PlaceAsync(world.Order() with { Runtime = 0, Comparison = Comparison.Tolerance });
    }
}
