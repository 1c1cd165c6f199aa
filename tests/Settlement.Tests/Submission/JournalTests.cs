using Assay.Ethereum.Crypto;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Transactions;
using Assay.Ethereum.Wallets;
using Assay.Hosting.Messaging;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Assay.Settlement.Payouts;
using Assay.Settlement.Submission;
using Assay.Testing;
using Dapper;
using Microsoft.Extensions.Logging.Abstractions;

namespace Assay.Settlement.Tests.Submission;

public sealed class JournalTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private const ulong ChainId = 31337;
    private static readonly Fees Price = new(10, 1);
    private static readonly Receipt Mined = new(
        Words.Of(1), Words.Of(2), 3, 0, Address.Zero, Address.Zero, null, true, 40_000, 7, []);
    private readonly LocalSigner signer = LocalSigner.FromHex("0x" + new string('1', 64));
    private SettlementDatabase database = null!;
    private Actions actions = null!;
    private RelayerLease lease = null!;

    public async Task InitializeAsync()
    {
        database = new SettlementDatabase((await postgres.CreateDatabaseAsync()).Services["settlement"]);
        await database.MigrateAsync();
        actions = new Actions(database, new Outbox<SettlementDatabase>(new OutboxMessages<SettlementDatabase>([typeof(OpenRefused)])), NullLogger<Actions>.Instance);
        lease = new RelayerLease(database, signer.Address, ChainId);
        Assert.True(await lease.HoldAsync(CancellationToken.None));
    }

    public async Task DisposeAsync()
    {
        await lease.DisposeAsync();
        await database.DisposeAsync();
    }

    private Journal<Batch> NewJournal(RelayerLease? under = null) => new(database, under ?? lease, new Steps(actions, Address.Zero));

    private async Task<Attempt> SignAsync(ulong nonce, int number = 0, Fees? fees = null)
    {
        var price = fees ?? Price;
        var signed = await signer.SignTransactionAsync(new(ChainId, nonce, price.MaxPriorityFeePerGas, price.MaxFeePerGas, 50_000, Address.Zero, 0, [1]));
        return new Attempt(number, signed.Hash, signed.ToArray(), price, Cancels: false);
    }

    private static DueAction Expire(int i) => new(Transition.Expire, Words.Of((ulong)i), 0, Payload.None);

    private async Task<IReadOnlyList<PlannedAction>> PlanAsync(int count)
    {
        await actions.SetDueAsync([.. Enumerable.Range(1, count).Select(Expire)]);
        return await actions.PlannedAsync(count, payouts: true);
    }

    private Task<PendingTransaction?> AppendAsync(PlannedAction action, ulong chainCount = 7, RelayerLease? under = null) =>
        NewJournal(under).AppendAsync(new Batch([action], Address.Zero, [1]), 50_000, chainCount, nonce => SignAsync(nonce));

    [Fact]
    public async Task Thirty_two_writers_at_once_take_each_nonce_once_and_leave_none_out()
    {
        var planned = await PlanAsync(32);
        var sent = await Task.WhenAll(planned.Select(p => Task.Run(() => AppendAsync(p))));
        Assert.Equal(Enumerable.Range(7, 32).Select(i => (ulong)i), sent.Select(t => t!.Nonce).Order());
    }

    [Fact]
    public async Task A_planned_step_whose_row_cannot_be_read_is_planned_again_and_the_others_stay()
    {
        await PlanAsync(3);
        await using (var connection = await database.OpenAsync())
            await connection.ExecuteAsync("update actions set payload = '{\"epoch\":\"soon\"}' where id = 2");
        Assert.Equal([1L, 3L], (await actions.PlannedAsync(3, payouts: true)).Select(p => p.Id));
        Assert.Equal([Expire(1), Expire(2), Expire(3)], (await PlanAsync(3)).Select(p => p.Due).OrderBy(d => d.Subject.ToString()));
    }

    [Fact]
    public async Task What_is_stored_before_the_broadcast_is_the_signed_transaction_itself()
    {
        var sent = await AppendAsync(Assert.Single(await PlanAsync(1)));
        var stored = Assert.Single(Assert.Single(await NewJournal().PendingAsync()).Attempts);
        Assert.Equal((sent!.Attempts[0].Hash, null), (stored.Hash, stored.SentAge));
        Assert.Equal(stored.Hash, Keccak256.Hash(stored.Raw));
        Assert.Equal((signer.Address, 7ul), (SignedTransaction.Decode(stored.Raw).RecoverSender(), SignedTransaction.Decode(stored.Raw).Transaction.Nonce));
    }

    [Fact]
    public async Task A_step_that_was_withdrawn_or_taken_writes_nothing()
    {
        var planned = Assert.Single(await PlanAsync(1));
        await actions.SetDueAsync([]);
        Assert.Null(await AppendAsync(planned));
        Assert.Empty(await NewJournal().PendingAsync());

    }

    [Fact]
    public async Task Asked_for_twice_a_batch_is_sent_once_and_not_again_after_its_end()
    {
        var planned = Assert.Single(await PlanAsync(1));
        var (first, second) = (await AppendAsync(planned), await AppendAsync(planned));
        Assert.Equal((first!.Id, first.Nonce, first.Last.Hash), (second!.Id, second.Nonce, second.Last.Hash));
        Assert.Single(await NewJournal().PendingAsync());
        await NewJournal().SettleAsync(first.Id, Ending.Reverted, Mined);
        Assert.Null(await AppendAsync(planned));
    }

    [Fact]
    public async Task One_intent_is_one_call()
    {
        var planned = await PlanAsync(2);
        await AppendAsync(planned[0]);
        await Assert.ThrowsAsync<IntentConflictException>(() => NewJournal().AppendAsync(
            new Batch(planned, Address.Zero, [2]), 50_000, 7, nonce => SignAsync(nonce)));
        Assert.Single(await NewJournal().PendingAsync());
    }

    [Fact]
    public async Task A_process_that_was_followed_by_another_stores_nothing_more()
    {
        var planned = await PlanAsync(2);
        var sent = await AppendAsync(planned[0]);
        // Its connection is cut without its knowing, as by a partition: the lock is free again.
        await using (var connection = await database.OpenAsync())
            await connection.ExecuteAsync("select pg_terminate_backend(l.pid) from pg_locks l join pg_stat_activity a on a.pid = l.pid where l.locktype = 'advisory' and a.usename = current_user");
        await using var next = new RelayerLease(database, signer.Address, ChainId);
        await UntilHeldAsync(next);
        await Assert.ThrowsAsync<LeaseLostException>(() => AppendAsync(planned[1]));
        await Assert.ThrowsAsync<LeaseLostException>(() => NewJournal().AddAttemptAsync(sent!.Id, new Attempt(1, Words.Of(9), [1], Price, false)));
        Assert.NotNull(await AppendAsync(planned[1], under: next));
    }

    private static async Task UntilHeldAsync(RelayerLease lease)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await lease.HoldAsync(patience.Token)) await Task.Delay(20, patience.Token);
    }

    [Fact]
    public async Task What_was_spent_is_what_was_paid_and_the_most_that_may_yet_be_paid()
    {
        var planned = await PlanAsync(2);
        var first = await AppendAsync(planned[0]);
        var second = await AppendAsync(planned[1]);
        await NewJournal().AddAttemptAsync(second!.Id, await SignAsync(8, 1, new Fees(20, 2)));
        Assert.Equal(50_000 * (10 + 20), await NewJournal().SpentAsync(TimeSpan.FromHours(1)));
        await NewJournal().SettleAsync(first!.Id, Ending.Succeeded, Mined);
        Assert.Equal(40_000 * 7 + 50_000 * 20, await NewJournal().SpentAsync(TimeSpan.FromHours(1)));
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync("update transactions set created_at = now() - interval '2 hours' where id = @Id", new { first.Id });
        Assert.Equal(50_000 * 20, await NewJournal().SpentAsync(TimeSpan.FromHours(1)));
    }

    [Fact]
    public async Task A_chain_that_is_ahead_of_the_rows_stops_the_key()
    {
        var planned = await PlanAsync(2);
        await AppendAsync(planned[0]);
        await Assert.ThrowsAsync<NonceConflictException>(() => AppendAsync(planned[1], chainCount: 9));
    }

    [Fact]
    public async Task A_replacement_keeps_the_nonce_and_both_forms_are_followed()
    {
        var sent = await AppendAsync(Assert.Single(await PlanAsync(1)));
        var second = await SignAsync(sent!.Nonce, 1, new Fees(20, 2));
        await NewJournal().AddAttemptAsync(sent.Id, second);
        Assert.Equal([sent.Last.Hash, second.Hash], Assert.Single(await NewJournal().PendingAsync()).Attempts.Select(a => a.Hash));
    }

    [Theory]
    [InlineData(Ending.Succeeded, "Done")]
    [InlineData(Ending.Reverted, "Refused")]
    [InlineData(Ending.Foreign, "Void")]
    [InlineData(Ending.Cancelled, "Void")]
    public async Task The_end_of_a_transaction_ends_its_steps_once(Ending ending, string state)
    {
        var sent = await AppendAsync(Assert.Single(await PlanAsync(1)));
        await NewJournal().SettleAsync(sent!.Id, ending, ending == Ending.Foreign ? null : Mined);
        await NewJournal().SettleAsync(sent.Id, Ending.Foreign, null);
        await using var connection = await database.OpenAsync();
        Assert.Equal(state, await connection.ExecuteScalarAsync<string>("select state from actions"));
        Assert.Equal(ending.ToString(), await connection.ExecuteScalarAsync<string>("select state from transactions"));
        Assert.Empty(await NewJournal().PendingAsync());
    }

    [Fact]
    public async Task An_item_that_the_contract_left_out_is_refused_with_its_reason_and_the_others_are_done()
    {
        var planned = await PlanAsync(2);
        var sent = await NewJournal().AppendAsync(new Batch(planned, Address.Zero, [2]), 50_000, 7, nonce => SignAsync(nonce));
        var skipped = EscrowAbi.Instance.Event(nameof(ItemSkipped));
        var data = AbiCodec.Encode([.. skipped.Inputs.Where(i => !i.Indexed)], ItemAction.Expire, Skip.TooEarly);
        var log = new Log(Address.Zero, [skipped.Topic, planned[0].Due.Subject], data, 3, Words.Of(2), Words.Of(1), 0, 0);
        await NewJournal().SettleAsync(sent!.Id, Ending.Succeeded, Mined with { Logs = [log] });
        await using var connection = await database.OpenAsync();
        Assert.Equal([("Refused", "TooEarly"), ("Done", null)], await connection.QueryAsync<(string, string?)>("select state, code from actions order by id"));
    }

    [Fact]
    public async Task A_step_wanted_again_after_its_end_is_a_new_revision()
    {
        var sent = await AppendAsync(Assert.Single(await PlanAsync(1)));
        Assert.Empty(await PlanAsync(1));
        await NewJournal().SettleAsync(sent!.Id, Ending.Succeeded, Mined);
        Assert.Single(await PlanAsync(1));
        await using var connection = await database.OpenAsync();
        Assert.Equal([0, 1], await connection.QueryAsync<int>("select revision from actions order by revision"));
    }

    [Fact]
    public async Task A_refusal_is_tried_again_after_a_pause_that_doubles_and_a_bad_document_never()
    {
        await using var connection = await database.OpenAsync();
        foreach (var expected in new[] { 1.0, 2.0, 4.0 })
        {
            await actions.RefuseAsync(Assert.Single(await PlanAsync(1)), "TooEarly");
            Assert.Equal(expected, await connection.ExecuteScalarAsync<double>(
                "select round(extract(epoch from retry_at - settled_at))::float8 from actions order by id desc limit 1"));
        }
        await actions.RefuseAsync(Assert.Single(await PlanAsync(1)), "BadOpening");
        Assert.Null(await connection.ExecuteScalarAsync<DateTime?>("select retry_at from actions order by id desc limit 1"));
    }
}
