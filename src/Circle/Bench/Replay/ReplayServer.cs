using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Assay.Circle.Bench.Replay;

/// <summary>Answers for a <see cref="ReplayChain"/> as a node would, from memory: what an indexer asks for, and nothing else.</summary>
internal sealed class ReplayServer(ReplayChain chain)
{
    // As many logs as the stricter providers give at once.
    private const int MostLogs = 100_000;

    public async Task RunAsync(int port, CancellationToken cancellation)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        await using var app = builder.Build();
        app.Urls.Add($"http://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}");
        app.MapPost("/", AnswerAsync);
        await app.StartAsync(cancellation);
        await app.WaitForShutdownAsync(cancellation);
    }

    private async Task AnswerAsync(HttpContext context)
    {
        using var request = await JsonDocument.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted);
        context.Response.ContentType = "application/json";
        if (request.RootElement.ValueKind == JsonValueKind.Object && Method(request.RootElement) == "eth_getLogs")
            await LogsAsync(context, request.RootElement);
        else
            await context.Response.WriteAsync(
                request.RootElement.ValueKind == JsonValueKind.Array
                    ? $"[{string.Join(',', request.RootElement.EnumerateArray().Select(Answer))}]"
                    : Answer(request.RootElement),
                context.RequestAborted);
    }

    private async Task LogsAsync(HttpContext context, JsonElement request)
    {
        var filter = request.GetProperty("params")[0];
        var (from, to) = (Math.Max(Number(filter.GetProperty("fromBlock")), ReplayChain.FirstBlock), Math.Min(Number(filter.GetProperty("toBlock")), chain.Head));
        if ((to - from + 1) * (ulong)chain.LogsPerBlock > MostLogs)
        {
            await context.Response.WriteAsync(Error(request, "query returned more than 100000 results"), context.RequestAborted);
            return;
        }
        var body = ArrayPool<byte>.Shared.Rent(chain.LogsLength(from, to) + 128);
        try
        {
            var length = Encoding.ASCII.GetBytes($"{{\"jsonrpc\":\"2.0\",\"id\":{request.GetProperty("id").GetRawText()},\"result\":[", body);
            length += chain.WriteLogs(from, to, body.AsSpan(length));
            length += Encoding.ASCII.GetBytes("]}", body.AsSpan(length));
            context.Response.ContentLength = length;
            await context.Response.Body.WriteAsync(body.AsMemory(0, length), context.RequestAborted);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(body);
        }
    }

    private string Answer(JsonElement request) => Method(request) switch
    {
        "eth_chainId" => Result(request, $"\"0x{ReplayChain.ChainId:x}\""),
        "eth_blockNumber" => Result(request, $"\"0x{chain.Head:x}\""),
        "eth_getBlockByNumber" => Result(request, chain.HeaderJson(Number(request.GetProperty("params")[0]))),
        "eth_getLogs" when chain.LogsPerBlock == 0 => Result(request, "[]"),
        "eth_getLogs" => Result(request, Logs(request)),
        var method => Error(request, $"the method {method} does not exist"),
    };

    private string Logs(JsonElement request)
    {
        var hash = request.GetProperty("params")[0].GetProperty("blockHash").GetString()!;
        var block = chain.NumberOf(hash);
        var body = new byte[chain.LogsLength(block, block)];
        return $"[{Encoding.ASCII.GetString(body, 0, chain.WriteLogs(block, block, body))}]";
    }

    private ulong Number(JsonElement tag) => tag.GetString() switch
    {
        "latest" or "safe" or "finalized" => chain.Head,
        var digits => ulong.Parse(digits![2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
    };

    private static string Method(JsonElement request) => request.GetProperty("method").GetString()!;

    private static string Result(JsonElement request, string result) => $"{{\"jsonrpc\":\"2.0\",\"id\":{request.GetProperty("id").GetRawText()},\"result\":{result}}}";

    private static string Error(JsonElement request, string message) =>
        $"{{\"jsonrpc\":\"2.0\",\"id\":{request.GetProperty("id").GetRawText()},\"error\":{{\"code\":-32005,\"message\":\"{message}\"}}}}";
}
