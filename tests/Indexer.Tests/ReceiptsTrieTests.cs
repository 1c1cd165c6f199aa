using Assay.Circle.Stack;
using Assay.Ethereum;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Indexer.Proofs;
using Assay.Indexer.Sync;
using Assay.Testing;

namespace Assay.Indexer.Tests;

public sealed class ReceiptsTrieTests(ChainFixture chain) : IClassFixture<ChainFixture>
{
    [Fact]
    public void Nothing_has_the_published_root_of_the_empty_trie() =>
        Assert.Equal("0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421", ReceiptsTrie.Root([]).ToString());

    /// <summary>The chain's own roots, for blocks of one and of more than 128 transactions: keys of one byte and of two.</summary>
    [Fact]
    public async Task The_logs_of_a_real_chains_receipts_are_proven_by_its_headers()
    {
        var escrow = await TestEscrow.DeployAsync(chain.Chain);
        await chain.Chain.AutomineAsync(false);
        for (var i = 0; i < 140; i++)
            await chain.Chain.RpcAsync("eth_sendTransaction", new { from = escrow.Minter.Address.ToString(), to = escrow.Stranger.Address.ToString(), value = "0x1" });
        await chain.Chain.MineAsync();
        await chain.Chain.AutomineAsync(true);
        using var web3 = new Web3(chain.RpcUrl.ToString());
        var logs = 0;
        for (var number = 1UL; number <= await escrow.HeadAsync(); number++)
        {
            var header = (await web3.Eth.GetBlockByNumberAsync(number))!;
            var root = HeaderRlp.Read(await ProvenLogs.HeaderAsync(web3.Eth, header.Hash, default)).ReceiptsRoot;
            var proven = await ProvenLogs.OfAsync(web3.Eth, header.Hash, root, default);
            var told = await web3.Eth.GetLogsAsync(LogFilter.Block(header.Hash));
            Assert.Equal(told.Select(log => (log.LogIndex, log.Address, Hex.Encode(log.Data))), proven!.Select(log => (log.LogIndex, log.Address, Hex.Encode(log.Data))));
            logs += told.Count;
        }
        Assert.True(logs > 10);
    }
}
