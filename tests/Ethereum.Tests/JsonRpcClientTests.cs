using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Microsoft.AspNetCore.Http;

namespace Assay.Ethereum.Tests;

public sealed class JsonRpcClientTests
{
    private static readonly JsonRpcOptions Quick = new() { FirstDelay = TimeSpan.FromMilliseconds(1), MaxDelay = TimeSpan.FromMilliseconds(20), MaxAttempts = 3 };

    [Fact]
    public async Task A_call_sends_its_parameters_and_reads_its_result()
    {
        string? seen = null;
        await using var server = await JsonRpcServer.StartAsync((_, body) =>
        {
            seen = body;
            return Result(body, "\"0x10\"");
        });
        using var client = new JsonRpcClient(server.Url, Quick);
        Assert.Equal("0x10", await client.CallAsync<string>("any_method", Address.Zero, new byte[] { 1 }, 5, "text", null));
        using var request = JsonDocument.Parse(seen!);
        Assert.Equal("2.0", request.RootElement.Text("jsonrpc"));
        Assert.Equal($"""["{Address.Zero}","0x01",5,"text",null]""", request.RootElement.GetProperty("params").GetRawText());
    }

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":999,"result":"0x1"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":"1","result":"0x1"}""")]
    [InlineData("""{"jsonrpc":"2.0","result":"0x1"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"result":null}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"result":1}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"result":"1"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"result":"0x10000000000000000"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"result":{}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"error":"no"}""")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("")]
    [InlineData("<html>")]
    public async Task An_answer_of_another_form_is_malformed(string answer)
    {
        await using var server = await JsonRpcServer.StartAsync((_, _) => answer);
        using var client = new JsonRpcClient(server.Url, Quick);
        var error = await Assert.ThrowsAsync<RpcTransportException>(() => new EthApi(client).BlockNumberAsync());
        Assert.Equal(RpcFailure.Malformed, error.Failure);
        Assert.Equal(1, server.Requests);
    }

    [Fact]
    public async Task An_error_carries_code_text_and_revert_data()
    {
        await using var server = await JsonRpcServer.StartAsync((_, body) =>
            $$$"""{"jsonrpc":"2.0","id":{{{Id(body)}}},"error":{"code":3,"message":"execution reverted","data":"0x0102"}}""");
        using var client = new JsonRpcClient(server.Url, Quick);
        var error = await Assert.ThrowsAsync<JsonRpcException>(() => client.CallAsync<string>("eth_call"));
        Assert.Equal((3, "execution reverted"), (error.Code, error.NodeMessage));
        Assert.Equal([1, 2], error.RevertData);
        Assert.Equal(1, server.Requests);
    }

    [Theory]
    [InlineData("\"0x0102\"", "0x0102")]
    [InlineData("""{"data":"0x03"}""", "0x03")]
    [InlineData("""{"data":{"data":"0x04"}}""", "0x04")]
    [InlineData("\"Reverted 0x05\"", null)]
    [InlineData("7", null)]
    public void Revert_data_is_found_where_nodes_put_it(string data, string? expected)
    {
        using var document = JsonDocument.Parse(data);
        var found = new JsonRpcException(3, "x", document.RootElement).RevertData;
        Assert.Equal(expected, found is null ? null : Hex.Encode(found));
    }

    [Fact]
    public async Task A_batch_keeps_the_order_of_its_calls_and_their_own_errors()
    {
        await using var server = await JsonRpcServer.StartAsync((_, body) =>
        {
            using var batch = JsonDocument.Parse(body);
            var answers = batch.RootElement.EnumerateArray().Select(c => c.GetProperty("id").GetInt64()).Select((id, i) => i switch
            {
                1 => $$$"""{"jsonrpc":"2.0","id":{{{id}}},"error":{"code":-32000,"message":"no"}}""",
                2 => $$"""{"jsonrpc":"2.0","id":{{id}},"result":"none"}""",
                3 => "",
                _ => $$"""{"jsonrpc":"2.0","id":{{id}},"result":"0x{{i}}"}""",
            });
            return $"[{string.Join(',', answers.Where(a => a.Length > 0).Reverse())}]";
        });
        using var client = new JsonRpcClient(server.Url, Quick);
        var results = await client.BatchAsync([.. Enumerable.Repeat(EthCalls.BlockNumber(), 5)]);
        Assert.Equal(0UL, results[0].Value);
        Assert.IsType<JsonRpcException>(results[1].Error);
        Assert.Equal(RpcFailure.Malformed, Assert.IsType<RpcTransportException>(results[2].Error).Failure);
        Assert.Equal(RpcFailure.Malformed, Assert.IsType<RpcTransportException>(results[3].Error).Failure);
        Assert.Equal(4UL, results[4].Value);
        Assert.Throws<JsonRpcException>(() => results[1].Value);
    }

    [Fact]
    public async Task A_long_batch_goes_in_several_requests()
    {
        await using var server = await JsonRpcServer.StartAsync((_, body) =>
        {
            using var batch = JsonDocument.Parse(body);
            return "[" + string.Join(',', batch.RootElement.EnumerateArray().Select(c => $$"""{"jsonrpc":"2.0","id":{{c.GetProperty("id")}},"result":"{{Hex.Quantity(c.GetProperty("id").GetUInt64())}}"}""")) + "]";
        });
        using var client = new JsonRpcClient(server.Url, Quick with { MaxBatch = 10 });
        var results = await client.BatchAsync([.. Enumerable.Repeat(EthCalls.BlockNumber(), 25)]);
        Assert.Equal(Enumerable.Range(1, 25).Select(i => (ulong)i), results.Select(r => r.Value));
        Assert.Equal(3, server.Requests);
    }

    [Theory]
    [InlineData("""[{"jsonrpc":"2.0","id":1,"result":"0x1"},{"jsonrpc":"2.0","id":1,"result":"0x2"}]""")]
    [InlineData("""[{"jsonrpc":"2.0","id":7,"result":"0x1"}]""")]
    [InlineData("""[{"jsonrpc":"2.0","result":"0x1"}]""")]
    [InlineData("[1]")]
    [InlineData("1")]
    public async Task A_batch_answer_with_foreign_ids_is_malformed(string answer)
    {
        await using var server = await JsonRpcServer.StartAsync((_, _) => answer);
        using var client = new JsonRpcClient(server.Url, Quick);
        var error = await Assert.ThrowsAsync<RpcTransportException>(() => client.BatchAsync([EthCalls.BlockNumber(), EthCalls.BlockNumber()]));
        Assert.Equal(RpcFailure.Malformed, error.Failure);
    }

    [Fact]
    public async Task A_refused_batch_is_the_node_s_error()
    {
        await using var server = await JsonRpcServer.StartAsync((_, _) => """{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"batch too large"}}""");
        using var client = new JsonRpcClient(server.Url, Quick);
        Assert.Equal(-32600, (await Assert.ThrowsAsync<JsonRpcException>(() => client.BatchAsync([EthCalls.BlockNumber()]))).Code);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(502)]
    [InlineData(503)]
    public async Task A_status_that_may_pass_is_tried_again(int status)
    {
        await using var server = await JsonRpcServer.StartAsync((number, body, context) => Answer(context, number < 3 ? status : 200, Result(body, "\"0x5\"")));
        using var client = new JsonRpcClient(server.Url, Quick);
        Assert.Equal(5UL, await new EthApi(client).BlockNumberAsync());
        Assert.Equal(3, server.Requests);
    }

    [Theory]
    [InlineData(500, "eth_blockNumber", 3)]
    [InlineData(429, "anvil_mine", 3)]
    [InlineData(503, "anvil_mine", 3)]
    [InlineData(502, "anvil_mine", 1)]
    [InlineData(502, "eth_sendTransaction", 1)]
    [InlineData(401, "eth_blockNumber", 1)]
    [InlineData(404, "eth_blockNumber", 1)]
    public async Task A_status_that_stays_ends_as_an_error_after_the_attempts_its_kind_deserves(int status, string method, int requests)
    {
        await using var server = await JsonRpcServer.StartAsync((_, _, context) => Answer(context, status, ""));
        using var client = new JsonRpcClient(server.Url, Quick);
        var error = await Assert.ThrowsAsync<RpcTransportException>(() => client.CallAsync<string>(method));
        Assert.Equal(RpcFailure.HttpStatus, error.Failure);
        Assert.Equal(requests, server.Requests);
    }

    [Fact]
    public async Task An_answer_beyond_the_limit_is_refused()
    {
        await using var server = await JsonRpcServer.StartAsync((_, body) => Result(body, $"\"0x{new string('0', 100_000)}\""));
        using var client = new JsonRpcClient(server.Url, Quick with { MaxResponseBytes = 50_000 });
        var error = await Assert.ThrowsAsync<RpcTransportException>(() => client.CallAsync<string>("eth_call"));
        Assert.Equal(RpcFailure.TooLarge, error.Failure);
    }

    [Fact]
    public async Task A_node_that_never_answers_is_a_timeout_and_is_asked_again()
    {
        await using var server = await JsonRpcServer.StartAsync((_, _, context) => Task.Delay(Timeout.Infinite, context.RequestAborted));
        using var client = new JsonRpcClient(server.Url, Quick with { Timeout = TimeSpan.FromMilliseconds(100), MaxAttempts = 2 });
        var error = await Assert.ThrowsAsync<RpcTransportException>(() => client.CallAsync<string>("eth_call"));
        Assert.Equal(RpcFailure.Timeout, error.Failure);
        Assert.Equal(2, server.Requests);
    }

    [Fact]
    public async Task A_cancelled_call_is_cancelled_and_not_a_timeout()
    {
        await using var server = await JsonRpcServer.StartAsync((_, _, context) => Task.Delay(Timeout.Infinite, context.RequestAborted));
        using var client = new JsonRpcClient(server.Url, Quick);
        using var source = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new EthApi(client).ChainIdAsync(source.Token));
    }

    [Fact]
    public async Task A_port_without_a_node_is_unreachable()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        using var client = new JsonRpcClient($"http://127.0.0.1:{port}", Quick);
        var error = await Assert.ThrowsAsync<RpcTransportException>(() => client.CallAsync<string>("anvil_mine"));
        Assert.Equal(RpcFailure.Unreachable, error.Failure);
    }

    [Fact]
    public async Task An_answer_about_another_block_transaction_or_contract_is_malformed()
    {
        const string bloom = "\"logsBloom\":\"0x";
        var header = $$"""{"number":"0x5","hash":"{{Hash(1)}}","parentHash":"{{Hash(2)}}","timestamp":"0x1",{{bloom}}{{new string('0', 512)}}","gasLimit":"0x1","gasUsed":"0x0"}""";
        var log = $$"""{"address":"{{Address.Zero}}","topics":[],"data":"0x","blockNumber":"0x5","blockHash":"{{Hash(1)}}","transactionHash":"{{Hash(3)}}","transactionIndex":"0x0","logIndex":"0x0"}""";
        await using var server = await JsonRpcServer.StartAsync((_, body) => Result(body, body.Contains("getLogs") ? $"[{log}]" : header));
        using var client = new JsonRpcClient(server.Url, Quick);
        var eth = new EthApi(client);
        Assert.Equal(Hash(1), (await eth.GetBlockByNumberAsync(5UL))!.Hash);
        Assert.Single(await eth.GetLogsAsync(LogFilter.Block(Hash(1))));
        await Malformed(() => eth.GetBlockByNumberAsync(6UL));
        await Malformed(() => eth.GetBlockByHashAsync(Hash(9)));
        await Malformed(() => eth.GetLogsAsync(LogFilter.Block(Hash(9))));
        await Malformed(() => eth.GetLogsAsync(LogFilter.Block(Hash(1), new Address(new byte[19].Append((byte)1).ToArray()))));
        await Malformed(() => eth.GetLogsAsync(LogFilter.Range(6, 9)));
    }

    [Theory]
    [InlineData(1, null, 0.0, 100)]
    [InlineData(1, null, 1.0, 200)]
    [InlineData(3, null, 1.0, 800)]
    [InlineData(9, null, 1.0, 10_000)]
    [InlineData(1, 3.0, 1.0, 3_000)]
    [InlineData(1, 3600.0, 1.0, 10_000)]
    [InlineData(1, -5.0, 1.0, 200)]
    public void The_delay_doubles_and_heeds_the_node_up_to_the_maximum(int failed, double? retryAfterSeconds, double jitter, double milliseconds)
    {
        TimeSpan? retryAfter = retryAfterSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
        Assert.Equal(milliseconds, RpcRetry.Delay(failed, retryAfter, jitter, new JsonRpcOptions()).TotalMilliseconds, 3);
    }

    private static async Task Malformed<T>(Func<Task<T>> call) =>
        Assert.Equal(RpcFailure.Malformed, (await Assert.ThrowsAsync<RpcTransportException>(call)).Failure);

    private static Bytes32 Hash(int i) => Keccak256.Hash([(byte)i]);

    private static long Id(string body)
    {
        using var request = JsonDocument.Parse(body);
        return request.RootElement.GetProperty("id").GetInt64();
    }

    private static string Result(string body, string result) => $$"""{"jsonrpc":"2.0","id":{{Id(body)}},"result":{{result}}}""";

    private static Task Answer(HttpContext context, int status, string body)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsync(body);
    }
}
