using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Assay.Circle.Bench.Replay;
using Assay.Circle.Stack;
using Npgsql;

namespace Assay.Circle.Bench;

/// <summary>What <c>bench indexer</c> measured; its JSON has these names in snake case.</summary>
/// <param name="Seconds">Of the indexer's whole process, start included, until every row is committed.</param>
/// <param name="CpuSecondsPerMillionEvents">Indexer and database together.</param>
/// <param name="CopyRowsPerSecond">The same rows by COPY alone, primary keys included, right afterwards on the same server.</param>
/// <param name="ShareOfCopy">Events per second as a share of the former.</param>
public sealed record IndexerReport(
    DateTimeOffset Date, Machine Machine, double LoadBefore, int Blocks, long Events, double JsonMib, double Seconds, double EventsPerSecond, double BlocksPerSecond,
    double PeakRssMib, double IndexerCpuSeconds, double DatabaseCpuSeconds, double ReplayCpuSeconds, double CpuSecondsPerMillionEvents, long Requests, double DatabaseMib,
    double CopyRowsPerSecond, double ShareOfCopy);

/// <summary>
/// The indexer as a process of its own against a replayed chain and a database of its own, from nothing to the last block. Whether every row is there
/// is checked against what the chain was made of.
/// </summary>
internal sealed class IndexerBench(int blocks, int logsPerBlock, Action<string> progress)
{
    private const int Seed = 1;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);

    public async Task<IndexerReport> RunAsync(CancellationToken cancellation)
    {
        var checkout = Checkout.Find();
        using var folder = RunFolder.Create(checkout);
        await using var postgres = await PostgresServer.StartAsync(checkout, folder, cancellation: cancellation);
        var database = (await postgres.CreateDatabaseAsync("indexed", cancellation))[Services.Indexer];
        var chain = new ReplayChain(Seed, blocks, logsPerBlock);
        var port = FreePort.Next();
        await using var replay = await StartReplayAsync(checkout, folder, port, cancellation);
        progress($"a chain of {blocks} blocks with {logsPerBlock} logs each is replayed on port {port}");

        var load = Machine.Load();
        var before = (Database: postgres.Usage()!.Processor, Replay: replay.Usage()!.Processor);
        var clock = Stopwatch.StartNew();
        await using var indexer = ManagedProcess.Start(Indexer(checkout, folder, port, database), folder);
        var used = await WatchAsync(indexer, cancellation);
        var seconds = clock.Elapsed.TotalSeconds;
        if (indexer.ExitCode != 0)
            throw indexer.Failed($"ended with exit code {indexer.ExitCode}");
        var (ofDatabase, ofReplay) = (postgres.Usage()!.Processor - before.Database, replay.Usage()!.Processor - before.Replay);
        progress($"read in {seconds:0.0} s");

        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync(cancellation);
        await CheckAsync(connection, chain, cancellation);
        var size = (long)(await Scalar(connection, "select pg_database_size(current_database())", cancellation))!;
        var events = chain.Rows.Values.Sum();
        var copied = await CopyAgainAsync(connection, cancellation);
        var rate = events / seconds;
        return new(
            DateTimeOffset.UtcNow, Machine.Read(), Statistics.Rounded(load), blocks, events, Statistics.Rounded(chain.LogsLength(ReplayChain.FirstBlock, chain.Head) / (double)(1 << 20)),
            Statistics.Rounded(seconds), Statistics.Rounded(rate), Statistics.Rounded(blocks / seconds), Statistics.Rounded(used.PeakMib),
            Statistics.Rounded(used.Cpu.TotalSeconds), Statistics.Rounded(ofDatabase.TotalSeconds), Statistics.Rounded(ofReplay.TotalSeconds),
            events == 0 ? 0 : Statistics.Rounded((used.Cpu + ofDatabase).TotalSeconds * 1e6 / events), RequestsIn(indexer), Statistics.Rounded(size / (double)(1 << 20)),
            Statistics.Rounded(copied), copied == 0 ? 0 : Statistics.Rounded(rate / copied));
    }

    private async Task<ManagedProcess> StartReplayAsync(Checkout checkout, RunFolder folder, int port, CancellationToken cancellation)
    {
        var spec = new ProcessSpec("replay", "dotnet", checkout.Assembly("Circle"), "bench", "replay", "--blocks", Text(blocks), "--logs", Text(logsPerBlock), "--port", Text(port));
        using var http = new HttpClient();
        return await ManagedProcess.StartReadyAsync(spec, folder, async token =>
        {
            try
            {
                using var question = new StringContent("""{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}""", null, "application/json");
                using var answer = await http.PostAsync($"http://127.0.0.1:{port}/", question, token);
                return answer.IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }, Patience, "the replayed chain", cancellation);
    }

    private static ProcessSpec Indexer(Checkout checkout, RunFolder folder, int port, string database)
    {
        var node = $"http://127.0.0.1:{port}/";
        File.WriteAllText(folder.File("replayed.abi.json"), ReplayChain.AbiText);
        File.WriteAllText(folder.File("replayed.json"),
            $$"""
            { "name": "replayed", "chainId": {{ReplayChain.ChainId}}, "rpcUrl": "{{node}}", "startBlock": {{ReplayChain.FirstBlock}}, "confirmations": 12,
              "contracts": [{ "name": "market", "abi": "replayed.abi.json", "addresses": ["{{ReplayChain.Contract}}"] }] }
            """);
        return new("indexer", "dotnet", checkout.Assembly("Indexer"), "sources", $"--Sources={folder.File("replayed.json")}",
            // The escrow is not read by this command; its settings only have to be there.
            $"--Chain:RpcUrl={node}", $"--Chain:Id={ReplayChain.ChainId}", $"--Chain:Escrow={ReplayChain.Contract}", $"--Database:ConnectionString={database}");
    }

    private static async Task<(TimeSpan Cpu, double PeakMib)> WatchAsync(ManagedProcess process, CancellationToken cancellation)
    {
        var (cpu, peak) = (TimeSpan.Zero, 0.0);
        while (!process.HasExited)
        {
            if (ProcessUsage.OfTree(process.Id) is { } usage)
                cpu = usage.Processor > cpu ? usage.Processor : cpu;
            peak = Math.Max(peak, ResidentPeakMib(process.Id));
            await Task.Delay(20, cancellation);
        }
        return (cpu, peak);
    }

    private static double ResidentPeakMib(int id)
    {
        try
        {
            return File.ReadLines($"/proc/{id}/status").FirstOrDefault(line => line.StartsWith("VmHWM:", StringComparison.Ordinal)) is { } line
                ? double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024
                : 0;
        }
        catch (IOException)
        {
            return 0; // It has just ended.
        }
    }

    private static long RequestsIn(ManagedProcess indexer) =>
        long.Parse(indexer.LogTail().Split('\n').Last(line => line.EndsWith(" requests", StringComparison.Ordinal)).Split(' ')[^2], CultureInfo.InvariantCulture);

    private static async Task CheckAsync(NpgsqlConnection connection, ReplayChain chain, CancellationToken cancellation)
    {
        foreach (var (name, rows) in chain.Rows)
            if ((long)(await Scalar(connection, $"select count(*) from replayed.market_{name.ToLowerInvariant()}", cancellation))! is var found && found != rows)
                throw new InvalidDataException($"{name}: {found} rows, the chain has {rows}.");
        var transferred = BigInteger.Parse((string)(await Scalar(connection, "select coalesce(sum(value), 0)::text from replayed.market_transfer", cancellation))!, CultureInfo.InvariantCulture);
        if (transferred != chain.Transferred)
            throw new InvalidDataException($"Transfers sum to {transferred}, on the chain to {chain.Transferred}.");
    }

    /// <summary>Rows per second of COPY alone.</summary>
    private static async Task<double> CopyAgainAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        var schema = (string)(await Scalar(connection, "select table_schema from information_schema.tables where table_name = 'market_transfer' and table_schema like 'replayed\\_%'", cancellation))!;
        var (rows, clock) = (0L, new Stopwatch());
        await Scalar(connection, "create schema copied", cancellation);
        foreach (var table in (string[])["blocks", "market_transfer", "market_approval", "market_filled"])
        {
            using var bytes = new MemoryStream();
            await using (var output = await connection.BeginRawBinaryCopyAsync($"copy {schema}.{table} to stdout (format binary)", cancellation))
                await output.CopyToAsync(bytes, cancellation);
            await Scalar(connection, $"create table copied.{table} (like {schema}.{table} including indexes)", cancellation);
            bytes.Position = 0;
            clock.Start();
            await using (var input = await connection.BeginRawBinaryCopyAsync($"copy copied.{table} from stdin (format binary)", cancellation))
                await bytes.CopyToAsync(input, cancellation);
            clock.Stop();
            rows += table == "blocks" ? 0 : (long)(await Scalar(connection, $"select count(*) from copied.{table}", cancellation))!;
        }
        return rows / clock.Elapsed.TotalSeconds;
    }

    private static async Task<object?> Scalar(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        return await command.ExecuteScalarAsync(cancellation);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>The report of <c>bench indexer</c> for people and for programs.</summary>
internal static class IndexerOutput
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static async Task WriteJsonAsync(IndexerReport report, string file, CancellationToken cancellation) =>
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(report, Json) + "\n", cancellation);

    public static void Print(IndexerReport report) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"""

        {report.Date:yyyy-MM-dd HH:mm} UTC, {report.Machine}, load {report.LoadBefore:0.#} before
        {report.Events} events in {report.Blocks} blocks, {report.JsonMib:0} MiB of logs as JSON, one row per event, every row checked
          events per second        {report.EventsPerSecond:0}   ({report.Seconds:0.0} s with the start of the process)
          blocks per second        {report.BlocksPerSecond:0}
          peak resident memory     {report.PeakRssMib:0} MiB
          CPU seconds              indexer {report.IndexerCpuSeconds:0.0}, database {report.DatabaseCpuSeconds:0.0}, replayed chain {report.ReplayCpuSeconds:0.0}
          CPU per million events   {report.CpuSecondsPerMillionEvents:0.0} s (indexer and database)
          requests                 {report.Requests}
          database                 {report.DatabaseMib:0} MiB
          COPY of the same rows    {report.CopyRowsPerSecond:0} rows per second; the indexer reaches {report.ShareOfCopy:0.00} of that
        """));
}
