using Assay.Ethereum.Crypto;
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
    private static readonly Fees Price = new(10, 1);
    private readonly LocalSigner signer = LocalSigner.FromHex("0x" + new string('1', 64));
    private SettlementDatabase database = null!;
    private Actions actions = null!;

    public async Task InitializeAsync()
    {
        database = new SettlementDatabase((await postgres.CreateDatabaseAsync()).Services["settlement"]);
        await database.MigrateAsync();
        actions = new Actions(database, new Outbox<SettlementDatabase>(new OutboxMessages<SettlementDatabase>([typeof(OpenRefused)])), NullLogger<Actions>.Instance);
    }

    public async Task DisposeAsync() => await database.DisposeAsync();

    private Journal NewJournal() => new(database, signer, 31337);

    private static DueAction Expire(int i) => new(Transition.Expire, Words.Of((ulong)i), 0, Payload.None);

    private async Task<IReadOnlyList<PlannedAction>> PlanAsync(int count)
    {
        await actions.SetDueAsync([.. Enumerable.Range(1, count).Select(Expire)]);
        return await actions.PlannedAsync(count, payouts: true);
    }

    private Task<PendingTransaction?> AppendAsync(PlannedAction action, ulong chainCount = 7) =>
        NewJournal().AppendAsync([action], Address.Zero, [1], 50_000, Price, chainCount, CancellationToken.None);

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

        var again = Assert.Single(await PlanAsync(1));
        Assert.NotNull(await AppendAsync(again));
        Assert.Null(await AppendAsync(again));
        Assert.Equal(7ul, Assert.Single(await NewJournal().PendingAsync()).Nonce);
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
        var second = await NewJournal().ReplaceAsync(sent!, new Fees(20, 2), cancels: false, CancellationToken.None);
        Assert.Equal([sent!.Attempts[0].Hash, second.Hash], Assert.Single(await NewJournal().PendingAsync()).Attempts.Select(a => a.Hash));
        Assert.Equal(7ul, SignedTransaction.Decode(second.Raw).Transaction.Nonce);
    }

    [Theory]
    [InlineData(Ending.Succeeded, null, "Done")]
    [InlineData(Ending.Succeeded, "TooEarly", "Refused")]
    [InlineData(Ending.Reverted, "Reverted", "Refused")]
    [InlineData(Ending.Foreign, null, "Void")]
    [InlineData(Ending.Cancelled, null, "Void")]
    public async Task The_end_of_a_transaction_ends_its_steps_once(Ending ending, string? refusal, string state)
    {
        var sent = await AppendAsync(Assert.Single(await PlanAsync(1)));
        await NewJournal().SettleAsync(sent!.Id, ending, _ => refusal, actions);
        await NewJournal().SettleAsync(sent.Id, Ending.Foreign, _ => null, actions);
        await using var connection = await database.OpenAsync();
        Assert.Equal(state, await connection.ExecuteScalarAsync<string>("select state from actions"));
        Assert.Equal(ending.ToString(), await connection.ExecuteScalarAsync<string>("select state from transactions"));
        Assert.Empty(await NewJournal().PendingAsync());
    }

    [Fact]
    public async Task A_step_wanted_again_after_its_end_is_a_new_revision()
    {
        var sent = await AppendAsync(Assert.Single(await PlanAsync(1)));
        Assert.Empty(await PlanAsync(1));
        await NewJournal().SettleAsync(sent!.Id, Ending.Succeeded, _ => null, actions);
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
