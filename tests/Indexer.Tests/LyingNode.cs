using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Assay.Indexer.Tests;

/// <summary>Stands before a real node and passes everything through, until it is told what to lie about.</summary>
internal sealed class LyingNode : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpClient _node = new();

    private LyingNode(WebApplication app) => _app = app;

    /// <summary>Changes the result of a call, given the method; null while the node is honest.</summary>
    public Action<string, JsonNode>? Lie { get; set; }

    public string Url => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    public static async Task<LyingNode> StartAsync(Uri node)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        var lying = new LyingNode(app);
        app.MapPost("/", context => lying.AnswerAsync(context, node));
        await app.StartAsync();
        return lying;
    }

    private async Task AnswerAsync(HttpContext context, Uri node)
    {
        var request = (await JsonNode.ParseAsync(context.Request.Body))!;
        using var response = await _node.PostAsync(node, new StringContent(request.ToJsonString(), null, "application/json"), context.RequestAborted);
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync(context.RequestAborted))!;
        if (Lie is { } lie)
            foreach (var (question, reply) in Pairs(request, answer))
                if (reply["result"] is { } result)
                    lie(question["method"]!.GetValue<string>(), result);
        await context.Response.WriteAsync(answer.ToJsonString(), context.RequestAborted);
    }

    private static IEnumerable<(JsonNode Question, JsonNode Reply)> Pairs(JsonNode request, JsonNode answer) => request is JsonArray questions
        ? questions.Select(question => (question!, answer.AsArray().Single(reply => reply!["id"]!.ToJsonString() == question!["id"]!.ToJsonString())!))
        : [(request, answer)];

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _node.Dispose();
    }
}
