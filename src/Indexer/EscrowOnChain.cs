using System.Numerics;
using Assay.Ethereum;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Indexer.Sync;
using Assay.Protocol.Chain;

namespace Assay.Indexer;

/// <summary>The node and the contract that this indexer follows.</summary>
/// <param name="finality">What the node calls final; finalized by default.</param>
public sealed class EscrowOnChain(Web3 web3, Address address, BlockTag? finality = null) : IDisposable
{
    private static readonly ContractAbi Erc20 = ContractAbi.Parse(
        """[{"type":"function","name":"balanceOf","stateMutability":"view","inputs":[{"name":"owner","type":"address"}],"outputs":[{"name":"","type":"uint256"}]}]""");

    public Web3 Web3 => web3;
    public Address Address => address;
    public ChainReader Reader { get; } = new(web3.Eth, address, finality ?? BlockTag.Finalized);

    public Task<Address> TokenAsync() => web3.GetContract(EscrowAbi.Instance, address).CallAsync<Address>("token");

    /// <summary>What the token says the escrow holds after that very block, in token units.</summary>
    public async Task<Amount> HoldingAsync(Address token, Bytes32 block) =>
        Amount.From(await web3.GetContract(Erc20, token).CallAtAsync<BigInteger>(BlockTag.OfHash(block), "balanceOf", address));

    public void Dispose() => web3.Dispose();
}
