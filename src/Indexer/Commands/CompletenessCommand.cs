using System.Net.Http.Json;
using System.Text.Json;
using Assay.Ethereum;
using Assay.Hosting;
using Assay.Indexer.Api;
using Assay.Indexer.Proofs;

namespace Assay.Indexer.Commands;

/// <summary>An indexer somewhere, as an auditor asks it.</summary>
internal sealed class RemoteIndexer(string url) : IDisposable
{
    // What has not happened is left out.
    private static readonly JsonSerializerOptions Json = new(AssayJson.Options) { RespectRequiredConstructorParameters = false };

    private readonly HttpClient _http = new() { BaseAddress = new Uri(url.EndsWith('/') ? url : url + "/") };

    public string Url => url;

    public async Task<ChainAnswer> ChainAsync() => (await _http.GetFromJsonAsync<ChainAnswer>("chain", Json))!;

    public async Task<CompletenessAnswer> CompletenessAsync(ulong from, ulong to) =>
        (await _http.GetFromJsonAsync<CompletenessAnswer>($"completeness?from={from}&to={to}", Json))!;

    public void Dispose() => _http.Dispose();
}

internal static class CompletenessCommand
{
    /// <summary>Digest of all events of <c>--From</c> to <c>--To</c> by the configured node alone; with <c>--Of=URL</c> exit code 1 where that indexer has another, or its signature is wrong.</summary>
    public static async Task<int> RunAsync(IndexerOptions options, IConfiguration configuration, ILoggerFactory logs)
    {
        if (!ulong.TryParse(configuration["From"], out var from) || !ulong.TryParse(configuration["To"], out var to) || from > to)
            throw new StartRefusedException("completeness needs --From=BLOCK and --To=BLOCK.");
        using var escrow = new EscrowOnChain(new Web3(options.Chain.RpcUrl), options.Chain.EscrowAddress);
        using var other = configuration["Of"] is { } url ? new RemoteIndexer(url) : null;
        var hasFailed = false;
        for (var first = from; first <= to; first += CompletenessRoute.MostBlocks)
        {
            var last = Math.Min(first + CompletenessRoute.MostBlocks - 1, to);
            var digest = await RowsDigest.FromChainAsync(escrow.Reader, first, last, options.BatchBlocks, CancellationToken.None);
            var answer = other is null ? null : await other.CompletenessAsync(first, last);
            var (isWrong, word) = answer is null ? (false, "") : Judge(digest, answer, options);
            hasFailed |= isWrong;
            Console.WriteLine($"{digest.Digest}  blocks {first} to {last}, {digest.Rows} events{word}");
        }
        return hasFailed ? 1 : 0;
    }

    private static (bool IsWrong, string Word) Judge(RowsDigest digest, CompletenessAnswer answer, IndexerOptions options) => answer.Digest != digest
        ? (true, "  DIFFERENT")
        : answer.IsSigned(RowsDigest.DomainOf((ulong)options.Chain.Id, options.Chain.EscrowAddress)) switch
        {
            null => (false, "  equal, not signed"),
            true => (false, $"  equal, signed by {answer.Signer}"),
            false => (true, "  WRONG SIGNATURE"),
        };
}

/// <summary>Compares two indexers block by block through their digests; needs no setting, node or database.</summary>
internal static class CompareCommand
{
    private const string Help =
        """
        compare URL URL
        Compares the digests of two indexers of the same contract over all blocks that are final for both, and finds the first block that differs.
        Exit codes: 0 equal, 1 different, 2 not comparable.

        """;

    public static int Run(IReadOnlyList<string> args, TextWriter output, TextWriter error)
    {
        if (args is not [var one, var two] || args.Any(arg => arg.StartsWith('-')))
        {
            (args.Contains("--help") ? output : error).Write(Help);
            return args.Contains("--help") ? 0 : 2;
        }
        try
        {
            return RunAsync(one, two, output).GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or UriFormatException or InvalidOperationException or TaskCanceledException)
        {
            error.WriteLine($"compare: {e.Message}");
            return 2;
        }
    }

    private static async Task<int> RunAsync(string one, string two, TextWriter output)
    {
        using var a = new RemoteIndexer(one);
        using var b = new RemoteIndexer(two);
        var (chainA, chainB) = (await a.ChainAsync(), await b.ChainAsync());
        if ((chainA.ChainId, chainA.Escrow) != (chainB.ChainId, chainB.Escrow))
            throw new InvalidOperationException($"{a.Url} follows {chainA.Escrow} on chain {chainA.ChainId}, {b.Url} follows {chainB.Escrow} on chain {chainB.ChainId}.");
        var (from, to) = (Math.Max(chainA.StartBlock, chainB.StartBlock), Math.Min(chainA.Finalised, chainB.Finalised));
        var rows = 0UL;
        for (var first = from; first <= to; first += CompletenessRoute.MostBlocks)
        {
            var last = Math.Min(first + CompletenessRoute.MostBlocks - 1, to);
            var (answerA, answerB) = (await a.CompletenessAsync(first, last), await b.CompletenessAsync(first, last));
            if (answerA.Digest != answerB.Digest)
            {
                await DescribeAsync(a, b, first, last, output);
                return 1;
            }
            rows += answerA.Digest.Rows;
        }
        output.WriteLine($"equal: {rows} events in blocks {from} to {to}");
        return 0;
    }

    // Halves are asked for until one block is left.
    private static async Task DescribeAsync(RemoteIndexer a, RemoteIndexer b, ulong first, ulong last, TextWriter output)
    {
        while (first < last)
        {
            var middle = first + (last - first) / 2;
            var isAbove = (await a.CompletenessAsync(first, middle)).Digest == (await b.CompletenessAsync(first, middle)).Digest;
            (first, last) = isAbove ? (middle + 1, last) : (first, middle);
        }
        output.WriteLine($"DIFFERENT from block {first} on");
        foreach (var indexer in (RemoteIndexer[])[a, b])
            if ((await indexer.CompletenessAsync(first, first)).Digest is var digest)
                output.WriteLine($"  {indexer.Url}: block {digest.Last}, {digest.Rows} events, {digest.Digest}");
    }
}
