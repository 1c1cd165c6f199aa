using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Assay.Indexer.Tests.Sources;

/// <summary>Serves a <see cref="SimulatedChain"/> over HTTP, as ill as it is told.</summary>
internal sealed class SimulatedNode : IAsyncDisposable
{
    private readonly WebApplication _app;

    private SimulatedNode(WebApplication app) => _app = app;

    /// <summary>Guards the chain while it is changed.</summary>
    public Lock Gate { get; } = new();

    public SimulatedChain Chain { get; set; } = new();

    /// <summary>Called before every HTTP request; may change the chain, or return a status to answer with instead.</summary>
    public Func<HttpStatusCode?>? BeforeRequest { get; set; }

    /// <summary>Called with every single call and its result; returns what is answered: another result, or an object <c>{"error": ...}</c>.</summary>
    public Func<string, JsonArray, JsonNode?, JsonNode?>? Change { get; set; }

    /// <summary>Bytes of the answer that are sent; all by default.</summary>
    public Func<byte[], byte[]>? Cut { get; set; }

    public string Url { get; private set; } = "";

    /// <summary>Tells the truth from now on.</summary>
    public void Heal()
    {
        lock (Gate)
            (BeforeRequest, Change, Cut) = (null, null, null);
    }

    public static async Task<SimulatedNode> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var node = new SimulatedNode(app);
        app.Urls.Add("http://127.0.0.1:0");
        app.MapPost("/", node.AnswerAsync);
        await app.StartAsync();
        node.Url = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return node;
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var request = (await JsonNode.ParseAsync(context.Request.Body))!;
        byte[] body;
        lock (Gate)
        {
            if (BeforeRequest?.Invoke() is { } status)
            {
                context.Response.StatusCode = (int)status;
                return;
            }
            var answer = request is JsonArray calls ? new JsonArray([.. calls.Select(call => Answer(call!))]) : Answer(request);
            body = Encoding.UTF8.GetBytes(answer.ToJsonString());
            body = Cut?.Invoke(body) ?? body;
        }
        await context.Response.Body.WriteAsync(body);
    }

    private JsonNode Answer(JsonNode call)
    {
        var (method, parameters) = (call["method"]!.GetValue<string>(), call["params"]!.AsArray());
        var result = Chain.Answer(method, parameters);
        if (Change is { } change)
            result = change(method, parameters, result);
        var answer = new JsonObject { ["jsonrpc"] = "2.0", ["id"] = call["id"]!.DeepClone() };
        if (result is JsonObject failed && failed["error"] is { } error)
            answer["error"] = error.DeepClone();
        else
            answer["result"] = result;
        return answer;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}
