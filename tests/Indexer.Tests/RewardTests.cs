using System.Numerics;
using Assay.Circle.Network;
using Assay.Circle.Stack;
using Assay.Ethereum;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Hosting;
using Assay.Indexer.Rewards;
using Assay.Protocol.Chain;
using Assay.Testing;
using Dapper;

namespace Assay.Indexer.Tests;

/// <summary>Roots that anybody can build again, and that the contract takes.</summary>
public sealed class RewardTests(PostgresFixture postgres, ChainFixture chain) : IClassFixture<PostgresFixture>, IClassFixture<ChainFixture>
{
    private const int Day = 86_400;
    private static readonly RewardOptions Rule = new() { EpochSeconds = Day, Budget = 1_000_000, CapPpm = 100_000 };
    private static readonly ContractAbi Abi = Deployer.AbiOf(Checkout.Find(), "Rewards");

    private static EpochWork Did(long epoch, byte who, long work, bool failed = false) => new(epoch, Who(who), work, failed);

    private static Address Who(byte number) => new([.. new byte[19], number]);

    [Fact]
    public void An_epochs_budget_is_shared_by_work_rounded_down_and_never_more_than_the_cap_of_the_work() => Assert.Equal(
        [(Who(1), 333_333), (Who(2), 666_666), (Who(3), 20_000)],
        RewardRoot.Amounts([Did(5, 2, 20_000_000), Did(5, 1, 10_000_000), Did(6, 3, 200_000)], Rule));

    [Fact]
    public void Who_failed_in_an_epoch_gets_nothing_for_it_and_keeps_what_it_had() => Assert.Equal(
        [(Who(1), 1_500_000), (Who(2), 500_000)],
        RewardRoot.Amounts([Did(5, 1, 10_000_000), Did(5, 2, 10_000_000), Did(6, 1, 10_000_000), Did(6, 2, 10_000_000, failed: true)], Rule));

    [Fact]
    public void Who_is_owed_nothing_is_no_leaf() => Assert.Empty(RewardRoot.Amounts([Did(1, 1, 9), Did(1, 2, 0)], Rule));

    [Fact]
    public async Task The_contract_takes_every_proof_of_trees_of_every_size_and_no_other_amount()
    {
        var escrow = await TestEscrow.DeployAsync(chain.Chain);
        var (submitter, rewards) = await DeployAsync(escrow);
        using var _ = submitter;
        for (var size = 1; size <= 9; size++)
        {
            var owed = Enumerable.Range(1, size).Select(i => (Who((byte)i), (Amount)(1000 * i))).ToList();
            var tree = new RewardTree(owed);
            await rewards.SendAsync("submitRoot", size, tree.Root);
            await chain.Chain.IncreaseTimeAsync(TimeSpan.FromSeconds(61));
            foreach (var (account, amount) in owed)
            {
                var proof = tree.ProofOf(account, amount).ToArray();
                await CallAsync(account, amount, proof);
                var refused = await Assert.ThrowsAsync<JsonRpcException>(() => CallAsync(account, amount + 1, proof));
                Assert.Equal("BadProof", Abi.DecodeError(refused.RevertData!)?.Name);
            }

            Task CallAsync(Address account, Amount amount, Bytes32[] proof) => submitter.Eth.CallAsync(
                new CallRequest(rewards.Address, Abi.Encode("claim", size, amount, proof), account), BlockTag.Latest);
        }
    }

    [Fact]
    public async Task A_root_follows_from_the_chain_alone_and_pays_what_it_says()
    {
        // An epoch begins, so that all of it is one.
        var now = await chain.Chain.TimeAsync();
        await chain.Chain.IncreaseTimeAsync(TimeSpan.FromSeconds(Day - now % Day + 1));
        var escrow = await TestEscrow.DeployAsync(chain.Chain);
        var (working, standing, late) = (await escrow.OpenAsync(0, 0), await escrow.OpenAsync(1, 1), await escrow.OpenAsync(0, 1));
        await escrow.SubmitAsync(working, 0);
        await escrow.SubmitAsync(standing, 1);
        await escrow.RecordSeedAsync(working);
        await escrow.RecordSeedAsync(standing);
        await chain.Chain.IncreaseTimeAsync(TimeSpan.FromSeconds(TestEscrow.Parameters.ReviewWindow + 1));
        await escrow.ReleaseCheckedAsync(working);
        await escrow.ReleaseCheckedAsync(standing);
        await chain.Chain.IncreaseTimeAsync(TimeSpan.FromSeconds(201));
        await escrow.ExpireAsync(late);

        var epoch = await chain.Chain.TimeAsync() / Day;
        var (one, other) = (await postgres.CreateDatabaseAsync(), await postgres.CreateDatabaseAsync());
        await using var indexer = await TestIndexer.StartAsync(escrow, one[Services.Indexer]);
        await indexer.CaughtUpAsync();
        var early = await Assert.ThrowsAsync<StartRefusedException>(() => RootAsync(indexer, epoch));
        Assert.Contains("no final block is as late", early.Message);
        await chain.Chain.IncreaseTimeAsync(TimeSpan.FromDays(1));
        for (var i = 0; i < 6; i++) await chain.Chain.MineAsync();
        await EndedAsync(indexer, epoch);

        // Four units at a price of a million each; who stood somebody up has none of it.
        var root = await RootAsync(indexer, epoch);
        Assert.Equal([(escrow.Operators[0].Address, (Amount)400_000)], root.Owed);
        await using (var second = await TestIndexer.StartAsync(escrow, other[Services.Indexer]))
        {
            await EndedAsync(second, epoch);
            Assert.Equal(root.Write(Rule), (await RootAsync(second, epoch)).Write(Rule));
        }

        var (submitter, rewards) = await DeployAsync(escrow);
        using var _ = submitter;
        await rewards.SendAsync("submitRoot", epoch, root.Root);
        await chain.Chain.IncreaseTimeAsync(TimeSpan.FromSeconds(61));
        using var earner = new Web3(chain.RpcUrl.ToString(), escrow.Operators[0]);
        var token = earner.GetContract(Deployer.AbiOf(Checkout.Find(), Deployer.Token), escrow.Token);
        var before = await token.CallAsync<BigInteger>("balanceOf", earner.Sender!.Address);
        await earner.GetContract(Abi, rewards.Address).SendAsync("claim", epoch, root.Owed[0].Amount, root.ProofOf(earner.Sender.Address).ToArray());
        Assert.Equal(400_000, await token.CallAsync<BigInteger>("balanceOf", earner.Sender.Address) - before);
    }

    private static Task EndedAsync(TestIndexer indexer, long epoch) => Waiting.Until(async () =>
    {
        await using var connection = await indexer.Database.OpenAsync();
        return await connection.ExecuteScalarAsync<bool>(
            "select exists (select from blocks, chain where orphaned_by is null and number <= finalised_number and time >= @end)", new { end = (epoch + 1) * Day });
    }, TestIndexer.Patience, "the epoch to end in a final block");

    private static async Task<RewardRoot> RootAsync(TestIndexer indexer, long epoch)
    {
        await using var connection = await indexer.Database.OpenAsync();
        return await RewardRoot.OfAsync(connection, Rule, epoch);
    }

    private async Task<(Web3 Submitter, Contract Rewards)> DeployAsync(TestEscrow escrow)
    {
        var submitter = new Web3(chain.RpcUrl.ToString(), escrow.Minter);
        var at = (await new Deployer(submitter).CreateAsync("Rewards", escrow.Token, escrow.Minter.Address, escrow.Stranger.Address, 60)).ContractAddress!.Value;
        await submitter.GetContract(Deployer.AbiOf(Checkout.Find(), Deployer.Token), escrow.Token).SendAsync("mint", at, 1_000_000_000);
        return (submitter, submitter.GetContract(Abi, at));
    }
}
