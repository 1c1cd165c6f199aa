using System.Numerics;
using System.Text.Json;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Tests.Generated;
using Assay.Ethereum.Transactions;
using Assay.Ethereum.Wallets;

namespace Assay.Ethereum.Tests;

[ContractAbi("Wallet.json")]
public sealed partial class ContractWallet;

/// <summary>The node's own accounts are the remote side: anvil signs for them over JSON-RPC.</summary>
public sealed class RemoteSignerTests(AnvilFixture anvil) : IClassFixture<AnvilFixture>
{
    private static readonly TypedData Letter = TypedData.Parse("""
        {"types":{"EIP712Domain":[{"name":"name","type":"string"},{"name":"chainId","type":"uint256"}],
        "Letter":[{"name":"to","type":"address"},{"name":"lines","type":"Line[]"},{"name":"amount","type":"uint256"}],"Line":[{"name":"text","type":"string"}]},
        "primaryType":"Letter","domain":{"name":"Post","chainId":"31337"},
        "message":{"to":"0x70997970C51812dc3A010C7d01b50e0d17dc79C8","lines":[{"text":"grüße"},{"text":""}],"amount":"340282366920938463463374607431768211456"}}
        """);

    [Fact]
    public async Task A_remote_key_signs_what_a_local_one_signs()
    {
        using var local = AnvilFixture.Account(1);
        using var client = new JsonRpcClient(anvil.Url);
        var remote = new RemoteSigner(client, local.Address);
        ITransaction[] transactions =
        [
            new LegacyTransaction(31337, 3, 2_000_000_000, 21_000, Address.Zero, 5, []),
            new Eip2930Transaction(31337, 3, 2_000_000_000, 50_000, Address.Zero, 5, [1, 2], [new(Address.Zero, [Keccak256.Hash("slot")])]),
            new Eip1559Transaction(31337, 3, 1, 2_000_000_000, 50_000, Address.Zero, BigInteger.Pow(10, 18), [1, 2, 3]),
            new Eip1559Transaction(31337, 4, 1, 2_000_000_000, 90_000, null, 0, [0x60, 0]),
        ];
        foreach (var transaction in transactions)
            Assert.Equal(await local.SignRawTransactionAsync(transaction), await remote.SignRawTransactionAsync(transaction));
        Assert.Equal(await local.SignTypedDataAsync(Letter), await remote.SignTypedDataAsync(Letter));
        Assert.Equal(await local.SignMessageAsync("grüße"), await remote.SignMessageAsync("grüße"));
        await Assert.ThrowsAsync<NotSupportedException>(async () => await remote.SignDigestAsync(Letter.Digest));
    }

    [Fact]
    public async Task A_remote_key_sends()
    {
        using var client = new JsonRpcClient(anvil.Url);
        using var account = AnvilFixture.Account(2);
        using var web3 = new Web3(client, new RemoteSigner(client, account.Address));
        var probe = await Probe.DeployAsync(web3, 9);
        Assert.Equal(9, await probe.MostAsync());
    }

    [Fact]
    public async Task A_signature_of_another_key_is_refused()
    {
        using var client = new JsonRpcClient(anvil.Url);
        using var other = AnvilFixture.Account(3);
        var transaction = new Eip1559Transaction(31337, 3, 1, 2_000_000_000, 50_000, Address.Zero, 1, []);
        var foreign = Hex.Encode(await other.SignRawTransactionAsync(transaction));
        await using var server = await JsonRpcServer.StartAsync((number, _) => JsonSerializer.Serialize(new { jsonrpc = "2.0", id = number, result = foreign }));
        using var bad = new JsonRpcClient(server.Url);
        using var account = AnvilFixture.Account(2);
        Assert.Equal(RpcFailure.Malformed, (await Assert.ThrowsAsync<RpcTransportException>(async () => await new RemoteSigner(bad, account.Address).SignAsync(transaction))).Failure);
    }

    [Fact]
    public async Task An_account_runs_the_code_that_it_authorised()
    {
        using var sender = AnvilFixture.Account(4);
        using var authority = AnvilFixture.Account(5);
        using var web3 = new Web3(anvil.Url, sender);
        var probe = await Probe.DeployAsync(web3, 77);
        var authorization = await authority.SignAuthorizationAsync(
            new Authorization(31337, probe.Address, await web3.Eth.GetTransactionCountAsync(authority.Address)));
        var raw = await sender.SignRawTransactionAsync(new Eip7702Transaction(
            31337, await web3.Eth.GetTransactionCountAsync(sender.Address), 1_000_000_000, 20_000_000_000, 200_000, authority.Address, 0, Probe.EncodeMost(), [authorization]));
        var receipt = await web3.Eth.WaitForReceiptAsync(await web3.Eth.SendRawTransactionAsync(raw), TimeSpan.FromSeconds(30));
        Assert.True(receipt.Succeeded);
        Assert.Equal(Hex.Encode([0xef, 0x01, 0x00, .. probe.Address.ToArray()]), Hex.Encode(await web3.Eth.GetCodeAsync(authority.Address)));
        Assert.Equal(77, await new Probe(web3, authority.Address).MostAsync());
    }

    [Fact]
    public async Task A_contract_wallet_is_asked_and_only_the_right_word_is_a_yes()
    {
        using var owner = AnvilFixture.Account(6);
        using var web3 = new Web3(anvil.Url, owner);
        using var other = LocalSigner.Generate();
        var digest = Keccak256.Hash("digest");
        var (good, bad) = ((await owner.SignDigestAsync(digest)).ToArray(), (await other.SignDigestAsync(digest)).ToArray());

        Assert.True(await web3.Eth.IsSignedByAsync(owner.Address, digest, good));
        Assert.False(await web3.Eth.IsSignedByAsync(owner.Address, digest, bad));
        // Faithful, then every way in which a wallet may answer otherwise.
        for (byte answer = 0; answer < 10; answer++)
        {
            var wallet = await ContractWallet.DeployAsync(web3, owner.Address, answer);
            Assert.Equal(answer == 0, await web3.Eth.IsSignedByAsync(wallet.Address, digest, good));
            Assert.False(await web3.Eth.IsSignedByAsync(wallet.Address, digest, bad));
        }
    }
}
