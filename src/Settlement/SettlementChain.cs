using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Hosting;
using Assay.Protocol.Chain;
using Microsoft.Extensions.Hosting;

namespace Assay.Settlement;

/// <summary>The node that this service asks; a type of its own, because several services may share a process.</summary>
public sealed record SettlementChain(EthApi Eth, EscrowDomain Domain);

/// <summary>Refuses to start on another chain, where the contract is not, or with an account that others could spend nonces of.</summary>
internal sealed class ChainAtStart(SettlementChain chain, Address relayer) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellation)
    {
        try
        {
            var id = await chain.Eth.ChainIdAsync(cancellation);
            if (id != chain.Domain.ChainId) throw new StartRefusedException($"The node is on chain {id}, Chain:Id says {chain.Domain.ChainId}.");
            if ((await chain.Eth.GetCodeAsync(chain.Domain.Escrow, cancellation: cancellation)).Length == 0)
                throw new StartRefusedException($"No contract at Chain:Escrow {chain.Domain.Escrow}.");
            if ((await chain.Eth.GetCodeAsync(relayer, cancellation: cancellation)).Length > 0)
                throw new StartRefusedException($"The relayer {relayer} has code (a contract, or a delegation by EIP-7702); its nonces are not its own.");
        }
        catch (Exception e) when (e is JsonRpcException or RpcTransportException)
        {
            throw new StartRefusedException($"The node at Chain:RpcUrl does not answer: {e.Message}");
        }
    }

    public Task StopAsync(CancellationToken cancellation) => Task.CompletedTask;
}
