using Assay.Ethereum;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Transactions;
using Assay.Hosting;
using Assay.Hosting.Options;
using Assay.Protocol.Chain;
using Assay.Verifier.Redundancy;

namespace Assay.Verifier;

/// <summary>Before anything runs: the node is on the right chain, the contract is there, and its windows are read.</summary>
internal sealed class ChainCheck(VerifierOptions options, EscrowTerms terms) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellation)
    {
        using var web3 = new Web3(options.Chain.RpcUrl);
        try
        {
            var id = await web3.Eth.ChainIdAsync(cancellation);
            if (id != (ulong)options.Chain.Id)
                throw new StartRefusedException($"the node at {options.Chain.RpcUrl} reports chain id {id}, expected {options.Chain.Id}");
            if ((await web3.Eth.GetCodeAsync(options.Chain.EscrowAddress, cancellation: cancellation)).Length == 0)
                throw new StartRefusedException($"there is no contract at {options.Chain.EscrowAddress}");
            var contract = web3.GetContract(EscrowAbi.Instance, options.Chain.EscrowAddress);
            terms.Set(await contract.CallAsync<uint>("currentVersion"), ChainWindows.Of(await contract.CallAsync<EscrowParameters>("parameters")));
        }
        catch (Exception e) when (e is RpcTransportException or JsonRpcException)
        {
            throw new StartRefusedException($"the chain at {options.Chain.RpcUrl} cannot be read: {e.Message}");
        }
        catch (Exception e) when (e is TransactionRevertedException or AbiException)
        {
            throw new StartRefusedException($"the contract at {options.Chain.EscrowAddress} is no escrow of this protocol: {e.Message}");
        }
    }

    /// <summary>Those of a version of the parameters.</summary>
    public static async Task<EscrowParameters> ParametersAsync(ChainOptions chain, uint version)
    {
        using var web3 = new Web3(chain.RpcUrl);
        return await web3.GetContract(EscrowAbi.Instance, chain.EscrowAddress).CallAsync<EscrowParameters>("parametersOf", version);
    }

    public Task StopAsync(CancellationToken cancellation) => Task.CompletedTask;
}
