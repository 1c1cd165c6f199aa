using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Assay.Circle.Network;
using Assay.Circle.Stack;
using Assay.Ethereum;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Wallets;
using Assay.Protocol.Chain;
using Npgsql;

namespace Assay.Circle.Bench;

/// <summary>Milliseconds from the moment that the chain is asked for a block until a reader of the database sees its row.</summary>
public sealed record HeadLatency(double P50, double P99, double Worst);

/// <summary>What <c>bench head-latency</c> measured; its JSON has these names in snake case.</summary>
/// <param name="Blocks">Each with one event of the escrow, in each of both measurements.</param>
public sealed record HeadLatencyReport(
    DateTimeOffset Date, Machine Machine, double LoadBefore, int Blocks, int PollMilliseconds, HeadLatency Subscribed, HeadLatency Polled);

/// <summary>The indexer as a process of its own at the head of a real chain, with a subscription to new heads and without.</summary>
internal sealed class HeadLatencyBench(int blocks, Action<string> progress)
{
    private const int PollMilliseconds = 200;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public async Task<HeadLatencyReport> RunAsync(CancellationToken cancellation)
    {
        var checkout = Checkout.Find();
        using var folder = RunFolder.Create(checkout);
        await using var postgres = await PostgresServer.StartAsync(checkout, folder, cancellation: cancellation);
        await using var chain = await AnvilChain.StartAsync(checkout, folder, cancellation: cancellation);
        var account = HdWallet.FromMnemonic(chain.Mnemonic).GetAccount(0);
        using var web3 = new Web3(chain.RpcUrl.ToString(), account);
        var deployer = new Deployer(web3);
        var token = (await deployer.TokenAsync()).ContractAddress!.Value;
        var escrow = await deployer.EscrowAsync(token, LocalTerms.Parameters);
        await chain.AutomineAsync(false);
        var load = Machine.Load();
        var nonce = 0;

        async Task<HeadLatency> MeasureAsync(string name, string headsUrl)
        {
            var database = (await postgres.CreateDatabaseAsync(name, cancellation))[Services.Indexer];
            await using var indexer = ManagedProcess.Start(new(name, "dotnet", checkout.Assembly("Indexer"), $"--Chain:RpcUrl={chain.RpcUrl}", $"--Chain:Id={chain.ChainId}",
                $"--Chain:Escrow={escrow.ContractAddress}", $"--Chain:StartBlock={escrow.BlockNumber}", $"--Database:ConnectionString={database}",
                $"--PollMilliseconds={PollMilliseconds}", $"--HeadsUrl={headsUrl}", "--Urls=http://127.0.0.1:0"), folder);
            await using var connection = new NpgsqlConnection(database);
            await connection.OpenAsync(cancellation);
            await Waiting.Until(async () => indexer.HasExited || await IndexedAsync(connection) >= await chain.BlockNumberAsync(), Patience, "the indexer to reach the head", cancellation);
            var measured = new List<double>();
            // The first blocks warm the process up.
            for (var block = -blocks / 10; block < blocks; block++)
            {
                await chain.RpcAsync("eth_sendTransaction", new
                {
                    from = account.Address.ToString(), to = escrow.ContractAddress.ToString(), data = Hex.Encode(EscrowAbi.Instance.Encode("cancelNonce", nonce++)), gas = "0x30d40",
                });
                // Blocks come at any moment between two looks.
                await Task.Delay(Random.Shared.Next(20, 20 + PollMilliseconds), cancellation);
                var clock = Stopwatch.StartNew();
                await chain.RpcAsync("evm_mine");
                for (var number = await chain.BlockNumberAsync(); await IndexedAsync(connection) < number;)
                    await Task.Delay(1, cancellation);
                if (block >= 0)
                    measured.Add(clock.Elapsed.TotalMilliseconds);
            }
            progress($"{name}: {blocks} blocks");
            return new(Milliseconds(measured, 0.5), Milliseconds(measured, 0.99), Milliseconds(measured, 1));
        }

        var subscribed = await MeasureAsync("subscribed", $"ws://127.0.0.1:{chain.RpcUrl.Port}/");
        var polled = await MeasureAsync("polled", "");
        return new(DateTimeOffset.UtcNow, Machine.Read(), Statistics.Rounded(load), blocks, PollMilliseconds, subscribed, polled);
    }

    private static double Milliseconds(IReadOnlyCollection<double> measured, double share) => Statistics.Rounded(Statistics.Percentile(measured, share));

    private static async Task<long> IndexedAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand("select coalesce((select indexed_number from indexer.chain), -1)", connection);
        try
        {
            return (long)(await command.ExecuteScalarAsync())!;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            return -1;
        }
    }
}

/// <summary>The report of <c>bench head-latency</c> for people and for programs.</summary>
internal static class HeadLatencyOutput
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static async Task WriteJsonAsync(HeadLatencyReport report, string file, CancellationToken cancellation) =>
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(report, Json) + "\n", cancellation);

    public static void Print(HeadLatencyReport report) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"""

        {report.Date:yyyy-MM-dd HH:mm} UTC, {report.Machine}, load {report.LoadBefore:0.#} before
        {report.Blocks} blocks with one event each, milliseconds from asking the chain for the block to seeing its row
                                     p50      p99    worst
          subscribed            {report.Subscribed.P50,8:0.0} {report.Subscribed.P99,8:0.0} {report.Subscribed.Worst,8:0.0}
          polled every {report.PollMilliseconds} ms   {report.Polled.P50,8:0.0} {report.Polled.P99,8:0.0} {report.Polled.Worst,8:0.0}
        """));
}
