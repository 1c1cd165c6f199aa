using System.Text.Json;
using Assay.Ethereum.Primitives;
using Assay.Hosting;
using Assay.Indexer.Api;
using Assay.Indexer.Commands;
using Assay.Protocol.Chain;
using Dapper;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Assay.Indexer.Tests;

public sealed class ReconcileCommandTests(StoryFixture story) : IClassFixture<StoryFixture>
{
    private static readonly JsonSerializerOptions Json = new(AssayJson.Options) { RespectRequiredConstructorParameters = false };
    private static readonly Period Always = new(null, null, null, null, null);

    private readonly TestEscrow _escrow = story.Escrow;
    private readonly TestIndexer _indexer = story.Indexer;

    [Fact]
    public async Task The_endpoints_name_what_was_not_checked_what_is_not_settled_and_what_was_decided()
    {
        var jobs = (await _indexer.GetAsync("/jobs")).GetProperty("items").Deserialize<IReadOnlyList<JobView>>(Json)!;
        var unchecked_ = (await _indexer.GetAsync("/reconciliation/unchecked")).Deserialize<IReadOnlyList<UncheckedJob>>(Json)!;
        Assert.Equal(jobs.Where(job => job.Outcome == Outcome.Unchecked).Select(job => job.Job), unchecked_.Select(job => job.Job));
        var unsettled = (await _indexer.GetAsync("/reconciliation/unsettled")).Deserialize<IReadOnlyList<UnsettledJob>>(Json)!;
        Assert.Equal(jobs.Where(job => job.EndedAt is null).OrderBy(job => job.OpenedBlock).Select(job => (job.Job, job.State)), unsettled.Select(job => (job.Job, job.State)));
        Assert.NotEmpty(unsettled);
        Assert.Empty((await _indexer.GetAsync("/reconciliation/unsettled?olderThan=1000000")).EnumerateArray());
        var verdict = Assert.Single((await _indexer.GetAsync("/reconciliation/verdicts")).Deserialize<IReadOnlyList<VerdictLine>>(Json)!);
        Assert.Equal((Verdict.Convicted, jobs.Single(job => job.Verdict is not null).Evidence), (verdict.Verdict, verdict.Evidence));
    }

    [Fact]
    public async Task The_command_goes_through_every_block_that_moved_money_and_names_what_it_finds()
    {
        var silent = (await _indexer.GetAsync("/jobs?outcome=Unchecked")).GetProperty("items")[0].GetProperty("job").GetString();
        var (code, lines) = await RunAsync(Always, 1_000_000, null);
        Assert.Equal((1, $"FOUND  job {silent} should have been checked and was paid without (Unchecked)"), (code, Assert.Single(lines, line => line.StartsWith("FOUND", StringComparison.Ordinal))));
        await using var connection = await _indexer.Database.OpenAsync();
        Assert.Contains($"books compared after {await connection.ExecuteScalarAsync<int>("select count(distinct block_number) from ledger_moved")} blocks", lines);

        var early = await connection.ExecuteScalarAsync<long>("select min(opened_block) - 1 from jobs");
        Assert.Equal((0, "nothing found"), await RunAsync(Always with { To = (ulong)early }, 1_000_000, null) is var calm ? (calm.Code, calm.Lines[^1]) : default);
        Assert.Contains((await RunAsync(Always with { To = (ulong)early }, 0, null)).Lines, line => line.Contains(" is Open for ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_verdict_whose_bundle_is_missing_or_another_is_found()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        await using var shelf = builder.Build();
        shelf.Urls.Add("http://127.0.0.1:0");
        byte[]? bundle = null;
        shelf.MapGet("/evidence/{job}", () => bundle is null ? Results.NotFound() : Results.Bytes(bundle));
        await shelf.StartAsync();
        var address = new Uri(shelf.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        Assert.Contains((await RunAsync(Always, 1_000_000, address)).Lines, line => line.Contains("has no bundle: 404", StringComparison.Ordinal));
        bundle = [1];
        Assert.Contains((await RunAsync(Always, 1_000_000, address)).Lines, line => line.Contains("is not the one that the verdict names", StringComparison.Ordinal));
    }

    private async Task<(int Code, IReadOnlyList<string> Lines)> RunAsync(Period period, ulong maxAge, Uri? verifier)
    {
        var output = new StringWriter();
        var options = TestIndexer.Options(_escrow, "Host=nowhere");
        using var escrow = new EscrowOnChain(new Ethereum.Web3(_escrow.Anvil.RpcUrl.ToString()), _escrow.Address);
        var code = await new ReconcileCommand(_indexer.Database, escrow, options, output).RunAsync(period, maxAge, verifier, null);
        return (code, output.ToString().Trim().Split('\n'));
    }
}
