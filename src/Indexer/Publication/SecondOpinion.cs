using System.Text.Json;
using Assay.Ethereum;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Hosting;
using Assay.Indexer.Proofs;
using Assay.Indexer.Sync;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Dapper;

namespace Assay.Indexer.Publication;

/// <summary>
/// Another node, asked for the same blocks before their events are announced. What the two disagree about is indexed and shown but announced to nobody,
/// so that no money moves on the word of one node.
/// </summary>
public sealed class SecondOpinion(IndexerDatabase database, IndexerOptions options) : IDisposable
{
    private readonly Web3? _second = options.SecondRpcUrl == "" ? null : new Web3(options.SecondRpcUrl);
    private Bytes32? _confirmed;

    public void Dispose() => _second?.Dispose();

    /// <summary>Returns when the other node has the very events of each block, or where there is no other node.</summary>
    /// <exception cref="ChainInconsistentException">It has others, or not that block.</exception>
    public async Task ConfirmAsync(IEnumerable<IChainEvent> events, CancellationToken cancellation)
    {
        if (_second is null)
            return;
        foreach (var (number, block) in events.Select(e => (e.At.BlockNumber, e.At.BlockHash)).Distinct())
        {
            // One block's events may come in several batches.
            if (block == _confirmed)
                continue;
            var ours = await OursAsync(number, block, cancellation);
            // A block that has left the chain is known to nobody for long, and its retraction follows.
            if (ours.Count > 0 && !ours.SequenceEqual(await OthersAsync(_second.Eth, block, cancellation)))
                throw new ChainInconsistentException($"The second node has other events in block {block} than the first.");
            _confirmed = block;
        }
    }

    private async Task<IReadOnlyList<string>> OthersAsync(EthApi second, Bytes32 block, CancellationToken cancellation)
    {
        try
        {
            return [.. (await second.GetLogsAsync(LogFilter.Block(block, options.Chain.EscrowAddress), cancellation)).Select(Text)];
        }
        catch (Exception e) when (e is JsonRpcException or RpcTransportException or AbiException)
        {
            throw new ChainInconsistentException($"The second node does not confirm block {block}: {e.Message}");
        }
    }

    private async Task<IReadOnlyList<string>> OursAsync(ulong number, Bytes32 block, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return [.. (await connection.QueryAsync<(string Name, string Body)>(
            "select name, body::text from events where block_number = @number and block_hash = @block and orphaned_by is null order by log_index", new { number, block }))
            .Select(row => EventText.Of((IChainEvent)JsonSerializer.Deserialize(row.Body, ChainEvents.Types[row.Name], AssayJson.Options)!))];
    }

    private static string Text(Log log)
    {
        var decoded = EscrowAbi.Instance.DecodeLog(log);
        return EventText.Of(ChainEvents.Bind(decoded.Name, decoded.Values, new(0, log.BlockNumber, log.BlockHash, 0, log.TransactionHash, (uint)log.LogIndex)));
    }
}
