using System.Numerics;
using System.Text.Json;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Transactions;

namespace Assay.Ethereum.Tests;

/// <summary>The whole library against a real node and a compiled contract (Contracts/Probe.sol).</summary>
public sealed class AnvilTests(AnvilFixture anvil) : IClassFixture<AnvilFixture>
{
    public sealed record Item(Bytes32 Id, BigInteger Amount, string Note, Address[] Seats);

    public sealed record Stored(Bytes32 Id, Address By, BigInteger Amount, string Note);

    public sealed record Totals(BigInteger Amount, int Seats);

    private static readonly Item Sample = new(Keccak256.Hash("item"), 70, "grüße", [new Address(Enumerable.Repeat((byte)3, 20).ToArray()), Address.Zero]);

    [Fact]
    public async Task A_contract_is_deployed_called_and_its_event_read_back()
    {
        using var signer = AnvilFixture.Account(1);
        using var web3 = new Web3(anvil.Url, signer);
        var contract = await DeployAsync(web3);
        Assert.Equal(100, await contract.CallAsync<int>("most"));

        var receipt = await contract.SendValueAsync(5, "store", Sample);
        var stored = contract.Events(receipt).Single().To<Stored>();
        Assert.Equal(new Stored(Sample.Id, signer.Address, 70, "grüße"), stored);
        Assert.Equal(5, await web3.Eth.GetBalanceAsync(contract.Address));

        var read = await contract.CallAsync<Item>("get", Sample.Id);
        Assert.Equal(Sample.Seats, read.Seats);
        Assert.Equal(Sample with { Seats = read.Seats }, read);
        Assert.Equal(new Totals(70, 2), await contract.CallAsync<Totals>("totals", Sample.Id));
        Assert.Equal(new Totals(0, 0), await contract.CallAtAsync<Totals>(receipt.BlockNumber - 1, "totals", Sample.Id));
        Assert.Equal(new Totals(70, 2), await contract.CallAtAsync<Totals>(BlockTag.OfHash(receipt.BlockHash), "totals", Sample.Id));

        var byHash = await web3.Eth.GetLogsAsync(LogFilter.Block(receipt.BlockHash, contract.Address));
        var byTopic = await web3.Eth.GetLogsAsync(LogFilter.Range(0, receipt.BlockNumber, contract.Address) with { Topics = [[contract.Abi.Event("Stored").Topic], [], [ContractAbi.EncodeTopic(AbiType.Parse("address"), signer.Address)]] });
        Assert.Equal(stored, contract.Abi.Decode<Stored>(Assert.Single(byHash)));
        Assert.Equal(stored, contract.Abi.Decode<Stored>(Assert.Single(byTopic)));
    }

    [Fact]
    public async Task A_revert_is_thrown_with_its_decoded_reason()
    {
        using var signer = AnvilFixture.Account(2);
        using var web3 = new Web3(anvil.Url, signer);
        var contract = await DeployAsync(web3);

        var custom = await Assert.ThrowsAsync<TransactionRevertedException>(() => contract.SendAsync("store", Sample with { Amount = 101 }));
        Assert.Equal("TooMuch(given: 101, most: 100)", custom.Error!.ToString());
        var text = await Assert.ThrowsAsync<TransactionRevertedException>(() => contract.SendAsync("store", Sample with { Amount = 0 }));
        Assert.Equal("nothing to store", text.Error!.ToString());
        var panic = await Assert.ThrowsAsync<TransactionRevertedException>(() => contract.CallAsync<BigInteger>("divide", 0));
        Assert.Equal("Panic: division or modulo by zero (0x12)", panic.Error!.ToString());

        var mined = await Assert.ThrowsAsync<TransactionRevertedException>(() =>
            web3.Sender!.SendAndWaitAsync(contract.Address, contract.Encode("store", Sample with { Amount = 101 }), abi: contract.Abi, gasLimit: 200_000));
        Assert.Equal("TooMuch(given: 101, most: 100)", mined.Error!.ToString());
        Assert.False(mined.Receipt!.Succeeded);
    }

    [Fact]
    public async Task Many_sends_at_once_take_one_nonce_each()
    {
        using var signer = AnvilFixture.Account(3);
        using var web3 = new Web3(anvil.Url, signer);
        var before = await web3.Eth.GetTransactionCountAsync(signer.Address);
        var receipts = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => web3.Sender!.SendAndWaitAsync(Address.Zero, [], 1)));
        Assert.Equal(10, receipts.Select(r => r.TransactionHash).Distinct().Count());
        Assert.Equal(before + 10, await web3.Eth.GetTransactionCountAsync(signer.Address));
    }

    [Fact]
    public async Task The_node_agrees_with_the_hash_and_the_sender_of_a_transaction()
    {
        using var signer = AnvilFixture.Account(4);
        using var web3 = new Web3(anvil.Url, signer);
        var signed = await web3.Sender!.SendAsync(signer.Address, [1, 2], 3);
        await web3.Sender.WaitAsync(signed);
        var info = (await web3.Eth.GetTransactionByHashAsync(signed.Hash))!;
        Assert.Equal((signer.Address, (Address?)signer.Address, 3, signed.Transaction.Nonce), (info.From, info.To, info.Value, info.Nonce));
        Assert.Equal([1, 2], info.Input);
        Assert.Null(await web3.Eth.GetTransactionReceiptAsync(Keccak256.Hash("none")));
        Assert.Null(await web3.Eth.GetTransactionByHashAsync(Keccak256.Hash("none")));
    }

    [Fact]
    public async Task What_the_node_says_to_a_bad_send_is_classified()
    {
        using var signer = AnvilFixture.Account(5);
        using var poor = Wallets.LocalSigner.Generate();
        using var web3 = new Web3(anvil.Url, signer);
        var signed = await web3.Sender!.SendAsync(signer.Address, [], 0);
        await web3.Sender.WaitAsync(signed);
        Assert.Equal(SendOutcome.NonceTooLow, await OutcomeAsync(web3, await signer.SignTransactionAsync(signed.Transaction with { Value = 1 })));
        Assert.Equal(SendOutcome.InsufficientFunds, await OutcomeAsync(web3, await poor.SignTransactionAsync(signed.Transaction with { Nonce = 0, Value = 1 })));
        Assert.Equal(SendOutcome.Invalid, await OutcomeAsync(web3, await signer.SignTransactionAsync(signed.Transaction with { ChainId = 1, Nonce = 1 })));
        Assert.Equal(SendOutcome.Invalid, await OutcomeAsync(web3, await signer.SignTransactionAsync(signed.Transaction with { GasLimit = 20_999, Nonce = 1 })));
        Assert.Equal(SendOutcome.Underpriced, await OutcomeAsync(web3, await signer.SignTransactionAsync(signed.Transaction with { MaxFeePerGas = 1, MaxPriorityFeePerGas = 1, Nonce = 1 })));

        // A gap keeps these two in the pool: the same again, then one that pays too little more.
        var waiting = await signer.SignTransactionAsync(signed.Transaction with { Nonce = 9 });
        await web3.Eth.SendRawTransactionAsync(waiting.ToArray());
        Assert.Equal(SendOutcome.AlreadyKnown, await OutcomeAsync(web3, waiting));
        Assert.Equal(SendOutcome.ReplacementUnderpriced, await OutcomeAsync(web3, await signer.SignTransactionAsync(waiting.Transaction with { Value = 1 })));
        var fees = Fees.Replacement(new Fees(waiting.Transaction.MaxFeePerGas, waiting.Transaction.MaxPriorityFeePerGas), default, BigInteger.Pow(10, 18))!.Value;
        var raised = await signer.SignTransactionAsync(
            waiting.Transaction with { MaxFeePerGas = fees.MaxFeePerGas, MaxPriorityFeePerGas = fees.MaxPriorityFeePerGas });
        Assert.Equal(raised.Hash, await web3.Eth.SendRawTransactionAsync(raised.ToArray()));
    }

    [Fact]
    public async Task Headers_follow_one_another_by_hash()
    {
        using var web3 = new Web3(anvil.Url);
        await web3.Client.CallAsync<JsonElement>("anvil_mine", "0x5");
        var head = await web3.Eth.BlockNumberAsync();
        var headers = (await web3.Client.BatchAsync([.. Enumerable.Range(0, 5).Select(i => EthCalls.GetBlock(head - 4 + (ulong)i))])).Select(r => r.Value!).ToList();
        Assert.All(headers.Zip(headers.Skip(1)), pair => Assert.Equal(pair.First.Hash, pair.Second.ParentHash));
        Assert.Equal(headers[4].Number, (await web3.Eth.GetBlockByHashAsync(headers[4].Hash))!.Number);
        Assert.Null(await web3.Eth.GetBlockByNumberAsync(head + 1_000_000));
        Assert.NotNull((await web3.Eth.GetBlockByNumberAsync(BlockTag.Latest))!.BaseFeePerGas);
        Assert.Equal(31337UL, await web3.Eth.ChainIdAsync());
        Assert.Empty(await web3.Eth.GetCodeAsync(Address.Zero));
    }

    private static async Task<SendOutcome> OutcomeAsync(Web3 web3, SignedTransaction signed) =>
        SendErrors.Classify(await Assert.ThrowsAsync<JsonRpcException>(() => web3.Eth.SendRawTransactionAsync(signed.ToArray())));

    private static async Task<Contract> DeployAsync(Web3 web3)
    {
        var artifact = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "Contracts", "Probe.json"));
        using var document = JsonDocument.Parse(artifact);
        return (await web3.DeployAsync(ContractAbi.Parse(artifact), Hex.Decode(document.RootElement.Text("bytecode")), [100])).Contract;
    }
}
