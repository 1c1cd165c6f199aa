using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using Assay.Ethereum;
using Assay.Ethereum.Primitives;
using Assay.Hosting;
using Assay.Indexer.Api;
using Dapper;

namespace Assay.Indexer.Commands;

/// <summary>Everything that an auditor asks of the books, with an exit code: 0 nothing found, 1 something.</summary>
internal sealed class ReconcileCommand(IndexerDatabase database, EscrowOnChain escrow, IndexerOptions options, TextWriter output)
{
    private const ulong Day = 86_400;

    private int _findings;

    /// <summary><c>--From</c> and <c>--To</c> in blocks (all by default), <c>--MaxAge</c> in seconds (a day), <c>--Verifier</c> address, <c>--Replay</c> the verifier's program.</summary>
    public static async Task<int> RunAsync(IndexerOptions options, IConfiguration configuration, ILoggerFactory logs)
    {
        await using var database = new IndexerDatabase(options.Database.ConnectionString, options.Database.ReadConnectionString, options.Api.QuerySeconds);
        using var escrow = new EscrowOnChain(new Web3(options.Chain.RpcUrl), options.Chain.EscrowAddress);
        return await new ReconcileCommand(database, escrow, options, Console.Out).RunAsync(
            new Period(Number(configuration, "From"), Number(configuration, "To"), null, null, null), Number(configuration, "MaxAge") ?? Day,
            configuration["Verifier"] is { } verifier ? new Uri(verifier) : null, configuration["Replay"]);
    }

    public async Task<int> RunAsync(Period period, ulong maxAge, Uri? verifier, string? replay)
    {
        await BooksAsync(period);
        await foreach (var job in database.Stream(connection => Findings.UncheckedAsync(connection, period), default))
            Found($"job {job.Job} should have been checked and was paid without ({job.Outcome})");
        await foreach (var job in database.Stream(connection => Findings.UnsettledAsync(connection, maxAge), default))
            Found($"job {job.Job} is {job.State} for {job.AgeSeconds} s");
        if (verifier is not null)
            await VerdictsAsync(period, verifier, replay);
        output.WriteLine(_findings == 0 ? "nothing found" : $"{_findings} found");
        return _findings == 0 ? 0 : 1;
    }

    // Between two movements nothing changes.
    private async Task BooksAsync(Period period)
    {
        var blocks = await database.ReadAsync(async connection =>
        {
            var (first, last) = await connection.BlocksAsync(period);
            return (await connection.QueryAsync<long>(
                "select distinct block_number from ledger_moved join live using (sequence) where block_number between @First and @Last order by 1",
                new { First = (long)first, Last = (long)last.Number })).AsList();
        }, default);
        foreach (var block in blocks)
            if (await Reconciliation.AfterAsync(database, escrow, new AsOf((ulong)block, null), default) is { Conserved: false } wrong)
                Found($"after block {block} the books owe {wrong.Obligations}, movements and reserve are {wrong.Movements + wrong.Books[Protocol.Chain.Book.Reserved]}, "
                    + $"{wrong.Brought} was brought and the token holds {wrong.Held}");
        output.WriteLine($"books compared after {blocks.Count} blocks");
    }

    private async Task VerdictsAsync(Period period, Uri verifier, string? replay)
    {
        using var http = new HttpClient { BaseAddress = verifier };
        var count = 0;
        await foreach (var verdict in database.Stream(connection => Findings.VerdictsAsync(connection, period), default))
        {
            count++;
            using var answer = await http.GetAsync($"evidence/{verdict.Job}");
            if (answer.StatusCode != HttpStatusCode.OK)
                Found($"the verdict over {verdict.Job} has no bundle: {(int)answer.StatusCode}");
            else if (await answer.Content.ReadAsByteArrayAsync() is var bundle && new Bytes32(SHA256.HashData(bundle)) != verdict.Evidence)
                Found($"the bundle of {verdict.Job} is not the one that the verdict names");
            else if (replay is not null && await ReplayAsync(replay, bundle, verdict) is { } difference)
                Found($"the bundle of {verdict.Job} does not recompute: {difference}");
        }
        output.WriteLine($"bundles of {count} verdicts {(replay is null ? "compared with their digests" : "recomputed")}");
    }

    /// <summary>Null where the verifier's own command finds nothing.</summary>
    private async Task<string?> ReplayAsync(string program, byte[] bundle, VerdictLine verdict)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(file, bundle);
            string[] arguments = [program, "replay", file, "--chain-id", $"{options.Chain.Id}", "--escrow", $"{options.Chain.EscrowAddress}", "--evidence", $"{verdict.Evidence}"];
            using var process = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var (lines, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync();
            return process.ExitCode == 0 ? null
                : string.Join("; ", $"{await lines}\n{await error}".Split('\n').Where(line => line.StartsWith("DIFFERENT", StringComparison.Ordinal) || line.StartsWith("replay:", StringComparison.Ordinal)));
        }
        finally
        {
            File.Delete(file);
        }
    }

    private void Found(string what)
    {
        _findings++;
        output.WriteLine($"FOUND  {what}");
    }

    private static ulong? Number(IConfiguration configuration, string name) => configuration[name] is not { } text ? null
        : ulong.TryParse(text, out var number) ? number
        : throw new StartRefusedException($"reconcile: --{name} must be a whole number, got {text}.");
}
