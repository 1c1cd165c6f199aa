using System.Numerics;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Transactions;
using Assay.Settlement.Submission;
using Npgsql;

namespace Assay.Circle.Kills;

/// <summary>The real journal with a kill point before and after each of its changes.</summary>
internal sealed class KillingJournal(ITransactionJournal<Intent> inner, KillPoint point) : ITransactionJournal<Intent>
{
    public async Task<PendingTransaction?> AppendAsync(Intent intent, ulong gas, ulong chainCount, Func<ulong, Task<Attempt>> sign, CancellationToken cancellation)
    {
        var appended = await inner.AppendAsync(intent, gas, chainCount, async nonce =>
        {
            point.Pass(KillPoint.Signing);
            var attempt = await sign(nonce);
            point.Pass(KillPoint.Signed);
            return attempt;
        }, cancellation);
        point.Pass(KillPoint.Appended);
        return appended;
    }

    public async Task AddAttemptAsync(long id, Attempt attempt, CancellationToken cancellation)
    {
        point.Pass(KillPoint.Replacing);
        await inner.AddAttemptAsync(id, attempt, cancellation);
        point.Pass(KillPoint.Replaced);
    }

    public Task<IReadOnlyList<PendingTransaction>> PendingAsync(CancellationToken cancellation) => inner.PendingAsync(cancellation);

    public async Task SentAsync(Bytes32 hash, string? answer, CancellationToken cancellation)
    {
        await inner.SentAsync(hash, answer, cancellation);
        point.Pass(KillPoint.Sent);
    }

    public async Task SeenAsync(long id, Receipt? receipt, CancellationToken cancellation)
    {
        await inner.SeenAsync(id, receipt, cancellation);
        point.Pass(KillPoint.Seen);
    }

    public async Task SettleAsync(long id, Ending ending, Receipt? receipt, CancellationToken cancellation)
    {
        point.Pass(KillPoint.Settling);
        await inner.SettleAsync(id, ending, receipt, cancellation);
        point.Pass(KillPoint.Settled);
    }

    public Task<BigInteger> SpentAsync(TimeSpan within, CancellationToken cancellation) => inner.SpentAsync(within, cancellation);
}

/// <summary>Rows that end, with a kill point before that is committed.</summary>
internal sealed class KillingIntents(IIntents<Intent> inner, KillPoint point) : IIntents<Intent>
{
    public Task<bool> BindAsync(NpgsqlTransaction transaction, long id, Intent intent) => inner.BindAsync(transaction, id, intent);

    public async Task EndAsync(NpgsqlTransaction transaction, long id, Ending ending, Receipt? receipt)
    {
        await inner.EndAsync(transaction, id, ending, receipt);
        point.Pass(KillPoint.Ending);
    }
}

/// <summary>The way to the node, with a kill point before and after each broadcast.</summary>
internal sealed class KillingHandler(KillPoint point) : DelegatingHandler(new SocketsHttpHandler())
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        var sends = (await request.Content!.ReadAsStringAsync(cancellation)).Contains("eth_sendRawTransaction", StringComparison.Ordinal);
        if (sends) point.Pass(KillPoint.Broadcasting);
        var response = await base.SendAsync(request, cancellation);
        if (sends)
        {
            // Until the answer is here, nobody knows that the node has executed it.
            await response.Content.LoadIntoBufferAsync(cancellation);
            point.Pass(KillPoint.Broadcast);
        }
        return response;
    }
}
