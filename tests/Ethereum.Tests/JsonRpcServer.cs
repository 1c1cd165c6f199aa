using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Assay.Ethereum.Tests;

/// <summary>A real HTTP server whose answers the test writes.</summary>
internal sealed class JsonRpcServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _requests;

    private JsonRpcServer(Func<int, string, HttpContext, Task> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.Run(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            var body = await reader.ReadToEndAsync();
            await answer(Interlocked.Increment(ref _requests), body, context);
        });
    }

    internal string Url => _app.Urls.First();
    internal int Requests => _requests;

    /// <param name="answer">Number of the request from 1, its body, and where to write.</param>
    internal static async Task<JsonRpcServer> StartAsync(Func<int, string, HttpContext, Task> answer)
    {
        var server = new JsonRpcServer(answer);
        await server._app.StartAsync();
        return server;
    }

    internal static Task<JsonRpcServer> StartAsync(Func<int, string, string> answer) =>
        StartAsync((number, body, context) => context.Response.WriteAsync(answer(number, body)));

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}
