using Assay.Ethereum;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Hosting.Messaging;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;

namespace Assay.Settlement.Tests.World;

/// <summary>Reads the escrow's events block by block and says what the Indexer would say, reorgs included.</summary>
internal sealed class ChainReader(Escrow escrow, int confirmations) : IDisposable
{
    private readonly Web3 web3 = new(escrow.Chain.RpcUrl.ToString());
    private readonly SortedDictionary<ulong, Bytes32> blocks = [];
    private ulong sequence;
    private ulong finalised;

    /// <summary>Every message so far, with its id.</summary>
    public List<(object Message, Guid Id)> Said { get; } = [];

    /// <summary>What has happened since the last call, in order.</summary>
    public async Task<IReadOnlyList<(object Message, Guid Id)>> ReadAsync()
    {
        var from = Said.Count;
        var head = (await web3.Eth.GetBlockByNumberAsync(BlockTag.Latest))!;
        var orphans = new List<Bytes32>();
        while (blocks.Count > 0 && blocks.Last() is var (number, hash) && (await web3.Eth.GetBlockByNumberAsync(number))?.Hash != hash)
        {
            orphans.Add(hash);
            blocks.Remove(number);
        }
        if (orphans.Count > 0) Say(new BlocksOrphaned(++sequence, orphans));
        for (var next = blocks.Count == 0 ? escrow.StartBlock : blocks.Keys.Last() + 1; next <= head.Number; next++)
            await ReadBlockAsync((await web3.Eth.GetBlockByNumberAsync(next))!);
        finalised = Math.Max(finalised, head.Number > (ulong)confirmations ? head.Number - (ulong)confirmations : 0);
        Say(new ChainAdvanced(head.Number, head.Hash, head.Timestamp, finalised), Guid.NewGuid());
        return Said[from..];
    }

    private async Task ReadBlockAsync(BlockHeader block)
    {
        foreach (var log in await web3.Eth.GetLogsAsync(LogFilter.Block(block.Hash, escrow.Domain.Escrow)))
        {
            var e = EscrowAbi.Instance.DecodeLog(log);
            Say(ChainEvents.Bind(e.Name, e.Values, new ChainPosition(
                ++sequence, block.Number, block.Hash, block.Timestamp, log.TransactionHash, (uint)log.LogIndex)));
        }
        blocks[block.Number] = block.Hash;
    }

    private void Say(object message, Guid? id = null) => Said.Add((message, id ?? MessageIds.From("test-chain", sequence)));

    public void Dispose() => web3.Dispose();
}
