using System.Text;
using Assay.Ethereum.Primitives;
using Assay.Protocol;
using Assay.Protocol.Nodes;
using Assay.Protocol.Work;
using Microsoft.AspNetCore.Http;

namespace Assay.NodeAgent.Tests;

public sealed class HostileVerifierTests : IDisposable
{
    private readonly Folder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> WrongLeases => new("huge", "endless", "redirect", "garbage", "null", "nulls", "too-many", "bad-hash", "empty", "error", "forbidden", "abort");

    [Theory]
    [MemberData(nameof(WrongLeases))]
    public async Task An_agent_outlives_a_wrong_answer_to_its_lease(string wrong)
    {
        await using var verifier = await ScriptedVerifier.StartAsync(_folder);
        await using var elsewhere = await ScriptedVerifier.StartAsync(_folder);
        var sample = SampleJob.Exact();
        var times = 0;
        verifier.Interfere = async context =>
        {
            if (context.Request.Path != "/nodes/lease" || Interlocked.Increment(ref times) > 2) return false;
            await AnswerWronglyAsync(context, wrong, elsewhere.Url, sample);
            return true;
        };
        await using var agent = RunningAgent.Start(_folder, verifier);
        verifier.Give(sample, WorkKind.Reveal);
        Assert.StartsWith("not_sealed", (await verifier.NextAsync<RefusalRequest>()).Reason);
        Assert.False(verifier.HasAnswers);
        Assert.Empty(elsewhere.Requests);
        Assert.Contains("no-lease", agent.Log.ToString());
    }

    [Fact]
    public async Task Work_whose_job_is_not_its_order_s_digest_is_ignored()
    {
        await using var verifier = await ScriptedVerifier.StartAsync(_folder);
        await using var agent = RunningAgent.Start(_folder, verifier);
        var sample = SampleJob.Exact();
        verifier.Give(new WorkItem("wrong", WorkKind.Execute, Bytes32.Zero, sample.Order, 0, 0));
        verifier.Give(sample, WorkKind.Reveal);
        Assert.StartsWith("Reveal", (await verifier.NextAsync<RefusalRequest>()).WorkId);
        while (!agent.Log.ToString().Contains("ignored work=wrong")) await Task.Delay(20);
        Assert.False(verifier.HasAnswers);
    }

    [Theory]
    [InlineData("other")]
    [InlineData("endless")]
    [InlineData("redirect")]
    public async Task Content_that_is_not_the_digest_s_never_reaches_a_runtime(string wrong)
    {
        await using var verifier = await ScriptedVerifier.StartAsync(_folder);
        var sample = SampleJob.Exact();
        foreach (var blob in sample.Blobs) await verifier.Blobs.PutAsync(blob);
        var model = "/blobs/" + sample.Manifest.Model.Digest;
        verifier.Interfere = async context =>
        {
            if (context.Request.Method != "GET" || context.Request.Path != model) return false;
            if (wrong == "redirect") context.Response.Redirect(verifier.Url + "elsewhere");
            else if (wrong == "other") await context.Response.Body.WriteAsync(new byte[sample.Manifest.Model.Size]);
            else while (!context.RequestAborted.IsCancellationRequested) await context.Response.Body.WriteAsync(new byte[1 << 16], context.RequestAborted);
            return true;
        };
        await using var agent = RunningAgent.Start(_folder, verifier, _folder.Shell($"touch '{_folder.File("ran")}'"));
        verifier.Give(sample, WorkKind.Execute);
        Assert.StartsWith("content_unavailable", (await verifier.NextAsync<RefusalRequest>()).Reason);
        Assert.False(File.Exists(_folder.File("ran")));
        Assert.Empty(Directory.GetFiles(_folder.File("cache"), "download-*"));
    }

    [Fact]
    public async Task An_answer_is_sent_again_with_a_new_nonce_until_it_is_taken()
    {
        await using var verifier = await ScriptedVerifier.StartAsync(_folder);
        var tries = 0;
        verifier.Interfere = async context =>
        {
            if (context.Request.Path != "/nodes/refusals") return false;
            var status = Interlocked.Increment(ref tries) switch { 1 => 503, 2 => 429, 3 => 409, _ => 0 };
            if (status == 0) return false;
            context.Response.StatusCode = status;
            await context.Response.WriteAsync("""{"code":"replayed","detail":"seen before"}""");
            return true;
        };
        await using var agent = RunningAgent.Start(_folder, verifier);
        verifier.Give(SampleJob.Exact(), WorkKind.Reveal);
        await verifier.NextAsync<RefusalRequest>();
        Assert.Equal(4, tries);
    }

    [Fact]
    public async Task An_answer_that_is_refused_for_good_is_not_sent_again()
    {
        await using var verifier = await ScriptedVerifier.StartAsync(_folder);
        verifier.Interfere = async context =>
        {
            if (context.Request.Path != "/nodes/refusals") return false;
            context.Response.StatusCode = 409;
            await context.Response.WriteAsync("""{"code":"not_asked","detail":"line\nbreak"}""");
            return true;
        };
        await using var agent = RunningAgent.Start(_folder, verifier);
        verifier.Give(SampleJob.Exact(), WorkKind.Reveal);
        while (!agent.Log.ToString().Contains("refusal-not-taken")) await Task.Delay(20);
        Assert.Contains("409 not_asked: line break", agent.Log.ToString());
        Assert.Single(verifier.Requests, path => path == "/nodes/refusals");
    }

    [Fact]
    public async Task A_verifier_that_restarts_finds_its_nodes_again()
    {
        await using var verifier = await ScriptedVerifier.StartAsync(_folder);
        await using var agent = RunningAgent.Start(_folder, verifier);
        while (verifier.Requests.IsEmpty) await Task.Delay(20);
        await verifier.StopAsync();
        while (!agent.Log.ToString().Contains("no-lease")) await Task.Delay(20);
        await verifier.StartAsync();
        verifier.Give(SampleJob.Exact(), WorkKind.Reveal);
        await verifier.NextAsync<RefusalRequest>();
    }

    private static async Task AnswerWronglyAsync(HttpContext context, string wrong, Uri elsewhere, SampleJob sample)
    {
        var response = context.Response;
        switch (wrong)
        {
            case "huge":
                await response.WriteAsync("""{"work":[],"x":" """ + new string('x', 2 << 20) + "\"}");
                break;
            case "endless":
                try
                {
                    while (!context.RequestAborted.IsCancellationRequested) await response.Body.WriteAsync(new byte[1 << 16], context.RequestAborted);
                }
                catch (OperationCanceledException)
                {
                }
                break;
            case "redirect":
                response.StatusCode = 307;
                response.Headers.Location = new Uri(elsewhere, "/nodes/lease").ToString();
                break;
            case "garbage":
                await response.Body.WriteAsync(Encoding.UTF8.GetBytes("{\"work\":[{\"id\":"));
                break;
            case "null":
                await response.WriteAsync("null");
                break;
            case "nulls":
                await response.WriteAsync("""{"work":[null]}""");
                break;
            case "too-many":
                var item = new WorkItem("x", WorkKind.Execute, ScriptedVerifier.Domain.Digest(sample.Order), sample.Order, 0, 0);
                await response.WriteAsJsonAsync(new LeaseResponse([.. Enumerable.Repeat(item, 65)]), ProtocolJson.Options);
                break;
            case "bad-hash":
                await response.WriteAsync("""{"work":[{"id":"x","kind":"Execute","job":"0x12","order":{},"round":0,"seat":0}]}""");
                break;
            case "error":
                response.StatusCode = 500;
                break;
            case "forbidden":
                response.StatusCode = 403;
                await response.WriteAsync(new string('<', 100_000));
                break;
            case "abort":
                context.Abort();
                break;
        }
    }
}
