using System.Numerics;
using Assay.Circle.Network;
using Assay.Circle.Stack;
using Assay.Ethereum;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Wallets;
using Assay.Protocol.Chain;

namespace Assay.Settlement.Tests.World;

/// <summary>A deployed escrow with operators that have bonds and clients that have deposits.</summary>
internal sealed class Escrow
{
    public const int Operators = 8;
    public static readonly Amount Deposit = 10_000;

    public static readonly EscrowParameters Terms = new(
        FloorPpm: 200_000, RecordNumerator: 2, RecordOffset: 2, EpochBlocks: 4, MinRoster: 8, MaxRunWindow: 100_000, ReviewWindow: 10, CheckWindow: 10,
        LongReview: 60, OpenWindow: 20, CommitWindow: 60, RevealWindow: 30, VerdictWindow: 300, AppealVerdictWindow: 300, AppealWindow: 10, UnbondingDelay: 200_000, NoShowPpm: 100_000,
        NoShowsToJail: 3, SeatPenaltyPpm: 100_000, AccuserPpm: 100_000, FirstSeats: 3, SecondSeats: 3, ConvictQuorum: 3, ClearQuorum: 2, MinBond: 10_000, KeeperPart: 5);

    private static readonly ContractAbi TokenAbi = Deployer.AbiOf(Checkout.Find(), Deployer.Token);

    private readonly HdWallet wallet;

    private Escrow(AnvilChain chain, HdWallet wallet, EscrowDomain domain, Address token, ulong startBlock)
    {
        (Chain, this.wallet, Domain, Token, StartBlock) = (chain, wallet, domain, token, startBlock);
        Contract = new Web3(chain.RpcUrl.ToString()).GetContract(EscrowAbi.Instance, domain.Escrow);
    }

    public AnvilChain Chain { get; }
    public EscrowDomain Domain { get; }
    public Address Token { get; }
    public ulong StartBlock { get; }

    /// <summary>For views.</summary>
    public Contract Contract { get; }

    public LocalSigner Relayer => wallet.GetAccount(1);

    public LocalSigner Client(int i) => wallet.GetAccount(100 + i);

    /// <summary>Owner and hot key of an operator are one key here.</summary>
    public LocalSigner Operator(int i) => wallet.GetAccount(200 + i);

    public LocalSigner OperatorAt(Address address) => Enumerable.Range(0, Operators).Select(Operator).Single(o => o.Address == address);

    public Task<Amount> TokensInEscrowAsync() => TokensOfAsync(Domain.Escrow);

    public async Task<Amount> TokensOfAsync(Address account) => Amount.From(await TokenOf(Relayer).CallAsync<BigInteger>("balanceOf", account));

    public Task MintAsync(Address account, Amount amount) => TokenOf(Governor).SendAsync("mint", account, amount);

    /// <param name="govern">Terms of a deployment whose authority is the deployer and whose seeds may come from drand; null: the usual ones, for ever.</param>
    public static async Task<Escrow> DeployAsync(AnvilChain chain, int clients = 2, EscrowParameters? govern = null)
    {
        var wallet = HdWallet.FromMnemonic(chain.Mnemonic);
        using var deployer = new Web3(chain.RpcUrl.ToString(), wallet.GetAccount(0));
        var contracts = new Deployer(deployer);
        var token = (await contracts.TokenAsync()).ContractAddress!.Value;
        var receipt = govern is null ? await contracts.EscrowAsync(token, Terms) : await GovernedAsync(contracts, wallet.GetAccount(0).Address, token, govern);
        var escrow = new Escrow(chain, wallet, new EscrowDomain((ulong)chain.ChainId, receipt.ContractAddress!.Value), token, receipt.BlockNumber);
        await deployer.GetContract(EscrowAbi.Instance, escrow.Domain.Escrow).SendAsync("registerRuntime", 1, Words.Of(1), true);
        await escrow.FundGasAsync(escrow.Relayer.Address);
        for (var i = 0; i < Operators; i++)
            await escrow.EnterAsync(escrow.Operator(i), 200_000, contract => contract.SendAsync("register", escrow.Operator(i).Address, escrow.PayoutOf(i), 200_000));
        for (var i = 0; i < clients; i++)
            await escrow.EnterAsync(escrow.Client(i), Deposit.ToBigInteger(), contract => contract.SendAsync("deposit", Deposit));
        return escrow;
    }

    private static async Task<Receipt> GovernedAsync(Deployer contracts, Address authority, Address token, EscrowParameters terms)
    {
        var manager = (await contracts.AuthorityAsync(authority)).ContractAddress!.Value;
        var beacon = (await contracts.BeaconAsync()).ContractAddress!.Value;
        var least = terms with { ReviewWindow = 1, Randomness = Randomness.BlockHash };
        return await contracts.EscrowAsync(token, terms, new(manager, beacon, least, terms with { Randomness = Randomness.Beacon, ReviewWindow = 1_000, CheckWindow = 10_000, LongReview = 40_000 }));
    }

    /// <summary>Who may change parameters and pause at once, where a deployment is governed.</summary>
    public LocalSigner Governor => wallet.GetAccount(0);

    /// <summary>A contract call from somebody's own account.</summary>
    public Contract From(ISigner signer) => As(signer).GetContract(EscrowAbi.Instance, Domain.Escrow);

    /// <summary>Gives somebody else money to order with.</summary>
    public Task DepositForAsync(Address account, Amount amount) =>
        EnterAsync(Relayer, amount.ToBigInteger(), contract => contract.SendAsync("depositFor", account, amount));

    /// <summary>A contract wallet of this owner; its answers as in contracts/mocks/Wallets.sol.</summary>
    public async Task<Address> WalletAsync(ISigner owner, int answer = 0)
    {
        using var web3 = As(Governor);
        return (await new Deployer(web3).CreateAsync("Wallet", owner.Address, answer)).ContractAddress!.Value;
    }

    /// <summary>The last operator's payout address is a key of ours, the others' nobody's.</summary>
    public const int Own = Operators - 1;

    public LocalSigner Payout => wallet.GetAccount(300);

    private Address PayoutOf(int i) => i == Own ? Payout.Address : new([.. new byte[18], 0xee, (byte)i]);

    private Contract TokenOf(ISigner signer) => As(signer).GetContract(TokenAbi, Token);

    private async Task EnterAsync(ISigner who, BigInteger amount, Func<Contract, Task> enter)
    {
        await FundGasAsync(who.Address);
        var token = TokenOf(who);
        await token.SendAsync("mint", who.Address, amount);
        await token.SendAsync("approve", Domain.Escrow, amount);
        await enter(From(who));
    }

    private Task FundGasAsync(Address who) => Chain.RpcAsync("anvil_setBalance", who.ToString(), "0x56bc75e2d63100000");

    private Web3 As(ISigner signer) => new(Chain.RpcUrl.ToString(), signer);
}
