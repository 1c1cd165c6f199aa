using System.Net;
using System.Net.Http.Json;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Wallets;
using Assay.Hosting;
using Assay.Protocol.Chain;
using Assay.Settlement.Relays;
using Assay.Settlement.Tests.World;
using Assay.Testing;

namespace Assay.Settlement.Tests.Relays;

/// <summary>Words that others have signed, carried to the contract at our gas.</summary>
public sealed class RelayTests(PostgresFixture postgres, ChainFixture chain) : IClassFixture<PostgresFixture>, IClassFixture<ChainFixture>, IAsyncLifetime
{
    private const ulong Always = 1UL << 40;

    private SettlementWorld world = null!;

    public async Task InitializeAsync() => world = await SettlementWorld.CreateAsync(postgres, chain, w =>
    {
        w.Settings["Relays:MinAmount"] = "100";
        w.Settings["Relays:MaxPerDay"] = "3";
    });

    public async Task DisposeAsync() => await world.DisposeAsync();

    private LocalSigner Client => world.Escrow.Client(0);

    private Withdraw Withdrawal(Amount amount, ulong nonce = 1) => new(Client.Address, world.Escrow.Client(1).Address, amount, Words.Of(nonce), Always);

    private async Task<SignedWord<T>> SignAsync<T>(T word, ISigner? signer = null) where T : notnull => new(word, await world.Escrow.Domain.SignAsync(signer ?? Client, word));

    private async Task<SignedWord<ReceiveWithAuthorization>> AuthorizeAsync(LocalSigner who, Amount amount, ulong nonce = 1, Address? to = null)
    {
        var word = new ReceiveWithAuthorization(who.Address, to ?? world.Escrow.Domain.Escrow, amount, 0, Always, Words.Of(nonce));
        var domain = new Eip712Domain("Signed Dollar", "1", world.Escrow.Domain.ChainId, world.Escrow.Token);
        return new(word, (await who.SignDigestAsync(TypedData.Of(domain, word).Digest)).ToArray());
    }

    private Task<HttpResponseMessage> PostAsync<T>(string kind, T body) => world.Http.PostAsJsonAsync($"/relays/{kind}", body, AssayJson.Options);

    private async Task<RelayStatus> TakenAsync<T>(string kind, T body)
    {
        var response = await PostAsync(kind, body);
        Assert.True(response.StatusCode == HttpStatusCode.Accepted, await response.Content.ReadAsStringAsync());
        var status = (await response.Content.ReadFromJsonAsync<RelayStatus>(AssayJson.Options))!;
        Assert.Equal($"/relays/{status.Id}", response.Headers.Location?.ToString());
        return status;
    }

    private async Task RefusedAsync<T>(HttpStatusCode status, string code, string kind, T body)
    {
        var response = await PostAsync(kind, body);
        Assert.Equal((status, code), (response.StatusCode, await SettlementWorld.CodeOfAsync(response)));
    }

    private async Task<RelayStatus> StatusAsync(Bytes32 id) => (await world.Http.GetFromJsonAsync<RelayStatus>($"/relays/{id}", AssayJson.Options))!;

    private Task UntilAsync(Bytes32 id, RelayState state) => world.UntilAsync(async () => (await StatusAsync(id)).State == state, $"{id} to be {state}");

    private async Task CarryAsync<T>(string kind, T body) => await UntilAsync((await TakenAsync(kind, body)).Id, RelayState.Final);

    [Fact]
    public async Task A_deposit_by_authorization_needs_no_gas_of_the_client_and_is_spendable()
    {
        using var newcomer = LocalSigner.Generate();
        await world.Escrow.MintAsync(newcomer.Address, 700);
        var relay = await TakenAsync("deposits", await AuthorizeAsync(newcomer, 500));
        Assert.Equal((RelayKind.Deposit, newcomer.Address, RelayState.Waiting), (relay.Kind, relay.Account, relay.State));
        await UntilAsync(relay.Id, RelayState.Final);
        var status = await StatusAsync(relay.Id);
        Assert.Equal((1, null), (status.Transactions.Count, status.Reason));
        Assert.NotNull(status.Block);
        await world.UntilAsync(async () => (await world.AccountAsync(newcomer.Address)).Spendable == 500, "the deposit to be read");
        await world.BooksAgreeAsync();
    }

    [Fact]
    public async Task A_withdrawal_goes_where_the_account_has_signed_once()
    {
        var signed = await SignAsync(Withdrawal(4_000));
        var first = await TakenAsync("withdrawals", signed);
        Assert.Equal(world.Escrow.Domain.Digest(signed.Word), first.Id);
        var again = await PostAsync("withdrawals", signed);
        Assert.Equal((HttpStatusCode.OK, first.Id), (again.StatusCode, (await again.Content.ReadFromJsonAsync<RelayStatus>(AssayJson.Options))!.Id));
        await UntilAsync(first.Id, RelayState.Final);

        Assert.Equal(HttpStatusCode.OK, (await PostAsync("withdrawals", signed)).StatusCode);
        Assert.Equal(4_000, await world.Escrow.TokensOfAsync(world.Escrow.Client(1).Address));
        await world.UntilAsync(async () => (await world.AccountAsync(Client.Address)).Spendable == 6_000, "the withdrawal to be read");
        await RefusedAsync(HttpStatusCode.Conflict, "nonce_used", "withdrawals", await SignAsync(Withdrawal(200)));
    }

    [Fact]
    public async Task What_an_operator_earned_goes_where_its_payout_address_says()
    {
        await world.UntilClosedAsync(await world.RunHonestJobAsync(by: Escrow.Own));
        var (earner, payout) = (world.Escrow.Operator(Escrow.Own), world.Escrow.Payout);
        var claim = new EarningsClaim(earner.Address, Client.Address, Words.Of(1), Always);
        await RefusedAsync(HttpStatusCode.Unauthorized, "bad_signature", "claims", await SignAsync(claim, earner));
        await CarryAsync("claims", await SignAsync(claim, payout));
        Assert.True(await world.Escrow.TokensOfAsync(Client.Address) >= 100);
        await RefusedAsync(HttpStatusCode.UnprocessableEntity, "would_fail", "claims", await SignAsync(claim with { Nonce = Words.Of(2) }, payout));
    }

    [Fact]
    public async Task An_approval_lets_its_spender_order_and_a_void_takes_an_order_back()
    {
        var payer = world.Escrow.Client(1);
        var approval = new Spending(payer.Address, Client.Address, 5_000, 5_000, Always - 1, Words.Of(1), Always);
        await CarryAsync("approvals", await SignAsync(approval, payer));
        var job = await world.PlaceAsync(world.Order() with { Payer = payer.Address });

        var taken = new Protocol.Chain.Void(Client.Address, Words.Of(1), Always);
        await RefusedAsync(HttpStatusCode.Unauthorized, "bad_signature", "voids", await SignAsync(taken, payer));
        await CarryAsync("voids", await SignAsync(taken));
        await world.AcceptAsync(job);
        await world.UntilStateAsync(job, "Rejected");
        Assert.Equal("nonce_used", (await world.StatusAsync(job)).Reason);
    }

    [Fact]
    public async Task An_open_job_is_cancelled_by_both_and_by_neither_alone()
    {
        var job = await world.PlaceAsync(world.Order());
        var word = new Cancel(job, Always);
        async Task<CancelRequest> Signed(ISigner client, ISigner @operator) =>
            new(word, await world.Escrow.Domain.SignAsync(client, word), await world.Escrow.Domain.SignAsync(@operator, word));
        var worker = world.Escrow.Operator(0);
        await RefusedAsync(HttpStatusCode.Conflict, "not_open", "cancellations", await Signed(Client, worker));
        await world.AcceptAsync(job);
        await world.UntilStateAsync(job, "Open");
        await RefusedAsync(HttpStatusCode.Unauthorized, "bad_signature", "cancellations", await Signed(Client, Client));
        await RefusedAsync(HttpStatusCode.Unauthorized, "bad_signature", "cancellations", await Signed(worker, worker));
        await CarryAsync("cancellations", await Signed(Client, worker));
        await world.UntilClosedAsync(job);
        Assert.Equal(Outcome.Cancelled, (await world.StatusAsync(job)).Outcome);
        // All but the keeper's part, which is ours.
        Assert.Equal(9_995, (await world.AccountAsync(Client.Address)).Spendable);
        await RefusedAsync(HttpStatusCode.NotFound, "not_found", "cancellations", new CancelRequest(word with { Job = Words.Of(9) }, [], []));
    }

    [Fact]
    public async Task What_the_contract_would_refuse_is_refused_before_it_costs_gas()
    {
        await RefusedAsync(HttpStatusCode.Unauthorized, "bad_signature", "withdrawals", await SignAsync(Withdrawal(200), world.Escrow.Client(1)));
        await RefusedAsync(HttpStatusCode.Unauthorized, "bad_signature", "withdrawals", new SignedWord<Withdraw>(Withdrawal(200), [1, 2, 3]));
        await RefusedAsync(HttpStatusCode.PaymentRequired, "insufficient_funds", "withdrawals", await SignAsync(Withdrawal(10_001)));
        await RefusedAsync(HttpStatusCode.UnprocessableEntity, "expired", "withdrawals", await SignAsync(Withdrawal(200) with { Expiry = 1 }));
        await RefusedAsync(HttpStatusCode.UnprocessableEntity, "would_fail", "withdrawals", await SignAsync(Withdrawal(200) with { To = Address.Zero }));
        await RefusedAsync(HttpStatusCode.UnprocessableEntity, "too_small", "withdrawals", await SignAsync(Withdrawal(99)));
        await RefusedAsync(HttpStatusCode.UnprocessableEntity, "bad_terms", "withdrawals", new SignedWord<Withdraw>(Withdrawal(-1), new byte[65]));

        // Nobody has tokens for it, another is to get them, or another has signed.
        await RefusedAsync(HttpStatusCode.UnprocessableEntity, "would_fail", "deposits", await AuthorizeAsync(Client, 500));
        await RefusedAsync(HttpStatusCode.BadRequest, "wrong_domain", "deposits", await AuthorizeAsync(Client, 500, to: Client.Address));
        await world.Escrow.MintAsync(Client.Address, 500);
        var good = await AuthorizeAsync(Client, 500);
        await RefusedAsync(HttpStatusCode.UnprocessableEntity, "would_fail", "deposits", good with { Word = good.Word with { Value = 400 } });
        await RefusedAsync(HttpStatusCode.Unauthorized, "bad_signature", "deposits", good with { Signature = good.Signature[..64] });
        Assert.Empty(await world.QueryAsync<long>("select id from transactions"));
    }

    [Fact]
    public async Task Keys_that_the_books_do_not_know_cost_us_no_gas()
    {
        using var stranger = LocalSigner.Generate();
        await RefusedAsync(HttpStatusCode.Forbidden, "unknown_account", "voids", await SignAsync(new Protocol.Chain.Void(stranger.Address, Words.Of(1), Always), stranger));
    }

    [Fact]
    public async Task An_account_is_carried_for_so_often_a_day()
    {
        for (var nonce = 1UL; nonce <= 3; nonce++) await TakenAsync("withdrawals", await SignAsync(Withdrawal(100, nonce)));
        await RefusedAsync(HttpStatusCode.TooManyRequests, "too_many_relays", "withdrawals", await SignAsync(Withdrawal(100, 4)));
        var other = new Withdraw(world.Escrow.Client(1).Address, Client.Address, 100, Words.Of(1), Always);
        await TakenAsync("withdrawals", await SignAsync(other, world.Escrow.Client(1)));
    }

    [Fact]
    public async Task A_days_words_cost_so_much_and_no_more()
    {
        await world.StopAsync();
        world.Settings["Relays:MaxDayMilliether"] = "0";
        await world.StartAsync();
        await RefusedAsync(HttpStatusCode.ServiceUnavailable, "relays_spent", "withdrawals", await SignAsync(Withdrawal(200)));
    }

    [Fact]
    public async Task A_word_that_fails_says_why_and_is_tried_again_when_it_is_brought_again()
    {
        world.Node.Before = method => method == "eth_estimateGas";
        var signed = await SignAsync(Withdrawal(10_000));
        var relay = await TakenAsync("withdrawals", signed);
        await world.Escrow.From(Client).SendAsync("withdraw", 1);
        world.Node.Before = _ => false;
        await UntilAsync(relay.Id, RelayState.Failed);
        Assert.Equal("InsufficientBalance", (await StatusAsync(relay.Id)).Reason);

        await world.Escrow.DepositForAsync(Client.Address, 1);
        await CarryAsync("withdrawals", signed);
        Assert.Equal(10_000, await world.Escrow.TokensOfAsync(world.Escrow.Client(1).Address));
    }

    [Fact]
    public async Task A_word_that_was_taken_is_carried_after_a_restart_and_once()
    {
        world.Node.Before = method => method == "eth_sendRawTransaction";
        var relay = await TakenAsync("withdrawals", await SignAsync(Withdrawal(300)));
        await world.UntilAsync(async () => (await StatusAsync(relay.Id)).State == RelayState.Sent, "a signed transaction", mining: false);
        await world.StopAsync();
        world.Node.Before = _ => false;
        await world.StartAsync();
        await UntilAsync(relay.Id, RelayState.Final);
        Assert.Equal(300, await world.Escrow.TokensOfAsync(world.Escrow.Client(1).Address));
        Assert.Equal(1L, Assert.Single(await world.QueryAsync<long>("select count(*) from transactions")));
    }

    [Fact]
    public async Task An_unknown_word_is_not_found_and_the_interface_describes_itself()
    {
        var response = await world.Http.GetAsync($"/relays/{Words.Of(1)}");
        Assert.Equal((HttpStatusCode.NotFound, "not_found"), (response.StatusCode, await SettlementWorld.CodeOfAsync(response)));
        var description = await world.Http.GetStringAsync("/settlement/openapi/settlement.json");
        Assert.All(new[] { "deposits", "withdrawals", "claims", "approvals", "voids", "cancellations" }, kind => Assert.Contains($"/relays/{kind}", description));
    }
}
