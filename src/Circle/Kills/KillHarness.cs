using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using Assay.Circle.Stack;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Wallets;
using Assay.Settlement;
using Dapper;

namespace Assay.Circle.Kills;

/// <summary>What a run of kills left behind.</summary>
/// <param name="Lost">Transfers that never reached their account.</param>
/// <param name="Doubled">Transfers that reached it more than once.</param>
/// <param name="Misreported">Transfers without exactly one end with success.</param>
/// <param name="Unsettled">Nonces that the journal still waits for.</param>
/// <param name="NoncesContiguous">The journal's nonces are those that the chain has counted, from 0 without a gap.</param>
/// <param name="Recovery">From each kill until every nonce that was stored before it was mined.</param>
/// <param name="Points">How often the process ended at which point.</param>
public sealed record KillReport(
    int Kills, int Transfers, int Lost, int Doubled, int Misreported, int Unsettled, bool NoncesContiguous, IReadOnlyList<TimeSpan> Recovery,
    IReadOnlyDictionary<string, int> Points)
{
    public bool IsClean => this is { Lost: 0, Doubled: 0, Misreported: 0, Unsettled: 0, NoncesContiguous: true };
}

/// <summary>
/// Sends from a process that is killed again and again, at named points and at random times, on a chain that mines, reorganises and loses what waits.
/// What is done follows from the seed; when the processes do it does not.
/// </summary>
/// <param name="database">Connection string of an empty database's schema <c>settlement</c>.</param>
/// <param name="account">Of the development words, used by nobody else on this chain.</param>
/// <param name="at">The only point to kill at; null takes all of them, and kills from outside.</param>
public sealed class KillHarness(
    Checkout checkout, AnvilChain chain, string database, int account, int seed, Bug bug = Bug.None, string? at = null, Action<string>? progress = null)
{
    private const int TransfersPerKill = 2;
    private const int Reorganised = 0, Dropped = 1, Calm = 2;
    private static readonly TimeSpan BlockTime = TimeSpan.FromMilliseconds(60), PointPatience = TimeSpan.FromSeconds(4);

    private readonly Random random = new(seed);
    private readonly List<Address> recipients = [];
    private readonly Dictionary<string, int> points = [];
    private readonly List<(long Killed, ulong Count)> gaps = [];
    private readonly List<TimeSpan> recovery = [];
    private readonly SemaphoreSlim mining = new(1);

    /// <param name="patience">How long what is left may stay as it is when nobody is killed any more.</param>
    public async Task<KillReport> RunAsync(int kills, TimeSpan patience, CancellationToken cancellation = default)
    {
        await using var settlement = new SettlementDatabase(database);
        await settlement.MigrateAsync(cancellation);
        var transfers = new Transfers(settlement);
        await transfers.CreateAsync();
        await chain.AutomineAsync(false);
        // Deep enough for the first reorganisation.
        await chain.MineAsync(2 * SenderProcess.Confirmations);
        using var client = new JsonRpcClient(chain.RpcUrl);
        var eth = new EthApi(client);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var miner = MineAsync(eth, stop.Token);
        try
        {
            for (var kill = 1; kill <= kills; kill++)
            {
                await WantAsync(transfers);
                await KillOnceAsync(settlement, cancellation);
                if (kill % 50 == 0) progress?.Invoke($"{kill} kills, {recipients.Count} transfers");
            }
            await DrainAsync(settlement, patience, cancellation);
            return await CheckAsync(settlement, eth, kills);
        }
        finally
        {
            await stop.CancelAsync();
            await miner;
        }
    }

    private async Task WantAsync(Transfers transfers)
    {
        var wanted = Enumerable.Range(0, TransfersPerKill).Select(i => Recipient(recipients.Count + i)).ToList();
        recipients.AddRange(wanted);
        await transfers.WantAsync(wanted);
    }

    private Address Recipient(int number) => new(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes($"{account} {seed} {number}"))[..20]);

    private async Task KillOnceAsync(SettlementDatabase settlement, CancellationToken cancellation)
    {
        var point = at ?? (random.Next(4) == 0 ? null : KillPoint.Names[random.Next(KillPoint.Names.Count)]);
        var (pass, delay, weather) = (random.Next(1, 4), TimeSpan.FromMilliseconds(random.Next(700)), random.Next(4));
        // One point is killed at to show what it does: under the weather that does most harm there.
        if (at is not null) weather = at == KillPoint.Settled ? Reorganised : Calm;
        // A replacement needs a nonce that does not move.
        var stalls = point is KillPoint.Replacing or KillPoint.Replaced;
        if (stalls) await mining.WaitAsync(cancellation);
        using var sender = Start(point, stalls ? 1 : pass);
        try
        {
            // Nothing before that is worth a kill, and how long it takes is the machine's affair.
            await sender.StandardOutput.ReadLineAsync(cancellation);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(point is null ? delay : PointPatience);
            await sender.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            point = null;
        }
        finally
        {
            if (!sender.HasExited) sender.Kill();
            await sender.WaitForExitAsync(CancellationToken.None);
            if (stalls) mining.Release();
        }
        await DisturbAsync(weather);
        points[point ?? "any"] = points.GetValueOrDefault(point ?? "any") + 1;
        lock (gaps) gaps.Add((Stopwatch.GetTimestamp(), NextNonce(settlement)));
    }

    private static ulong NextNonce(SettlementDatabase settlement)
    {
        using var connection = settlement.Source.OpenConnection();
        return (ulong)connection.ExecuteScalar<long>("select coalesce(max(nonce) + 1, 0) from transactions");
    }

    /// <summary>What the chain does while nobody looks.</summary>
    private async Task DisturbAsync(int weather)
    {
        // A block mined into the middle of a reorganisation keeps transactions that the chain's state has never seen.
        await mining.WaitAsync();
        try
        {
            if (weather == Reorganised) await chain.ReorgAsync(random.Next(2, SenderProcess.Confirmations));
            if (weather == Dropped) await chain.RpcAsync("anvil_dropAllTransactions");
        }
        finally
        {
            mining.Release();
        }
    }

    private Process Start(string? point, int pass)
    {
        var start = new ProcessStartInfo("dotnet", [checkout.Assembly("Circle"), SenderCommand.Name])
        {
            // Its end is noticed here, whatever ends this process.
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment["DOTNET_TieredPGO"] = "0";
        SenderCommand.Write(start.Environment, new SenderTask(database, chain.RpcUrl, chain.ChainId, account, point, pass, bug));
        var sender = Process.Start(start)!;
        sender.ErrorDataReceived += (_, _) => { };
        sender.BeginErrorReadLine();
        return sender;
    }

    /// <summary>Mines at a steady pace, and notes when what a killed process left behind is mined.</summary>
    private async Task MineAsync(EthApi eth, CancellationToken cancellation)
    {
        using var wallet = HdWallet.FromMnemonic(chain.Mnemonic);
        var sender = wallet.GetAccount(account).Address;
        try
        {
            while (true)
            {
                await Task.Delay(BlockTime, cancellation);
                await mining.WaitAsync(cancellation);
                try
                {
                    await chain.MineAsync();
                }
                finally
                {
                    mining.Release();
                }
                var count = await eth.GetTransactionCountAsync(sender, cancellation: cancellation);
                lock (gaps)
                {
                    foreach (var (killed, _) in gaps.Where(g => g.Count <= count)) recovery.Add(Stopwatch.GetElapsedTime(killed));
                    gaps.RemoveAll(g => g.Count <= count);
                }
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Stopped.
        }
    }

    private async Task DrainAsync(SettlementDatabase settlement, TimeSpan patience, CancellationToken cancellation)
    {
        using var sender = Start(null, 1);
        try
        {
            await using var connection = await settlement.OpenAsync(cancellation);
            const string left = "select (select count(*) from transfers where state <> 'Done') + (select count(*) from transactions where state = 'Pending')";
            for (long before = await connection.ExecuteScalarAsync<long>(left), now = before; before > 0; before = now)
                await Waiting.Until(async () => (now = await connection.ExecuteScalarAsync<long>(left)) < before, patience, "the rest to become less", cancellation);
            await Waiting.Until(AllMined, patience, "the miner to see it", cancellation);
        }
        catch (TimeoutException)
        {
            // The report shows what is left.
        }
        finally
        {
            if (!sender.HasExited) sender.Kill();
            await sender.WaitForExitAsync(CancellationToken.None);
        }
    }

    private bool AllMined()
    {
        lock (gaps) return gaps.Count == 0;
    }

    private async Task<KillReport> CheckAsync(SettlementDatabase settlement, EthApi eth, int kills)
    {
        await using var connection = await settlement.OpenAsync();
        var balances = (await eth.Client.BatchAsync([.. recipients.Select(r => EthCalls.GetBalance(r, BlockTag.Latest))])).Select(b => b.Value).ToList();
        var nonces = (await connection.QueryAsync<ulong>("select nonce from transactions order by nonce")).ToList();
        using var wallet = HdWallet.FromMnemonic(chain.Mnemonic);
        var count = await eth.GetTransactionCountAsync(wallet.GetAccount(account).Address);
        return new KillReport(
            kills, recipients.Count, balances.Count(b => b.IsZero), balances.Count(b => b > BigInteger.One),
            await connection.ExecuteScalarAsync<int>("select count(*) from transfers where done <> 1"),
            await connection.ExecuteScalarAsync<int>("select count(*) from transactions where state = 'Pending'"),
            nonces.SequenceEqual(Enumerable.Range(0, (int)count).Select(i => (ulong)i)), recovery, points);
    }
}
