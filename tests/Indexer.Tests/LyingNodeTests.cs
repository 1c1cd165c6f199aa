using System.Text.Json.Nodes;
using Assay.Circle.Stack;
using Assay.Testing;

namespace Assay.Indexer.Tests;

public sealed class LyingNodeTests(PostgresFixture postgres, ChainFixture chain) : IClassFixture<PostgresFixture>, IClassFixture<ChainFixture>
{
    private const string Elsewhere = "0x00000000000000000000000000000000000000000000000000000000000000ee";

    public static TheoryData<string, string> Lies => new()
    {
        { "a log of another block", "which is not the header's" },
        { "a log of another contract", "was not asked for" },
        { "a log twice", "out of order or comes twice" },
        { "an unknown event", "no event of this release's ABI" },
        { "a truncated event", "not the encoding of its event" },
        { "a log left out", "are not those of its receipts" },
        { "another amount", "are not those of its receipts" },
        { "receipts of another block", "its header" },
        { "a header of another hash", "has the hash" },
        { "another time", "than those of its hash" },
    };

    [Theory]
    [MemberData(nameof(Lies))]
    public async Task Answers_that_do_not_fit_together_are_not_stored_and_the_truth_is_read_later(string lie, string reason)
    {
        var escrow = await TestEscrow.DeployAsync(chain.Chain);
        await using var node = await LyingNode.StartAsync(chain.Chain.RpcUrl);
        await using var indexer = await TestIndexer.StartAsync(
            escrow, (await postgres.CreateDatabaseAsync())[Services.Indexer], settings => settings["Chain:RpcUrl"] = node.Url);
        await indexer.CaughtUpAsync();
        var before = await indexer.DigestAsync();

        node.Lie = (method, result) => Tell(lie, method, result);
        await escrow.SendAsync(escrow.Clients[0], "deposit", 5);
        await Waiting.Until(async () => (await TroubleAsync(indexer))?.Contains(reason, StringComparison.Ordinal) == true, TestIndexer.Patience, "the lie to be noticed");
        Assert.Equal(before, await indexer.DigestAsync());

        node.Lie = null;
        await indexer.CaughtUpAsync();
        await using var honest = await TestIndexer.StartAsync(escrow, (await postgres.CreateDatabaseAsync())[Services.Indexer]);
        await honest.CaughtUpAsync();
        Assert.Equal(await honest.DigestAsync(), await indexer.DigestAsync());
    }

    [Fact]
    public async Task One_answer_from_another_chain_does_not_stop_the_index_for_good()
    {
        var escrow = await TestEscrow.DeployAsync(chain.Chain);
        await using var node = await LyingNode.StartAsync(chain.Chain.RpcUrl);
        await using var indexer = await TestIndexer.StartAsync(
            escrow, (await postgres.CreateDatabaseAsync())[Services.Indexer], settings => settings["Chain:RpcUrl"] = node.Url);
        await chain.Chain.MineAsync(6);
        await indexer.CaughtUpAsync();
        node.Lie = (method, result) => Tell("a block under another hash", method, result);
        await Waiting.Until(async () => (await TroubleAsync(indexer))?.Contains("counted as final", StringComparison.Ordinal) == true,
            TestIndexer.Patience, "the broken finality to be seen");
        node.Lie = null;
        await escrow.SendAsync(escrow.Clients[0], "deposit", 5);
        await indexer.CaughtUpAsync();
    }

    private static void Tell(string lie, string method, JsonNode result)
    {
        if (method == "eth_getBlockByNumber" && lie == "a block under another hash")
            result["hash"] = Elsewhere;
        if (method == (lie == "another time" ? "eth_getBlockByNumber" : "eth_getBlockByHash") && lie is ("another time" or "a header of another hash"))
            result["timestamp"] = "0x7fffffff";
        if (method == "eth_getBlockReceipts" && lie == "receipts of another block" && result.AsArray() is [JsonObject receipt, ..])
            receipt["cumulativeGasUsed"] = "0x1";
        if (method != "eth_getLogs" || result.AsArray() is not [JsonObject log, ..] logs)
            return;
        switch (lie)
        {
            case "a log of another block": log["blockNumber"] = "0x1"; break;
            case "a log of another contract": log["address"] = Elsewhere[..42]; break;
            case "a log twice": logs.Add(log.DeepClone()); break;
            case "an unknown event": log["topics"]!.AsArray()[0] = Elsewhere; break;
            case "a log left out": logs.RemoveAt(0); break;
            // The last word of a movement is the balance after it.
            case "another amount": log["data"] = log["data"]!.GetValue<string>()[..^1] + "f"; break;
            case "a truncated event": log["data"] = "0x01"; break;
        }
    }

    private static async Task<string?> TroubleAsync(TestIndexer indexer)
    {
        using var response = await indexer.Http.GetAsync("/health");
        var part = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["parts"]!["indexer"]!;
        return part["detail"]?.GetValue<string>();
    }
}
