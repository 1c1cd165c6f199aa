using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Assay.Settlement.Tests.World;

/// <summary>Stands between a service and its node, and fails where a test wants it.</summary>
internal sealed class FaultyNode : IAsyncDisposable
{
    private readonly HttpClient node;
    private readonly WebApplication app;

    private FaultyNode(Uri address)
    {
        node = new HttpClient { BaseAddress = address };
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        app = builder.Build();
        app.MapPost("/", AnswerAsync);
    }

    /// <summary>Methods that are answered with a broken connection without reaching the node.</summary>
    public Func<string, bool> Before { get; set; } = _ => false;

    /// <summary>Methods that reach the node, and whose answer is lost.</summary>
    public Func<string, bool> After { get; set; } = _ => false;

    /// <summary>Methods that the node is said to refuse, with the words.</summary>
    public Func<string, string?> Refuse { get; set; } = _ => null;

    /// <summary>Calls that the node is said to fail at, by method and parameters as text, alone or in a batch; with the words.</summary>
    public Func<string, string, string?> Fail { get; set; } = (_, _) => null;

    /// <summary>Calls by method, those that failed included.</summary>
    public Dictionary<string, int> Calls { get; } = [];

    public string Url => app.Urls.Single();

    public static async Task<FaultyNode> StartAsync(Uri address)
    {
        var proxy = new FaultyNode(address);
        await proxy.app.StartAsync();
        return proxy;
    }

    private async Task AnswerAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        var body = await reader.ReadToEndAsync();
        var methods = MethodsOf(body);
        lock (Calls)
            foreach (var method in methods) Calls[method] = Calls.GetValueOrDefault(method) + 1;
        if (methods.Any(Before))
        {
            context.Abort();
            return;
        }
        if (methods is [var only] && Refuse(only) is { } words)
        {
            using var call = JsonDocument.Parse(body);
            await context.Response.WriteAsJsonAsync(new { jsonrpc = "2.0", id = call.RootElement.GetProperty("id").GetInt64(), error = new { code = -32000, message = words } });
            return;
        }
        using var answer = await node.PostAsync("", new StringContent(body, Encoding.UTF8, "application/json"));
        var text = await answer.Content.ReadAsStringAsync();
        if (methods.Any(After))
        {
            context.Abort();
            return;
        }
        text = WithFailures(body, text);
        context.Response.StatusCode = (int)(answer.IsSuccessStatusCode ? HttpStatusCode.OK : answer.StatusCode);
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(text);
    }

    private string WithFailures(string body, string text)
    {
        var calls = JsonNode.Parse(body);
        var failed = (calls as JsonArray ?? [calls!.DeepClone()])
            .Select(call => (Id: (long)call!["id"]!, Words: Fail((string)call["method"]!, call["params"]!.ToJsonString())))
            .Where(call => call.Words is not null)
            .ToDictionary(call => call.Id, call => call.Words);
        if (failed.Count == 0) return text;
        JsonNode Answer(JsonNode answer) => failed.TryGetValue((long)answer["id"]!, out var words)
            ? new JsonObject { ["jsonrpc"] = "2.0", ["id"] = (long)answer["id"]!, ["error"] = new JsonObject { ["code"] = -32000, ["message"] = words } }
            : answer.DeepClone();
        var answers = JsonNode.Parse(text)!;
        return (answers is JsonArray many ? new JsonArray([.. many.Select(answer => Answer(answer!))]) : Answer(answers)).ToJsonString();
    }

    private static string[] MethodsOf(string body)
    {
        using var json = JsonDocument.Parse(body);
        return json.RootElement.ValueKind == JsonValueKind.Array
            ? [.. json.RootElement.EnumerateArray().Select(c => c.GetProperty("method").GetString()!)]
            : [json.RootElement.GetProperty("method").GetString()!];
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        node.Dispose();
    }
}
