using System.Net.Http.Json;
using System.Text.Json;
using Assay.Ethereum.Primitives;
using Assay.Hosting;
using Assay.Indexer.Api;
using Assay.Protocol.Chain;

namespace Assay.Circle.Network;

/// <summary>The Indexer's public HTTP interface, as an auditor uses it.</summary>
public sealed class AuditorApi(Uri indexer) : IAsyncDisposable
{
    private const int PageSize = 500;

    // Answers leave out what has not happened yet.
    private static readonly JsonSerializerOptions Json = new(AssayJson.Options) { RespectRequiredConstructorParameters = false };

    private readonly HttpClient http = PatientHandler.Client(indexer);

    /// <summary>Every job that is on the chain, without the transactions.</summary>
    public async Task<IReadOnlyDictionary<Bytes32, IndexedJob>> JobsAsync(CancellationToken cancellation)
    {
        var jobs = new Dictionary<Bytes32, IndexedJob>();
        string? after = null;
        do
        {
            var page = await GetAsync<Page<JobView>>($"/jobs?limit={PageSize}{(after is null ? "" : $"&after={after}")}", cancellation);
            foreach (var job in page.Items) jobs[job.Job] = new IndexedJob(job, [], 0);
            after = page.Next;
        }
        while (after is not null);
        return jobs;
    }

    public async Task<IndexedJob> JobAsync(Bytes32 job, CancellationToken cancellation) =>
        IndexedJob.Of(await GetAsync<JobAnswer>($"/jobs/{job}", cancellation));

    /// <summary>How many events of that name were announced and then withdrawn by a reorg.</summary>
    public async Task<int> OrphanedAsync(string name, CancellationToken cancellation)
    {
        var count = 0;
        foreach (var job in (await JobsAsync(cancellation)).Keys)
            count += (await GetAsync<JobAnswer>($"/jobs/{job}?orphaned=true", cancellation)).History.Count(e => e.Orphaned && e.Event == name);
        return count;
    }

    public async Task<IReadOnlyDictionary<Book, Amount>> BooksAsync(Address account, ulong block, CancellationToken cancellation) =>
        (await GetAsync<AccountAnswer>($"/accounts/{account}?block={block}", cancellation)).Books;

    /// <summary>The newest block that the Indexer has and that will not be given up any more.</summary>
    public async Task<ulong> FinalisedAsync(CancellationToken cancellation) =>
        (await GetAsync<AccountAnswer>($"/accounts/{Address.Zero}", cancellation)).Block.Number - LocalTerms.Confirmations;

    /// <summary>The Indexer's own comparison of all books with the token's balance of the escrow; no donation was made past the contract's functions.</summary>
    public async Task<bool> ReconcilesAsync(ulong block, CancellationToken cancellation) =>
        await GetAsync<ReconciliationAnswer>($"/reconciliation?block={block}", cancellation) is { Conserved: true, Surplus.IsZero: true };

    public ValueTask DisposeAsync()
    {
        http.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<T> GetAsync<T>(string path, CancellationToken cancellation) =>
        (await http.GetFromJsonAsync<T>(path, Json, cancellation))!;
}
