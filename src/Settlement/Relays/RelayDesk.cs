using Assay.Ethereum.Encoding;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Hosting.Http;
using Assay.Hosting.Messaging;
using Assay.Protocol.Chain;
using Assay.Settlement.Books;
using Assay.Settlement.Orders;
using Assay.Settlement.Payouts;
using Assay.Settlement.Submission;
using Dapper;

namespace Assay.Settlement.Relays;

/// <summary>Takes words that others have signed and carries them at our gas: what the contract takes now, from accounts that it knows, so many a day.</summary>
/// <param name="sender">From whom the call is tried.</param>
public sealed class RelayDesk(
    SettlementDatabase database, Feed<SettlementDatabase> feed, EscrowReader escrow, SettlementChain chain, Address sender, RelayOptions options)
{
    /// <summary>More than any of these calls takes, a contract wallet's answer included.</summary>
    private const ulong TrialGas = 1_000_000;

    public Task<(RelayStatus Status, bool IsNew)> TakeAsync(SignedWord<ReceiveWithAuthorization> signed, CancellationToken cancellation)
    {
        Refuse(RelayCheck.Authorization(signed.Word, signed.Signature, chain.Domain));
        return TakeAsync(() => Relay.Of(signed.Word, signed.Signature), signed.Word.Value, cancellation);
    }

    public Task<(RelayStatus Status, bool IsNew)> TakeAsync(SignedWord<Withdraw> signed, CancellationToken cancellation) =>
        TakeAsync(() => Relay.Of(chain.Domain, signed), signed.Word.Amount, cancellation);

    public async Task<(RelayStatus Status, bool IsNew)> TakeAsync(SignedWord<EarningsClaim> signed, CancellationToken cancellation) =>
        await TakeAsync(() => Relay.Of(chain.Domain, signed), await escrow.EarnedAsync(signed.Word.Operator, cancellation), cancellation);

    public Task<(RelayStatus Status, bool IsNew)> TakeAsync(SignedWord<Spending> signed, CancellationToken cancellation) =>
        TakeAsync(() => Relay.Of(chain.Domain, signed), null, cancellation);

    public Task<(RelayStatus Status, bool IsNew)> TakeAsync(SignedWord<Protocol.Chain.Void> signed, CancellationToken cancellation) =>
        TakeAsync(() => Relay.Of(chain.Domain, signed), null, cancellation);

    public async Task<(RelayStatus Status, bool IsNew)> TakeAsync(CancelRequest request, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        if (await RelayBook.FindAsync(connection, chain.Domain.Digest(request.Word)) is { State: not RelayState.Failed } known) return (known, false);
        var job = (await JobViews.OfAsync(connection, request.Word.Job))?.Chain ?? throw new ProblemException(404, "not_found", $"No job {request.Word.Job}.");
        if (job is not { State: JobState.Open, Record: { } record })
            throw new ProblemException(409, "not_open", $"The job is {job.State}; only an open one is cancelled.");
        return await TakeAsync(() => Relay.Of(chain.Domain, request, record), null, cancellation);
    }

    public async Task<RelayStatus?> FindAsync(Bytes32 id, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await RelayBook.FindAsync(connection, id);
    }

    /// <param name="worth">What the word moves; null where that is nothing, or pays us.</param>
    /// <exception cref="ProblemException">It is not carried; its code says why.</exception>
    private async Task<(RelayStatus Status, bool IsNew)> TakeAsync(Func<Relay> write, Amount? worth, CancellationToken cancellation)
    {
        var relay = Write(write);
        if (await FindAsync(relay.Id, cancellation) is { State: not RelayState.Failed } known) return (known, false);
        if ((await feed.ClockAsync()).HeadNumber == 0) throw new ProblemException(503, "not_ready", "The chain has not been read yet; try again.");
        Refuse(await RefusalOfAsync(relay, cancellation));
        Refuse(RelayCheck.Size(worth, options.MinAmount));
        return await database.InTransactionAsync(async transaction =>
        {
            var connection = transaction.Connection!;
            await connection.ExecuteAsync("select pg_advisory_xact_lock(hashtext('assay-relay'), hashtext(@key))", new { key = relay.Account.ToString() }, transaction);
            if (relay.Kind != RelayKind.Deposit) Refuse(RelayCheck.Known(await Ledger.KnowsAsync(relay.Account, transaction)));
            if (await RelayBook.FindAsync(connection, relay.Id) is { State: not RelayState.Failed } meanwhile) return (meanwhile, false);
            if (await RelayBook.TakenAsync(transaction, relay.Account) >= options.MaxPerDay)
                throw new ProblemException(429, "too_many_relays", $"{options.MaxPerDay} words of this account were taken within a day. Send it yourself, or try again later.");
            if (await RelayBook.SpentAsync(connection) >= options.DayCap)
                throw new ProblemException(503, "relays_spent", "What a day's words may cost is spent. Send it yourself, or try again later.");
            await RelayBook.KeepAsync(transaction, relay);
            return ((await RelayBook.FindAsync(connection, relay.Id))!, true);
        }, cancellation);
    }

    private static Relay Write(Func<Relay> write)
    {
        try
        {
            return write();
        }
        catch (AbiException e)
        {
            throw new ProblemException(422, "bad_terms", e.Message);
        }
    }

    private async Task<OrderRefusal?> RefusalOfAsync(Relay relay, CancellationToken cancellation)
    {
        try
        {
            await chain.Eth.CallAsync(new CallRequest(chain.Domain.Escrow, relay.Call, sender, Gas: TrialGas), BlockTag.Latest, cancellation);
            return null;
        }
        catch (JsonRpcException e) when (RefusalCode.Of(e) is { } code)
        {
            return RelayCheck.Refusal(code);
        }
    }

    private static void Refuse(OrderRefusal? refusal)
    {
        if (refusal is not null) throw new ProblemException(refusal.Status, refusal.Code, refusal.Detail);
    }
}
