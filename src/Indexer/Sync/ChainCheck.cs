using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Hosting;
using Assay.Protocol.Chain;
using Dapper;

namespace Assay.Indexer.Sync;

/// <summary>Before anything is read: the node is on the configured chain, the contract is there, and the database belongs to both.</summary>
public sealed class ChainCheck(IndexerDatabase database, EscrowOnChain escrow, IndexerOptions options, ILogger<ChainCheck> log) : IHostedService
{
    private const int Attempts = 30;

    public async Task StartAsync(CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
            try
            {
                await RunAsync(cancellation);
                return;
            }
            catch (RpcTransportException e) when (attempt < Attempts)
            {
                log.LogWarning("Node not reachable yet: {Reason}", e.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), cancellation);
            }
            catch (RpcTransportException e)
            {
                throw new StartRefusedException($"The node at {options.Chain.RpcUrl} does not answer: {e.Message}");
            }
    }

    public Task StopAsync(CancellationToken cancellation) => Task.CompletedTask;

    /// <exception cref="StartRefusedException">Wrong chain, no contract, or a database of another contract.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var chain = options.Chain;
        var id = await escrow.Web3.Eth.ChainIdAsync(cancellation);
        if (id != (ulong)chain.Id)
            throw new StartRefusedException($"The node reports chain id {id}, expected {chain.Id}.");
        if ((await escrow.Web3.Eth.GetCodeAsync(chain.EscrowAddress, cancellation: cancellation)).Length == 0)
            throw new StartRefusedException($"There is no contract at {chain.Escrow} on chain {id}.");
        await ClaimAsync(await escrow.TokenAsync());
    }

    private async Task ClaimAsync(Address token)
    {
        await using var connection = await database.OpenAsync();
        var chain = options.Chain;
        await connection.ExecuteAsync(
            """
            insert into chain (chain_id, escrow, token, start_block) values (@Id, @Escrow, @token, @StartBlock)
            on conflict do nothing
            """, new { chain.Id, Escrow = chain.EscrowAddress, token, chain.StartBlock });
        var stored = await connection.QuerySingleAsync<(long Id, Address Escrow, long StartBlock)>("select chain_id, escrow, start_block from chain");
        if (stored != (chain.Id, chain.EscrowAddress, chain.StartBlock))
            throw new StartRefusedException(
                $"The database follows {stored.Escrow} on chain {stored.Id} from block {stored.StartBlock}, "
                + $"the configuration says {chain.EscrowAddress} on chain {chain.Id} from block {chain.StartBlock}.");
    }
}
