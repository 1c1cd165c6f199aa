using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Transactions;
using Assay.Ethereum.Wallets;
using Assay.Settlement;
using Assay.Settlement.Submission;
using Npgsql;

namespace Assay.Circle.Kills;

/// <param name="Account">Of the development words: each run has a key of its own.</param>
/// <param name="Point">Where it kills itself; null waits for its end from outside.</param>
internal sealed record SenderTask(string Database, Uri RpcUrl, long ChainId, int Account, string? Point, int Pass, Bug Bug);

/// <summary>The process that is killed: brings transfers to the chain with the transaction manager and Settlement's journal, until it ends.</summary>
internal static class SenderProcess
{
    /// <summary>Blocks above a receipt until it is final; the harness reorganises fewer.</summary>
    public const int Confirmations = 4;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(15);

    private static readonly SendPolicy Policy = new()
    {
        Confirmations = Confirmations, ResendAfter = TimeSpan.FromMilliseconds(200), ReplaceAfter = TimeSpan.FromMilliseconds(600), MaxInFlight = 8,
    };

    public static async Task<int> RunAsync(SenderTask task, CancellationToken cancellation)
    {
        await using var database = new SettlementDatabase(task.Database);
        using var wallet = HdWallet.FromMnemonic(Stack.AnvilChain.DevelopmentMnemonic);
        var signer = wallet.GetAccount(task.Account);
        await using var lease = new RelayerLease(database, signer.Address, (ulong)task.ChainId);
        var point = new KillPoint(task.Point, task.Pass);
        using var http = new HttpClient(new KillingHandler(point));
        using var client = new JsonRpcClient(task.RpcUrl, http: http);
        var transfers = new Transfers(database);
        var intents = new KillingIntents(transfers, point);
        var journal = new KillingJournal(Bugs.Spoil(task.Bug, new Journal<Intent>(database, lease, intents), database, lease, intents), point);
        var policy = task.Bug == Bug.FirstReceipt ? Policy with { Confirmations = 0 } : Policy;
        var manager = new TransactionManager<Intent>(new EthApi(client), signer, (ulong)task.ChainId, journal, policy);
        await Console.Out.WriteLineAsync("ready");
        while (true)
            try
            {
                if (await lease.HoldAsync(cancellation)) await RoundAsync(manager, transfers, cancellation);
                await Task.Delay(Pause, cancellation);
            }
            // As the service does: it says so and tries again.
            catch (Exception e) when (e is JsonRpcException or RpcTransportException or NpgsqlException or NonceConflictException)
            {
                await Console.Error.WriteLineAsync(e.Message);
                await Task.Delay(Pause, cancellation);
            }
    }

    private static async Task RoundAsync(TransactionManager<Intent> manager, Transfers transfers, CancellationToken cancellation)
    {
        foreach (var intent in await transfers.WantedAsync(await manager.RoomAsync(cancellation)))
            if (await manager.SubmitAsync(intent, Transfers.Gas, cancellation) is not null && Transfers.IsCalledBack(intent))
                await manager.CancelAsync(intent.Key, cancellation);
        await manager.FollowAsync(cancellation: cancellation);
    }
}
