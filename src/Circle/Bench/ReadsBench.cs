using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Assay.Circle.Network;
using Assay.Circle.Stack;
using Assay.Ethereum;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Wallets;
using Assay.Indexer;
using Assay.Indexer.Projections;
using Assay.Indexer.Sync;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Npgsql;

namespace Assay.Circle.Bench;

/// <param name="PerSecond">Answers.</param>
/// <param name="P50">Milliseconds, like the others; at a given rate counted from the moment that a request was due.</param>
public sealed record ReadFigures(double PerSecond, double P50, double P99, double Worst);

/// <summary>What <c>bench reads</c> measured; its JSON has these names in snake case.</summary>
/// <param name="Movements">Rows of the ledger, a tenth as many jobs beside them.</param>
/// <param name="Single">One job or one account, 16 clients, each asking as soon as it is answered.</param>
/// <param name="Pages">100 movements of an account from somewhere in its past, 200 requests a second whatever comes back.</param>
/// <param name="HighestPageRate">Requests a second up to which the 99th percentile of pages stays under 20 ms; 0 where 200 does not.</param>
public sealed record ReadsReport(
    DateTimeOffset Date, Machine Machine, double LoadBefore, long Movements, double FillSeconds, ReadFigures Single, ReadFigures Pages, int HighestPageRate);

/// <summary>The indexer's answers over a large index: the service as a process of its own, database and clients on the same machine.</summary>
internal sealed class ReadsBench(int jobs, Action<string> progress)
{
    private const int MovementsOfJob = 10, Accounts = 1000, Clients = 16, FirstPageRate = 200, BlocksOfBatch = 2000;
    private const double PageLimit = 20;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2), Warming = TimeSpan.FromSeconds(3), Measuring = TimeSpan.FromSeconds(10);

    public async Task<ReadsReport> RunAsync(CancellationToken cancellation)
    {
        var checkout = Checkout.Find();
        using var folder = RunFolder.Create(checkout);
        await using var postgres = await PostgresServer.StartAsync(checkout, folder, cancellation: cancellation);
        await using var chain = await AnvilChain.StartAsync(checkout, folder, cancellation: cancellation);
        using var web3 = new Web3(chain.RpcUrl.ToString(), HdWallet.FromMnemonic(chain.Mnemonic).GetAccount(0));
        var deployer = new Deployer(web3);
        var token = (await deployer.TokenAsync()).ContractAddress!.Value;
        var escrow = (await deployer.EscrowAsync(token, LocalTerms.Parameters)).ContractAddress!.Value;
        var connectionString = (await postgres.CreateDatabaseAsync("read", cancellation))[Services.Indexer];
        var clock = Stopwatch.StartNew();
        await FillAsync(connectionString, chain.ChainId, escrow, token, cancellation);
        var filled = clock.Elapsed.TotalSeconds;
        progress($"{jobs} jobs and {(long)jobs * MovementsOfJob} movements stored in {filled:0} s");

        await using var writer = new NpgsqlConnection(connectionString);
        await writer.OpenAsync(cancellation);
        // Whoever writes would look for these blocks on the chain: the service stands by, and answers.
        await ExecuteAsync(writer, $"select pg_advisory_lock(hashtextextended('assay-indexer indexer {chain.ChainId} {escrow}', 0))", cancellation);
        var address = new Uri($"http://127.0.0.1:{FreePort.Next()}/");
        await using var service = await ManagedProcess.StartReadyAsync(new("indexer", "dotnet", checkout.Assembly("Indexer"), $"--Chain:RpcUrl={chain.RpcUrl}", $"--Chain:Id={chain.ChainId}",
            $"--Chain:Escrow={escrow}", $"--Database:ConnectionString={connectionString}", "--Api:RequestsPerSecond=1000000", $"--Urls={address}"), folder,
            async token => await AnswersAsync(address, token), Patience, "the indexer to answer", cancellation);
        var load = Machine.Load();
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 256 }) { BaseAddress = address };

        await SingleAsync(http, Warming, cancellation);
        var single = await SingleAsync(http, Measuring, cancellation);
        progress($"single objects: {single.PerSecond:0} a second, p99 {single.P99:0.0} ms");
        await PagesAsync(http, FirstPageRate, Warming, cancellation);
        var pages = await PagesAsync(http, FirstPageRate, Measuring, cancellation);
        progress($"pages at {FirstPageRate} a second: p99 {pages.P99:0.0} ms");
        var highest = 0;
        for (var rate = FirstPageRate; (rate == FirstPageRate ? pages : await PagesAsync(http, rate, Measuring, cancellation)).P99 < PageLimit; rate += rate / 2)
            highest = rate;
        return new(DateTimeOffset.UtcNow, Machine.Read(), Statistics.Rounded(load), (long)jobs * MovementsOfJob, Statistics.Rounded(filled), single, pages, highest);
    }

    /// <summary>One block for each job: its opening, and movements of ten accounts.</summary>
    private async Task FillAsync(string connectionString, long chainId, Address escrow, Address token, CancellationToken cancellation)
    {
        await using var database = new IndexerDatabase(connectionString);
        await database.MigrateAsync(cancellation);
        var sequence = 0UL;
        for (var first = 1; first <= jobs; first += BlocksOfBatch)
            await database.InTransactionAsync(async transaction =>
            {
                var last = Math.Min(first + BlocksOfBatch - 1, jobs);
                await ExecuteAsync(transaction.Connection!, $"insert into blocks select sha256(int8send(n)), n, sha256(int8send(n - 1)), 1700000000 + n from generate_series({first}::bigint, {last}) n", cancellation);
                await EventTables.InsertAsync(transaction, [.. Enumerable.Range(first, last - first + 1).SelectMany(job => EventsOf(job, ref sequence))]);
            }, cancellation);
        await database.InTransactionAsync(Projector.RebuildAsync, cancellation);
        await using var connection = await database.OpenAsync(cancellation);
        await ExecuteAsync(connection,
            $"""
            insert into chain (chain_id, escrow, token, start_block, indexed_number, indexed_hash, indexed_time, finalised_number, sequence)
            select {chainId}, '\x{escrow.ToString()[2..]}', '\x{token.ToString()[2..]}', 0, number, hash, time, number - 12, {sequence} from blocks order by number desc limit 1
            """, cancellation);
        await ExecuteAsync(connection, "vacuum analyze", cancellation);
    }

    private static List<IChainEvent> EventsOf(int job, ref ulong sequence)
    {
        var (block, id, transaction) = (Hash(job), JobOf(job), Keccak256.Hash($"transaction {job}"));
        var (events, next) = (new List<IChainEvent>(), sequence);
        ChainPosition At() => new(++next, (ulong)job, block, 1_700_000_000 + (ulong)job, transaction, (uint)events.Count);
        events.Add(new JobOpened(At(), id, AccountOf(job), AccountOf(job + 1), AccountOf(job + 2), id, id, Comparison.Exact, 50_000, 1_000_000, 10_000, 60, id, 100_000, 16, 1, false));
        for (var i = 0; i < MovementsOfJob; i++)
            events.Add(new LedgerMoved(At(), id, AccountOf(job + i), Book.Available, Reason.Deposit, 1, job));
        sequence = next;
        return events;
    }

    private async Task<ReadFigures> SingleAsync(HttpClient http, TimeSpan duration, CancellationToken cancellation)
    {
        var (latencies, clock) = (new ConcurrentBag<double>(), Stopwatch.StartNew());
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async client =>
        {
            var random = new Random(client);
            while (clock.Elapsed < duration)
            {
                var start = Stopwatch.GetTimestamp();
                await GetAsync(http, random.Next(2) == 0 ? $"accounts/{AccountOf(random.Next(Accounts))}" : $"jobs/{JobOf(random.Next(1, jobs + 1))}", cancellation);
                latencies.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
        }));
        return Figures(latencies, clock.Elapsed);
    }

    private async Task<ReadFigures> PagesAsync(HttpClient http, int rate, TimeSpan duration, CancellationToken cancellation)
    {
        var (latencies, random, clock, asked) = (new ConcurrentBag<double>(), new Random(7), Stopwatch.StartNew(), new List<Task>());
        for (var i = 0; i < rate * duration.TotalSeconds; i++)
        {
            var due = TimeSpan.FromSeconds((double)i / rate);
            if (due > clock.Elapsed)
                await Task.Delay(due - clock.Elapsed, cancellation);
            var path = $"accounts/{AccountOf(random.Next(Accounts))}/ledger?limit=100&after={random.Next(1, jobs)}-0";
            asked.Add(Task.Run(async () =>
            {
                await GetAsync(http, path, cancellation);
                latencies.Add((clock.Elapsed - due).TotalMilliseconds);
            }, cancellation));
        }
        await Task.WhenAll(asked);
        return Figures(latencies, clock.Elapsed);
    }

    private static ReadFigures Figures(IReadOnlyCollection<double> latencies, TimeSpan duration) => new(
        Statistics.Rounded(Statistics.Rate(latencies.Count, duration)), Statistics.Rounded(Statistics.Percentile(latencies, 0.5)),
        Statistics.Rounded(Statistics.Percentile(latencies, 0.99)), Statistics.Rounded(latencies.Max()));

    private static async Task GetAsync(HttpClient http, string path, CancellationToken cancellation)
    {
        using var answer = await http.GetAsync(path, cancellation);
        if (!answer.IsSuccessStatusCode)
            throw new InvalidDataException($"GET /{path}: {(int)answer.StatusCode}");
        await answer.Content.CopyToAsync(Stream.Null, cancellation);
    }

    private static async Task<bool> AnswersAsync(Uri address, CancellationToken cancellation)
    {
        try
        {
            using var http = new HttpClient { BaseAddress = address };
            using var answer = await http.GetAsync("chain", cancellation);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static Bytes32 Hash(long number)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, number);
        return new Bytes32(SHA256.HashData(bytes));
    }

    private static Bytes32 JobOf(int job) => Keccak256.Hash($"job {job}");

    private static Address AccountOf(int number) => Address.Parse($"0x{number % Accounts + 1000:x40}");

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellation);
    }
}

/// <summary>The report of <c>bench reads</c> for people and for programs.</summary>
internal static class ReadsOutput
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static async Task WriteJsonAsync(ReadsReport report, string file, CancellationToken cancellation) =>
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(report, Json) + "\n", cancellation);

    public static void Print(ReadsReport report) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"""

        {report.Date:yyyy-MM-dd HH:mm} UTC, {report.Machine}, load {report.LoadBefore:0.#} before
        {report.Movements} movements, {report.Movements / 10} jobs; service, database and clients on this machine; milliseconds
                                             per second      p50      p99    worst
          one object, 16 clients          {report.Single.PerSecond,13:0} {report.Single.P50,8:0.0} {report.Single.P99,8:0.0} {report.Single.Worst,8:0.0}
          page of 100, 200 a second       {report.Pages.PerSecond,13:0} {report.Pages.P50,8:0.0} {report.Pages.P99,8:0.0} {report.Pages.Worst,8:0.0}
          pages stay under 20 ms (p99) up to {report.HighestPageRate} a second
        """));
}
