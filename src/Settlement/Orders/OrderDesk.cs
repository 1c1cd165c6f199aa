using System.Text.Json;
using Assay.Ethereum.Primitives;
using Assay.Hosting;
using Assay.Hosting.Http;
using Assay.Hosting.Messaging;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Assay.Settlement.Books;
using Dapper;
using Npgsql;

namespace Assay.Settlement.Orders;

/// <summary>Takes signed orders: each job once, and never more than the client's balance covers.</summary>
public sealed class OrderDesk(
    SettlementDatabase database, Feed<SettlementDatabase> feed, Outbox<SettlementDatabase> outbox, EscrowReader escrow, EscrowDomain domain,
    OrderOptions options)
{
    /// <returns>The job, and whether this request made it; the same order again returns the first answer.</returns>
    /// <exception cref="ProblemException">The order is refused; its code says why.</exception>
    public async Task<(Bytes32 Job, bool IsNew)> TakeAsync(OrderRequest request, CancellationToken cancellation)
    {
        var order = request.Order;
        var (job, signer) = Identify(request);
        Refuse(OrderCheck.Domain(request, domain));
        if (signer != order.Client) Refuse(OrderCheck.Signed(await escrow.IsTakenAsync(order.Client, job, request.Signature, cancellation)));
        if (await IsKnownAsync(job, cancellation)) return (job, false);

        var (parameters, paused) = await escrow.CurrentAsync(cancellation);
        if (paused) throw new ProblemException(503, "paused", "The contract opens no jobs at the moment; those that are open go on, and withdrawals too. Try again later.");
        var clock = await feed.ClockAsync();
        if (clock.HeadNumber == 0) throw new ProblemException(503, "not_ready", "The chain has not been read yet; try again.");
        Refuse(OrderCheck.Terms(order, parameters, clock.HeadTime, TimeSpan.FromDays(options.MaxDays)));
        if (await escrow.IsNonceUsedAsync(order.Client, order.Nonce, cancellation)) throw NonceUsed("on the chain");

        var reserve = OrderCheck.Reserve(order, parameters);
        Refuse(OrderCheck.Consents(order, reserve, await escrow.ConsentsAsync(order, cancellation), clock.HeadTime));
        return await database.InTransactionAsync(async transaction =>
        {
            // One order of a client and of a payer after the other: what the first reserves, the second sees. In one order of locks, so that none waits for itself.
            foreach (var key in new[] { order.Client, order.Purse }.Distinct().Order())
                await transaction.Connection!.ExecuteAsync("select pg_advisory_xact_lock(hashtext('assay-client'), hashtext(@key))", new { key = key.ToString() }, transaction);
            if (await IsKnownAsync(transaction.Connection!, job, transaction)) return (job, false);
            if (await HasOrderWithNonceAsync(order, transaction)) throw NonceUsed("by another order");
            if (await WaitingAsync(order.Client, transaction) >= options.MaxWaiting)
                throw new ProblemException(429, "too_many_orders", $"{options.MaxWaiting} orders of this client wait to be opened; try again when one is open or has ended.");
            Refuse(OrderCheck.Funds(reserve, await Ledger.SpendableAsync(order.Purse, transaction)));
            await InsertAsync(job, request, reserve, transaction);
            await Jobs.OrderedAsync(transaction, job);
            await outbox.AddAsync(transaction, new OrderReceived(job, order, request.Signature), MessageIds.From("order-received", job));
            return (job, true);
        }, cancellation);
    }

    private (Bytes32 Job, Address? Signer) Identify(OrderRequest request)
    {
        try
        {
            return (domain.Digest(request.Order), domain.SignerOf(request.Order, request.Signature));
        }
        catch (Ethereum.Encoding.AbiException e)
        {
            throw new ProblemException(422, "bad_terms", e.Message);
        }
    }

    private async Task<bool> IsKnownAsync(Bytes32 job, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await IsKnownAsync(connection, job, null);
    }

    private static Task<bool> IsKnownAsync(NpgsqlConnection connection, Bytes32 job, NpgsqlTransaction? transaction) =>
        connection.ExecuteScalarAsync<bool>("select exists (select from orders where job = @job)", new { job }, transaction);

    private static Task<bool> HasOrderWithNonceAsync(Order order, NpgsqlTransaction transaction) => transaction.Connection!.ExecuteScalarAsync<bool>(
        "select exists (select from orders where client = @Client and nonce = @Nonce and rejected is null)", new { order.Client, order.Nonce }, transaction);

    private static Task<long> WaitingAsync(Address client, NpgsqlTransaction transaction) => transaction.Connection!.ExecuteScalarAsync<long>(
        """
        select count(*) from orders o join jobs j on j.job = o.job
        where o.client = @client and o.rejected is null and j.closed_at is null and not exists (select from feed_live f where f.job = o.job and f.name = 'JobOpened')
        """, new { client }, transaction);

    private static Task InsertAsync(Bytes32 job, OrderRequest request, Amount reserve, NpgsqlTransaction transaction) => transaction.Connection!.ExecuteAsync(
        """
        insert into orders (job, client, payer, nonce, body, signature, reserve)
        values (@job, @Client, @Purse, @Nonce, @body::jsonb, @Signature, @reserve)
        """,
        new
        {
            job, request.Order.Client, request.Order.Purse, request.Order.Nonce, body = JsonSerializer.Serialize(request.Order, AssayJson.Options), request.Signature,
            reserve = reserve.ToBigInteger(),
        }, transaction);

    private static ProblemException NonceUsed(string where) => new(409, "nonce_used", $"The client's nonce is already used {where}.");

    private static void Refuse(OrderRefusal? refusal)
    {
        if (refusal is not null) throw new ProblemException(refusal.Status, refusal.Code, refusal.Detail);
    }
}
