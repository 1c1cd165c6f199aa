using System.Text.RegularExpressions;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Tests.Generated;
using Assay.Ethereum.Transactions;
using Assay.Ethereum.Wallets;

namespace Assay.Ethereum.Tests;

/// <summary>The examples of docs/ethereum.md, which quotes them line by line.</summary>
public sealed partial class ExampleTests(AnvilFixture anvil) : IClassFixture<AnvilFixture>
{
    [Fact]
    public async Task Contracts()
    {
        var url = anvil.Url;

        using var wallet = HdWallet.FromMnemonic("test test test test test test test test test test test junk");
        using var account = wallet.GetAccount(7);
        using var web3 = new Web3(url, account);

        var probe = await Probe.DeployAsync(web3, 100);
        var item = new Item(Keccak256.Hash("item"), 70, "a note", [account.Address]);
        var receipt = await probe.StoreAsync(item);
        var stored = probe.Contract.Events<Probe.Events.Stored>(receipt)[0];
        var totals = await probe.TotalsAsync(item.Id, BlockTag.Latest);

        Assert.Equal((item.Id, 70, 1UL), (stored.Id, totals.Amount, totals.Seats));

        try
        {
            await probe.StoreAsync(item with { Amount = 101 });
        }
        catch (TransactionRevertedException reverted) when (reverted.Is<Probe.Errors.TooMuch>(out var error))
        {
            Assert.Equal((101, 100), (error.Given, error.Most));
            return;
        }
        Assert.Fail("It had to revert.");
    }

    [Fact]
    public async Task Logs()
    {
        using var account = AnvilFixture.Account(8);
        using var web3 = new Web3(anvil.Url, account);
        var probe = await Probe.DeployAsync(web3, 100);
        await probe.StoreAsync(new Item(Keccak256.Hash("item"), 70, "a note", []));
        using var http = new HttpClient();
        var request = $$"""{"jsonrpc":"2.0","id":1,"method":"eth_getLogs","params":[{"fromBlock":"0x0","address":"{{probe.Address}}"}]}""";
        using var response = await http.PostAsync(anvil.Url, new StringContent(request, System.Text.Encoding.UTF8, "application/json"));
        var answer = await response.Content.ReadAsByteArrayAsync();

        var count = 0;
        using var logs = new LogReader(answer);
        while (logs.Read())
            if (Probe.Events.Stored.View.TryRead(logs.Current, out var stored) && stored.By == account.Address)
                count++;

        Assert.Equal(1, count);
    }

    [Fact]
    public async Task Signing()
    {
        using var client = new JsonRpcClient(anvil.Url);
        using var account = AnvilFixture.Account(9);
        var eth = new EthApi(client);
        var address = account.Address;

        ISigner signer = new RemoteSigner(client, address);
        var domain = new Eip712Domain("Ledger", "1", 31337, Address.Zero);
        var data = TypedData.Of(domain, new Item(Keccak256.Hash("item"), 70, "a note", []));
        var signature = await signer.SignTypedDataAsync(data);
        var isSigned = await eth.IsSignedByAsync(address, data.Digest, signature.ToArray());

        Assert.True(isSigned);
    }

    [Fact]
    public async Task Providers()
    {
        var (firstUrl, secondUrl, address) = (anvil.Url, anvil.Url, Address.Zero);

        var once = new JsonRpcOptions { MaxAttempts = 1 };
        using var first = new JsonRpcClient(firstUrl, once);
        using var second = new JsonRpcClient(secondUrl, once);
        var pool = new ProviderPool([first, second], new ProviderPoolOptions { RequestsPerSecond = 25 });
        using var web3 = new Web3(pool);
        var logs = await web3.Eth.GetLogsInPartsAsync(LogFilter.Range(0, await web3.Eth.BlockNumberAsync(), address));
        var balance = await pool.AgreedAsync(EthCalls.GetBalance(address, BlockTag.Latest), agreeing: 2);

        Assert.Empty(logs);
        Assert.Equal(await web3.Eth.GetBalanceAsync(address), balance);
    }

    [Fact]
    public void The_document_quotes_what_runs_here()
    {
        var source = Lines(File.ReadAllText(Path.Combine(Root(), "tests/Ethereum.Tests/ExampleTests.cs")));
        var blocks = Block().Matches(File.ReadAllText(Path.Combine(Root(), "docs/ethereum.md")));
        Assert.True(blocks.Count >= 4);
        Assert.All(blocks, block => Assert.Contains(Lines(block.Groups[1].Value), source, StringComparison.Ordinal));
    }

    private static string Lines(string text) => string.Join('\n', text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0));

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Settlement.sln")))
            folder = folder.Parent!;
        return folder.FullName;
    }

    [GeneratedRegex("```csharp run\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();
}
