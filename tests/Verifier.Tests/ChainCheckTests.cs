using Assay.Circle.Network;
using Assay.Ethereum;
using Assay.Ethereum.Wallets;
using Assay.Hosting;
using Assay.Hosting.Options;
using Assay.Protocol.Chain;
using Assay.Testing;
using Assay.Verifier.Redundancy;

namespace Assay.Verifier.Tests;

public sealed class ChainCheckTests(ChainFixture chain) : IClassFixture<ChainFixture>
{
    [Fact]
    public async Task The_windows_are_read_from_the_contract_and_a_wrong_chain_or_address_stops_the_start()
    {
        using var deployer = HdWallet.FromMnemonic(chain.Mnemonic).GetAccount(0);
        using var web3 = new Web3(chain.RpcUrl.ToString(), deployer);
        var contracts = new Deployer(web3);
        var token = (await contracts.TokenAsync()).ContractAddress!.Value;
        var escrow = (await contracts.EscrowAsync(token, LocalTerms.Parameters)).ContractAddress!.Value;

        var terms = await CheckAsync(chain.ChainId, escrow.ToString(), chain.RpcUrl.ToString());
        var expected = LocalTerms.Parameters;
        Assert.Equal(ChainWindows.Of(expected), await terms.WindowsAsync(1));
        Assert.Equal(expected, await ChainCheck.ParametersAsync(new ChainOptions { Escrow = escrow.ToString(), RpcUrl = chain.RpcUrl.ToString() }, 1));

        await RefusedAsync("reports chain id", chain.ChainId + 1, escrow.ToString(), chain.RpcUrl.ToString());
        await RefusedAsync("no contract", chain.ChainId, deployer.Address.ToString(), chain.RpcUrl.ToString());
        await RefusedAsync("no escrow", chain.ChainId, token.ToString(), chain.RpcUrl.ToString());
        await RefusedAsync("cannot be read", chain.ChainId, escrow.ToString(), "http://127.0.0.1:1");
    }

    private static async Task RefusedAsync(string why, long id, string escrow, string rpc) =>
        Assert.Contains(why, (await Assert.ThrowsAsync<StartRefusedException>(() => CheckAsync(id, escrow, rpc))).Message);

    private static async Task<EscrowTerms> CheckAsync(long id, string escrow, string rpc)
    {
        var options = new VerifierOptions { Chain = new ChainOptions { Id = id, Escrow = escrow, RpcUrl = rpc } };
        var terms = new EscrowTerms(new EscrowDomain((ulong)id, options.Chain.EscrowAddress), _ => throw new InvalidOperationException("the start has read the current version"));
        await new ChainCheck(options, terms).StartAsync(default);
        return terms;
    }
}
