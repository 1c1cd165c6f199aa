using System.Net;
using System.Net.Http.Json;
using System.Numerics;
using System.Text;
using System.Text.Json;
using Assay.Circle.Demo;
using Assay.Circle.Network;
using Assay.Circle.Stack;
using Assay.Ethereum;
using Assay.Ethereum.Primitives;
using Assay.Protocol;
using Assay.Protocol.Chain;
using Assay.Protocol.Nodes;
using Assay.Protocol.Work;

namespace Assay.EndToEnd.Tests;

/// <summary>Clients and nodes that do what they should not, against the real services and the real contract, all on one circle.</summary>
public sealed class HostileTests(HostileStage stage) : IClassFixture<HostileStage>
{
    private static readonly BigInteger CurveOrder =
        BigInteger.Parse("0FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141", System.Globalization.NumberStyles.HexNumber);

    private RunningCircle Circle => stage.Circle;

    // ------------------------------------------------------------------ orders

    [Fact]
    public async Task An_order_for_another_chain_or_contract_is_refused()
    {
        using var client = Circle.Client(1);
        using var key = Circle.Cast.Client(1);
        var order = await stage.OrderAsync(client, Model.Int8, Address.Zero);
        foreach (var foreign in new[] { new EscrowDomain(1, Circle.Domain.Escrow), new EscrowDomain(Circle.Domain.ChainId, Circle.Deployment.Token) })
        {
            var signature = await foreign.SignAsync(key, order);
            Assert.Equal(new Answer(400, "wrong_domain"), await PostOrderAsync(new
            {
                order, signature, domain = new { chainId = foreign.ChainId, verifyingContract = foreign.Escrow },
            }));
            Assert.Equal(new Answer(401, "bad_signature"), await PostOrderAsync(new { order, signature }));
            Assert.Equal(new Answer(401, "bad_signature"), await PostAsync(client, order, signature));
        }
        await NothingOfAsync(order);
    }

    [Fact]
    public async Task The_same_order_makes_one_job_however_often_and_at_once_it_comes()
    {
        using var client = Circle.Client(1);
        using var key = Circle.Cast.Client(1);
        var order = await stage.OrderAsync(client, Model.Int8, Circle.Cast.Owner(3).Address);
        var signature = await Circle.Domain.SignAsync(key, order);
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => PostAsync(client, order, signature)));
        Assert.Single(answers, a => a.Status == 202);
        Assert.Equal(19, answers.Count(a => a == new Answer(200, null)));

        var changed = order with { RunWindow = order.RunWindow + 1 };
        Assert.Equal(new Answer(409, "nonce_used"), await PostAsync(client, changed, await Circle.Domain.SignAsync(key, changed)));

        var end = await stage.EndOf(Circle.Domain.Digest(order));
        Assert.Equal(JobState.Released, end.State);
        Assert.Single((await Circle.Auditor.JobsAsync(stage.Cancellation)).Values, j => j.Client == key.Address && j.View.Operator == order.Operator);
        Assert.Equal(new Answer(200, null), await PostAsync(client, order, signature));
        Assert.Equal(new Answer(409, "nonce_used"), await PostAsync(client, changed, await Circle.Domain.SignAsync(key, changed)));
    }

    public static TheoryData<string, int, string> BadOrders => new()
    {
        { "expired", 422, "expired" },
        { "fee too low", 422, "fee_too_low" },
        { "no price", 422, "bad_terms" },
        { "price beyond 96 bits", 422, "bad_terms" },
        { "negative price", 422, "bad_terms" },
        { "run window too long", 422, "bad_terms" },
        { "own operator", 422, "bad_terms" },
        { "no documents", 422, "bad_terms" },
        { "an expiry that never comes", 422, "bad_terms" },
        { "more than it has", 402, "insufficient_funds" },
    };

    [Theory]
    [MemberData(nameof(BadOrders))]
    public async Task A_signed_order_that_cannot_be_opened_is_refused(string what, int status, string code)
    {
        using var client = Circle.Client(1);
        using var key = Circle.Cast.Client(1);
        var order = await stage.OrderAsync(client, Model.Int8, Address.Zero);
        order = what switch
        {
            "expired" => order with { Expiry = (ulong)DateTimeOffset.UtcNow.AddMinutes(-5).ToUnixTimeSeconds() },
            "fee too low" => order with { MaxFee = order.MaxFee - 1 },
            "no price" => order with { MaxPrice = 0 },
            "price beyond 96 bits" => order with { MaxPrice = new Amount((Int128)1 << 96) },
            "negative price" => order with { MaxPrice = -1 },
            "run window too long" => order with { RunWindow = uint.MaxValue },
            "own operator" => order with { Operator = order.Client },
            "no documents" => order with { Policy = Bytes32.Zero },
            "an expiry that never comes" => order with { Expiry = ulong.MaxValue },
            "more than it has" => order with { MaxPrice = LocalTerms.Deposit * 2, MaxFee = LocalTerms.Deposit },
            _ => throw new ArgumentOutOfRangeException(nameof(what), what, null),
        };
        Assert.Equal(new Answer(status, code), await PostAsync(client, order, await SignAnythingAsync(key, order)));
        await NothingOfAsync(order);
    }

    [Fact]
    public async Task A_signature_that_was_mirrored_cut_or_made_by_another_is_refused()
    {
        using var client = Circle.Client(1);
        using var key = Circle.Cast.Client(1);
        using var other = Circle.Cast.Client(0);
        var order = await stage.OrderAsync(client, Model.Int8, Address.Zero);
        var signature = await Circle.Domain.SignAsync(key, order);
        foreach (var bad in new[] { Mirrored(signature), signature[..64], [.. signature, 0], new byte[65], [], await Circle.Domain.SignAsync(other, order) })
            Assert.Equal(new Answer(401, "bad_signature"), await PostAsync(client, order, bad));
        await NothingOfAsync(order);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"order":null,"signature":"0x"}""")]
    [InlineData("""{"order":{"client":7},"signature":"0x"}""")]
    [InlineData("""{"order":{"client":"0x1234"},"signature":"0x"}""")]
    [InlineData("""{"order":"\ud800","signature":"0x"}""")]
    [InlineData("""{"order":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]],"signature":"0x"}""")]
    public async Task Garbage_instead_of_an_order_is_refused_with_a_code(string body)
    {
        using var http = new HttpClient { BaseAddress = Circle.Services.Settlement };
        using var response = await http.PostAsync("/orders", new StringContent(body, Encoding.UTF8, "application/json"));
        Assert.Equal(new Answer(400, "bad_request"), await Answer.OfAsync(response));
    }

    [Theory]
    [InlineData("maxPrice", "7")]
    [InlineData("maxPrice", "\"1e3\"")]
    [InlineData("maxPrice", "\"99999999999999999999999999999999999999999999\"")]
    [InlineData("comparison", "\"Whatever\"")]
    [InlineData("comparison", "1")]
    [InlineData("runWindow", "-1")]
    [InlineData("runWindow", "4294967296")]
    [InlineData("expiry", "1.5")]
    [InlineData("nonce", "\"0x00\"")]
    [InlineData("client", "null")]
    public async Task A_field_of_the_wrong_type_is_refused_with_a_code(string field, string value)
    {
        using var client = Circle.Client(1);
        var order = await stage.OrderAsync(client, Model.Int8, Address.Zero);
        var fields = JsonSerializer.SerializeToElement(order, ProtocolJson.Options).EnumerateObject()
            .Select(p => $"\"{p.Name}\":{(p.Name == field ? value : p.Value.GetRawText())}");
        using var http = new HttpClient { BaseAddress = Circle.Services.Settlement };
        using var response = await http.PostAsync(
            "/orders", new StringContent($$"""{"order":{{{string.Join(',', fields)}}},"signature":"0x{{new string('1', 130)}}"}""", Encoding.UTF8, "application/json"));
        Assert.Equal(new Answer(400, "bad_request"), await Answer.OfAsync(response));
    }

    [Fact]
    public async Task An_order_of_a_megabyte_is_refused_whether_announced_or_not()
    {
        using var http = new HttpClient { BaseAddress = Circle.Services.Settlement };
        foreach (var announced in new[] { true, false })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/orders") { Content = new StringContent($"{{\"order\":\"{new string('x', 1 << 20)}\"", Encoding.UTF8, "application/json") };
            request.Headers.ExpectContinue = announced;
            request.Headers.TransferEncodingChunked = !announced;
            using var response = await http.SendAsync(request);
            Assert.Equal(new Answer(413, "too_large"), await Answer.OfAsync(response));
        }
    }

    [Theory]
    [InlineData("/orders/0x00", 400, "bad_request")]
    [InlineData("/orders/0x0000000000000000000000000000000000000000000000000000000000000001", 404, "not_found")]
    [InlineData("/settlement/accounts/nobody", 400, "bad_request")]
    [InlineData("/nowhere", 404, "not_found")]
    [InlineData("/evidence/0x00", 404, "unknown_job")]
    [InlineData("/evidence/0x0000000000000000000000000000000000000000000000000000000000000001", 404, "no_evidence")]
    public async Task A_question_about_nothing_is_answered_with_a_code(string path, int status, string code)
    {
        using var http = new HttpClient { BaseAddress = Circle.Services.Settlement };
        using var response = await http.GetAsync(path);
        Assert.Equal(new Answer(status, code), await Answer.OfAsync(response));
    }

    [Fact]
    public async Task An_order_to_an_unknown_operator_ends_unplaced_and_frees_its_money()
    {
        using var client = Circle.Client(1);
        var order = await stage.OrderAsync(client, Model.Int8, Address.Parse("0x00000000000000000000000000000000000000aa"), TimeSpan.FromSeconds(8));
        var job = await client.PlaceAsync(order, stage.Cancellation);
        using var http = new HttpClient { BaseAddress = Circle.Services.Settlement };
        JsonElement status = default;
        await Waiting.Until(
            async () => (status = await http.GetFromJsonAsync<JsonElement>($"/orders/{job}")).GetProperty("state").GetString() == "Rejected",
            TimeSpan.FromMinutes(1), "the end of an order that nobody may take", stage.Cancellation);
        // Which of the two says so first, the chain's clock or the Verifier, is not settled.
        Assert.Contains(status.GetProperty("reason").GetString(), new[] { "expired", "no eligible operator before its expiry" });
        Assert.True(status.GetProperty("closed").GetBoolean());
        await NothingOfAsync(order);
    }

    [Fact]
    public async Task A_client_that_overspends_gets_what_it_can_pay_for_and_no_more()
    {
        var played = await stage.Overspent;
        var affordable = (int)(played.Deposit.Units / played.Each.Units);
        Assert.Equal(affordable, played.Answers.Count(a => a.Status == 202));
        Assert.Equal(30 - affordable, played.Answers.Count(a => a == new Answer(402, "insufficient_funds")));
        Assert.All(played.Spendable, left => Assert.True(left >= 0, $"spendable {left}"));
        Assert.All(played.Reserved, held => Assert.True(held <= played.Deposit, $"reserved {held}"));
        Assert.Contains(played.Reserved, held => held > 0);
        Assert.All(played.Jobs, job => Assert.Equal((JobState.Refunded, Outcome.NoShow), (job.State, job.Outcome)));
        var books = await Circle.Ledger.BooksOfAsync(Circle.Cast.Client(HostileStage.Spender).Address);
        Assert.Equal(played.Deposit + Amount.Sum(played.Jobs.Select(j => j.Compensated)), books.Amounts[Book.Available]);
        Assert.Equal(Amount.Zero, books.Amounts[Book.Reserved]);
    }

    // ------------------------------------------------------------------ nodes

    [Theory]
    [InlineData("garbage")]
    [InlineData("NaN")]
    [InlineData("shape")]
    [InlineData("inflated units")]
    [InlineData("NaN on exact")]
    [InlineData("empty")]
    public async Task An_operator_with_provably_wrong_outputs_is_convicted_and_its_client_compensated(string scene)
    {
        var job = await EndOf(scene);
        Assert.Equal((JobState.Slashed, Outcome.WrongResult), (job.State, job.Outcome));
        Assert.True(job.Slashed > 0 && job.Compensated > 0, $"slashed {job.Slashed}, compensated {job.Compensated}");
        // All that was reserved came back, and the compensation with it.
        Assert.Equal(job.Compensated, await MovedAsync(job, job.Client));
        Assert.True(await MovedAsync(job, job.Operator) <= -job.Slashed);
        Assert.Equal(Amount.Zero, (await Circle.Auditor.JobAsync(job.Id, stage.Cancellation)).Earned);
    }

    [Fact]
    public async Task A_wrong_result_whose_content_cannot_be_had_is_convicted_by_the_value_it_opens()
    {
        var job = await EndOf("no blob");
        Assert.Equal(new Answer(409, "content_missing"), stage.Seen["opening without its blob"]);
        Assert.Equal((JobState.Slashed, Outcome.WrongResult), (job.State, job.Outcome));
        Assert.Equal(job.Compensated, await MovedAsync(job, job.Client));
    }

    [Fact]
    public async Task A_wrong_result_that_is_kept_closed_is_not_paid_unchecked()
    {
        var job = await EndOf("closed wrong");
        Assert.NotNull(job.View.Accuser);
        Assert.Equal((JobState.Slashed, Outcome.WrongResult), (job.State, job.Outcome));
    }

    [Fact]
    public async Task A_right_result_that_is_opened_late_costs_neither_its_operator_nor_its_accuser_their_bonds()
    {
        var job = await EndOf("closed right");
        Assert.NotNull(job.View.Accuser);
        Assert.Equal((JobState.Released, Amount.Zero), (job.State, job.Slashed));
        Assert.True(await MovedAsync(job, job.Operator) > 0);
        Assert.True(await MovedAsync(job, job.View.Accuser.Value) >= 0, "an honest re-executor pays for an operator that was late");
    }

    [Fact]
    public async Task A_hundred_megabytes_are_refused_and_the_silence_after_them_is_a_no_show()
    {
        var job = await EndOf("100 MB");
        Assert.Equal(new Answer(413, "too_large"), stage.Seen["100 MB"]);
        Assert.Equal((JobState.Refunded, Outcome.NoShow), (job.State, job.Outcome));
        Assert.Equal(job.View.MaxPrice + job.View.Fee, job.Refunded);
    }

    [Fact]
    public async Task An_opening_that_does_not_fit_its_commitment_is_refused_and_the_right_one_still_taken()
    {
        var job = await EndOf("wrong opening");
        Assert.Equal(new Answer(422, "bad_opening"), stage.Seen["opening of other units"]);
        Assert.Equal(new Answer(422, "bad_opening"), stage.Seen["opening with another salt"]);
        Assert.Equal(204, stage.Seen["right opening"].Status);
        Assert.Equal(204, stage.Seen["right opening again"].Status);
        Assert.Equal(JobState.Released, job.State);
    }

    [Fact]
    public async Task The_first_result_stands()
    {
        var job = await EndOf("two results");
        Assert.Equal(204, stage.Seen["same result again"].Status);
        Assert.Equal(new Answer(409, "conflicting_result"), stage.Seen["another commitment"]);
        Assert.Equal(JobState.Released, job.State);
    }

    [Fact]
    public async Task A_lying_re_executor_costs_itself_and_never_the_honest_operator()
    {
        var jobs = await stage.Lies;
        Assert.All(jobs, job => Assert.Equal(JobState.Released, job.State));
        Assert.All(jobs, job => Assert.Equal(Amount.Zero, job.Slashed));
        var accused = jobs.Where(job => job.View.Accuser is not null).ToArray();
        Assert.NotEmpty(accused);
        foreach (var job in accused)
        {
            Assert.Equal(Outcome.Cleared, job.Outcome);
            Assert.True((await Circle.Auditor.JobAsync(job.Id, stage.Cancellation)).Earned > 0);
        }
    }

    [Fact]
    public async Task An_attestation_that_contradicts_its_outputs_its_seal_or_the_claim_is_refused()
    {
        await Task.WhenAll(stage.Scenes.Values);
        await stage.Lies;
        Assert.Equal(new Answer(422, "bad_value"), stage.Seen["value of other units"]);
        Assert.Equal(new Answer(422, "seal_broken"), stage.Seen["another value than sealed"]);
        Assert.Equal(new Answer(422, "bad_finding"), stage.Seen["Match on exact"]);
        Assert.Equal(new Answer(409, "sealed_otherwise"), stage.Seen["another seal"]);
        var contradicted = stage.Seen.Where(s => s.Key.Contains(" instead of ", StringComparison.Ordinal)).ToArray();
        Assert.NotEmpty(contradicted);
        Assert.All(contradicted, s => Assert.Equal(new Answer(422, "finding_contradicted"), s.Value));
    }

    [Fact]
    public async Task A_request_that_is_replayed_late_or_signed_by_another_is_refused()
    {
        var node = stage.Puppet(10).Node;
        var body = JsonSerializer.SerializeToUtf8Bytes(new LeaseRequest(1, 0), ProtocolJson.Options);
        var nonce = HostileStage.RandomNonce();
        Task<HttpRequestMessage> Lease(Bytes32? nonce = null, ulong? deadline = null, Ethereum.Wallets.LocalSigner? by = null) =>
            node.RequestAsync(HttpMethod.Post, "/nodes/lease", body, by: by, deadline: deadline, nonce: nonce);

        Assert.Equal(200, (await node.SendAsync(await Lease(nonce))).Status);
        Assert.Equal(new Answer(409, "replayed"), await node.SendAsync(await Lease(nonce)));
        var now = (ulong)DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        Assert.Equal(new Answer(401, "deadline_passed"), await node.SendAsync(await Lease(deadline: now - 5)));
        Assert.Equal(new Answer(401, "deadline_too_far"), await node.SendAsync(await Lease(deadline: ulong.MaxValue)));
        Assert.Equal(new Answer(401, "bad_signature"), await node.SendAsync(await Lease(by: stage.Puppet(9).Node.Key)));
        using var owner = Circle.Cast.Owner(HostileStage.Honest + 10);
        Assert.Equal(new Answer(401, "bad_signature"), await node.SendAsync(await Lease(by: owner)));
    }

    [Fact]
    public async Task What_nobody_asked_for_is_refused_and_changes_nothing()
    {
        var (stranger, run) = (stage.Puppet(10), stage.Truth[Comparison.Exact]);
        var job = await EndOf("two results");
        var item = new WorkItem("x", WorkKind.Execute, job.Id, null!, 0, 0);
        Assert.Equal(new Answer(403, "wrong_operator"), await stranger.SendResultAsync(item, run));
        Assert.Equal(new Answer(403, "wrong_operator"), await stranger.OpenAsync(item, run.Opening));
        Assert.Equal(new Answer(404, "unknown_job"), await stranger.SendResultAsync(item with { Job = HostileStage.RandomNonce() }, run));
        var seal = run.Seal(job.Id, 1, 2);
        Assert.Equal(new Answer(409, "not_asked"), await stranger.Node.PostAsync("/nodes/seals", new SealRequest(seal, await stranger.Node.SignAsync(seal))));
        // The third re-executor is asked when two have stayed silent; as the first one the draw might have picked the stranger.
        var attestation = new Attestation(job.Id, 0, 2, Finding.Value, run.Value, Bytes32.Zero);
        Assert.Equal(new Answer(409, "not_asked"), await stranger.Node.PostAsync(
            "/nodes/attestations", new AttestationRequest(attestation, await stranger.Node.SignAsync(attestation), run.Root, run.Units, run.Salt)));
        Assert.Equal(new Answer(404, "unknown_work"), await stranger.Node.PostAsync("/nodes/refusals", new RefusalRequest("execute-\0", "because")));
        var again = (await Circle.Auditor.JobAsync(job.Id, stage.Cancellation)).View;
        Assert.Equal((job.State, job.Outcome), (again.State, again.Outcome));
    }

    [Theory]
    [InlineData("{", 400, "bad_body")]
    [InlineData("null", 400, "bad_body")]
    [InlineData("""{"result":null,"signature":"","manifest":""}""", 400, "bad_body")]
    [InlineData("""{"result":{"job":"0x00","commitment":"0x00","manifest":"0x00"},"signature":"","manifest":""}""", 400, "bad_body")]
    [InlineData("""{"job":"\ud800"}""", 400, "bad_body")]
    [InlineData(null, 413, "too_large")]
    public async Task Signed_garbage_is_refused_with_a_code(string? body, int status, string code)
    {
        var bytes = body is null ? new byte[70 << 10] : Encoding.UTF8.GetBytes(body);
        foreach (var path in new[] { "lease", "acceptances", "refusals", "results", "openings", "seals", "attestations" })
            Assert.Equal(new Answer(status, code), await stage.Puppet(10).Node.PostAsync($"/nodes/{path}", bytes));
    }

    // ------------------------------------------------------------------ money

    [Fact]
    public async Task After_all_of_it_every_book_agrees_with_the_chain()
    {
        await stage.AllEndedAsync();
        stage.ThrowIfFailed();
        var conservation = await new BookCheck(Circle).RunAsync(stage.Cancellation);
        Assert.True(conservation.Chain, "the escrow holds what it owes");
        Assert.True(conservation.Database, "the indexer's books equal the contract's");

        using var http = new HttpClient { BaseAddress = Circle.Services.Settlement };
        var reconciliation = await http.GetFromJsonAsync<JsonElement>("/settlement/reconciliation");
        Assert.True(reconciliation.GetProperty("isGood").GetBoolean());
        Assert.Equal(0, reconciliation.GetProperty("differences").GetArrayLength());

        foreach (var index in Enumerable.Range(0, HostileStage.Honest))
        {
            var books = await Circle.Ledger.OperatorAsync(Circle.Cast.Owner(index).Address);
            Assert.Equal(LocalTerms.Bond, books.Bond);
            Assert.Equal((Amount.Zero, Amount.Zero), (books.Locked, books.Exposure));
        }
        using var health = await http.GetAsync("/health");
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
    }

    // ------------------------------------------------------------------

    private async Task<IndexedJob> EndOf(string scene)
    {
        var end = await stage.Scenes[scene];
        stage.ThrowIfFailed();
        return end;
    }

    /// <summary>What one job did to all books of an account together.</summary>
    private async Task<Amount> MovedAsync(IndexedJob job, Address account)
    {
        using var http = new HttpClient { BaseAddress = Circle.Services.Indexer };
        var history = (await http.GetFromJsonAsync<JsonElement>($"/jobs/{job.Id}")).GetProperty("history").EnumerateArray()
            .Where(e => e.GetProperty("event").GetString() == nameof(Protocol.Messages.LedgerMoved)).Select(e => e.GetProperty("data"));
        return Amount.Sum(history
            .Where(moved => Address.Parse(moved.GetProperty("account").GetString()!) == account)
            .Select(moved => Amount.Parse(moved.GetProperty("amount").GetString()!)));
    }

    private async Task NothingOfAsync(Order order) =>
        Assert.False((await Circle.Auditor.JobsAsync(stage.Cancellation)).ContainsKey(await JobOfAsync(order)));

    // A price beyond the contract's type has no digest of ours, so no job either.
    private Task<Bytes32> JobOfAsync(Order order)
    {
        try
        {
            return Task.FromResult(Circle.Domain.Digest(order));
        }
        catch (Ethereum.Encoding.AbiException)
        {
            return Task.FromResult(Bytes32.Zero);
        }
    }

    private async Task<byte[]> SignAnythingAsync(Ethereum.Wallets.LocalSigner key, Order order)
    {
        try
        {
            return await Circle.Domain.SignAsync(key, order);
        }
        catch (Ethereum.Encoding.AbiException)
        {
            return new byte[65];
        }
    }

    private async Task<Answer> PostAsync(ClientWallet client, Order order, byte[] signature)
    {
        using var response = await client.PostAsync(order, signature, stage.Cancellation);
        return await Answer.OfAsync(response);
    }

    private async Task<Answer> PostOrderAsync(object body)
    {
        using var http = new HttpClient { BaseAddress = Circle.Services.Settlement };
        using var response = await http.PostAsJsonAsync("/orders", body, ProtocolJson.Options);
        return await Answer.OfAsync(response);
    }

    /// <summary>The other signature of the same key over the same digest, with the high s.</summary>
    private static byte[] Mirrored(byte[] signature)
    {
        var s = CurveOrder - new BigInteger(signature.AsSpan(32, 32), isUnsigned: true, isBigEndian: true);
        var bytes = s.ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. signature[..32], .. new byte[32 - bytes.Length], .. bytes, (byte)(signature[64] ^ 7)];
    }
}
