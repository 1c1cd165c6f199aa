using System.Numerics;
using System.Text.Json;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Hosting.Http;
using Assay.Indexer.Api;
using Assay.Indexer.Sync;
using Assay.Protocol.Chain;
using Dapper;

namespace Assay.Indexer.Proofs;

/// <summary>Asks the node for what shows a row to be the chain's, and checks it before it is handed out.</summary>
public sealed class Prover(IndexerDatabase database, EscrowOnChain escrow)
{
    // Mappings of a contract stand among its first words.
    private const uint SlotsLookedAt = 64;

    private readonly Dictionary<Address, uint> _slots = [];

    private EthApi Eth => escrow.Web3.Eth;

    /// <exception cref="ProblemException">404 where there is no such event; 502 where the node cannot show it.</exception>
    public Task<InclusionProof> EventAsync(ulong block, uint logIndex, CancellationToken cancellation) => AskingAsync(async () =>
    {
        var hash = await database.ReadAsync(connection => connection.QuerySingleOrDefaultAsync<Bytes32?>(
            "select block_hash from events where block_number = @Block and log_index = @Index and orphaned_by is null", new { Block = (long)block, Index = (long)logIndex }), cancellation)
            ?? throw new ProblemException(404, "event_not_found", $"The escrow has no event {logIndex} in block {block}.");
        var header = await ProvenLogs.HeaderAsync(Eth, hash, cancellation);
        var receipts = await ProvenLogs.ReceiptsAsync(Eth, hash, HeaderRlp.Read(header).ReceiptsRoot, cancellation)
            ?? throw new ChainInconsistentException("it gives no receipts of whole blocks");
        var place = 0;
        for (var before = 0; ; before += receipts[place++].Logs.Count)
            if (logIndex < before + receipts[place].Logs.Count)
            {
                var log = receipts[place].Logs[(int)logIndex - before];
                return new InclusionProof(block, hash, Hex.Encode(header),
                    new((uint)place, (uint)(logIndex - before), log.Address, log.Topics, Hex.Encode(log.Data), Texts(ReceiptsTrie.Proof([.. receipts.Select(receipt => receipt.Encoded)], place))), null);
            }
    });

    /// <summary>What an account may withdraw after a block, by the escrow's storage.</summary>
    /// <inheritdoc cref="EventAsync"/>
    public Task<InclusionProof> AvailableAsync(AsOf asOf, Address account, CancellationToken cancellation) => AskingAsync(async () =>
    {
        var (at, known) = await database.ReadAsync(async connection => (await connection.BlockAsync(asOf), (await connection.QueryAsync<(Address, Amount)>(
            "select account, balance::text from balances where book = 'Available' and balance > 0 order by balance desc limit 3")).AsList()), cancellation);
        return await BalanceAsync(at, escrow.Address, account, known, cancellation);
    });

    /// <summary>What the token holds for the escrow after a block, by the token's storage.</summary>
    /// <inheritdoc cref="EventAsync"/>
    public Task<InclusionProof> HoldingAsync(AsOf asOf, CancellationToken cancellation) => AskingAsync(async () =>
    {
        var (at, newest, token) = await database.ReadAsync(async connection =>
            (await connection.BlockAsync(asOf), await connection.BlockAsync((ulong?)null), await connection.QuerySingleAsync<Address>("select token from chain")), cancellation);
        return await BalanceAsync(at, token, escrow.Address, [(escrow.Address, await escrow.HoldingAsync(token, newest.Hash))], cancellation);
    });

    private async Task<InclusionProof> BalanceAsync(BlockView at, Address contract, Address account, IReadOnlyList<(Address Account, Amount Balance)> known, CancellationToken cancellation)
    {
        var slot = await SlotAsync(contract, known, cancellation);
        var header = await ProvenLogs.HeaderAsync(Eth, at.Hash, cancellation);
        var claim = await Eth.Client.SendAsync(new RpcCall<BalanceClaim>("eth_getProof", [contract, (object[])[BalanceClaim.KeyOf(account, slot)], BlockTag.OfHash(at.Hash)], json =>
        {
            var word = json.GetProperty("storageProof").EnumerateArray().Single();
            return new(contract, slot, account, Amount.From(Hex.ParseQuantity(word.GetProperty("value").GetString()!)), Nodes(json, "accountProof"), Nodes(word, "proof"));
        }), cancellation);
        var proof = new InclusionProof(at.Number, at.Hash, Hex.Encode(header), null, claim);
        proof.Verify(at.Hash);
        return proof;
    }

    /// <summary>Where the mapping stands, found by balances that are known: the layout belongs to the contract's compilation.</summary>
    private async Task<uint> SlotAsync(Address contract, IReadOnlyList<(Address Account, Amount Balance)> known, CancellationToken cancellation)
    {
        lock (_slots)
            if (_slots.TryGetValue(contract, out var remembered))
                return remembered;
        for (var slot = 0U; slot < SlotsLookedAt && known.Count > 0; slot++)
        {
            var words = await Eth.Client.BatchAsync([.. known.Select(one => new RpcCall<BigInteger>(
                "eth_getStorageAt", [contract, BalanceClaim.KeyOf(one.Account, slot), BlockTag.Latest], json => new(Hex.Decode(json.GetString()!), isUnsigned: true, isBigEndian: true)))], cancellation);
            if (!words.Select(word => word.Value).SequenceEqual(known.Select(one => one.Balance.ToBigInteger())))
                continue;
            lock (_slots)
                return _slots[contract] = slot;
        }
        throw new ChainInconsistentException($"no word of {contract} holds the balances that are known of it now");
    }

    private static async Task<InclusionProof> AskingAsync(Func<Task<InclusionProof>> ask)
    {
        try
        {
            return await ask();
        }
        catch (Exception e) when (e is RpcTransportException or JsonRpcException or ChainInconsistentException or ProofException)
        {
            throw new ProblemException(502, "chain_unavailable", $"The node cannot show it: {e.Message}");
        }
    }

    private static IReadOnlyList<string> Nodes(JsonElement json, string name) => [.. json.GetProperty(name).EnumerateArray().Select(node => node.GetString()!)];

    private static IReadOnlyList<string> Texts(IReadOnlyList<byte[]> nodes) => [.. nodes.Select(node => Hex.Encode(node))];
}
