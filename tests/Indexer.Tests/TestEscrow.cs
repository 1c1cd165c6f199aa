using System.Numerics;
using Assay.Circle.Network;
using Assay.Circle.Stack;
using Assay.Ethereum;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Transactions;
using Assay.Ethereum.Wallets;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;

namespace Assay.Indexer.Tests;

/// <summary>A real escrow on a real chain, with two clients and ten operators, and the verbs of the protocol.</summary>
internal sealed class TestEscrow
{
    public static readonly EscrowParameters Parameters = new(
        FloorPpm: 100_000, RecordNumerator: 1, RecordOffset: 1, EpochBlocks: 4, MinRoster: 8, MaxRunWindow: 300, ReviewWindow: 60, CheckWindow: 100,
        LongReview: 600, OpenWindow: 120, CommitWindow: 50, RevealWindow: 50, VerdictWindow: 500, AppealVerdictWindow: 500, AppealWindow: 100, UnbondingDelay: 3000,
        NoShowPpm: 200_000, NoShowsToJail: 2, SeatPenaltyPpm: 100_000, AccuserPpm: 50_000, FirstSeats: 3, SecondSeats: 3, ConvictQuorum: 3, ClearQuorum: 2, MinBond: 1_000_000_000, KeeperPart: 10_000, EpochSeconds: 12);

    /// <summary>An epoch of the beacon, long over.</summary>
    private const ulong LongAgo = (1UL << 39) + 1_000;

    private readonly HdWallet _wallet;
    private readonly AnvilChain _anvil;
    private readonly ContractAbi _tokenAbi;
    private readonly Dictionary<Address, Web3> _web3 = [];
    private ulong _nonce;

    private TestEscrow(AnvilChain anvil)
    {
        (_anvil, _wallet) = (anvil, HdWallet.FromMnemonic(anvil.Mnemonic));
        _tokenAbi = Deployer.AbiOf(Checkout.Find(), "TestToken");
        Minter = _wallet.GetAccount(0);
        Clients = [_wallet.GetAccount(1), _wallet.GetAccount(2)];
        Operators = [.. Enumerable.Range(3, 10).Select(i => _wallet.GetAccount(i))];
        Stranger = _wallet.GetAccount(13);
    }

    public Address Address { get; private set; }
    public Address Token { get; private set; }
    public ulong StartBlock { get; private set; }
    public EscrowDomain Domain { get; private set; } = null!;
    public LocalSigner Minter { get; }
    public IReadOnlyList<LocalSigner> Clients { get; }
    public IReadOnlyList<LocalSigner> Operators { get; }
    public LocalSigner Stranger { get; }
    public AnvilChain Anvil => _anvil;

    public static async Task<TestEscrow> DeployAsync(AnvilChain chain)
    {
        var escrow = new TestEscrow(chain);
        var deployer = new Deployer(escrow.Web3Of(escrow.Minter));
        escrow.Token = (await deployer.TokenAsync()).ContractAddress!.Value;
        var authority = (await deployer.AuthorityAsync(escrow.Minter.Address)).ContractAddress!.Value;
        var receipt = await deployer.EscrowAsync(escrow.Token, Parameters, new(authority, Address.Zero, Parameters, Parameters));
        (escrow.Address, escrow.StartBlock) = (receipt.ContractAddress!.Value, receipt.BlockNumber);
        escrow.Domain = new EscrowDomain((ulong)chain.ChainId, escrow.Address);
        await escrow.SendAsync(escrow.Minter, "registerRuntime", 1, Keccak256.Hash("runtime"), true);
        foreach (var client in escrow.Clients)
        {
            await escrow.FundAsync(client, 1_000_000_000);
            await escrow.SendAsync(client, "deposit", 600_000_000);
        }
        foreach (var worker in escrow.Operators)
        {
            await escrow.FundAsync(worker, 3_000_000_000);
            await escrow.SendAsync(worker, "register", worker.Address, worker.Address, 2_000_000_000);
        }
        return escrow;
    }

    public Contract As(LocalSigner who) => Web3Of(who).GetContract(EscrowAbi.Instance, Address);

    public Task<Receipt> SendAsync(LocalSigner who, string function, params object?[] arguments) => As(who).SendAsync(function, arguments);

    public Task<T> ReadAsync<T>(string function, params object?[] arguments) => As(Stranger).CallAsync<T>(function, arguments);

    public Task SendTokenAsync(LocalSigner who, string function, params object?[] arguments) =>
        Web3Of(who).GetContract(_tokenAbi, Token).SendAsync(function, arguments);

    public async Task<ulong> HeadAsync() => (ulong)await _anvil.BlockNumberAsync();

    /// <summary>A job's record as calls carry it, put together from the logs that it has on the chain now.</summary>
    public async Task<Job> RecordAsync(Bytes32 job) =>
        JobFold.Fold(job, (await EventsAsync([], [job])).Cast<IJobEvent>()).Record ?? throw new InvalidOperationException($"No job {job} has been opened.");

    /// <summary>What a client's jobs in flight hold after a block: the jobs by their openings, their state by the contract's own word.</summary>
    public async Task<Amount> ReservedAsync(Address client, ulong block)
    {
        var reserved = Amount.Zero;
        foreach (var opened in (await EventsAsync([EscrowAbi.Instance.Event("JobOpened").Topic])).Cast<JobOpened>())
            if (await RecordAsync(opened.Job) is var job && job.Purse == client
                && (await As(Stranger).CallAtAsync<JobStanding>(block, "stateOf", opened.Job)).HoldsMoney)
                reserved += job.Reserved;
        return reserved;
    }

    private async Task<IReadOnlyList<IChainEvent>> EventsAsync(params IReadOnlyList<IReadOnlyList<Bytes32>> topics)
    {
        var eth = Web3Of(Stranger).Eth;
        var events = new List<IChainEvent>();
        foreach (var log in await eth.GetLogsAsync(new LogFilter(StartBlock, BlockTag.Latest, Addresses: [Address], Topics: topics)))
        {
            var (decoded, header) = (EscrowAbi.Instance.DecodeLog(log), (await eth.GetBlockByHashAsync(log.BlockHash))!);
            events.Add(ChainEvents.Bind(decoded.Name, decoded.Values, new(0, log.BlockNumber, log.BlockHash, header.Timestamp, log.TransactionHash, (uint)log.LogIndex)));
        }
        return events;
    }

    /// <summary>Opens a job between a client and an operator; the price is at most 10 units of the token, one per unit of work.</summary>
    public async Task<Bytes32> OpenAsync(int client = 0, int worker = 0)
    {
        var item = await AgreeAsync(client, worker);
        await SendAsync(Stranger, "open", (object)new[] { item });
        return Domain.Digest(item.Order);
    }

    public async Task<OpenItem> AgreeAsync(int client = 0, int worker = 0, Func<Order, Order>? change = null)
    {
        var expiry = (ulong)await _anvil.TimeAsync() + 10_000;
        var order = new Order(
            Clients[client].Address, Operators[worker].Address, Keccak256.Hash("workload"), Keccak256.Hash("policy"), Comparison.Exact,
            1_000_000, 10_000_000, 2_000_000, 200, Bytes32.FromBigInteger(++_nonce), expiry) { Runtime = 1 };
        order = change?.Invoke(order) ?? order;
        var acceptance = new Acceptance(Domain.Digest(order), Operators[worker].Address, Operators[worker].Address, expiry);
        return OpenItem.Of(order, await Domain.SignAsync(Clients[client], order), acceptance, await Domain.SignAsync(Operators[worker], acceptance));
    }

    public static Opening Opening { get; } = new(Keccak256.Hash("outputs"), 4, Keccak256.Hash("salt"));

    public async Task SubmitAsync(Bytes32 job, int worker = 0)
    {
        var result = new Result(job, Values.Commitment(Opening), Keccak256.Hash("manifest"));
        await SendAsync(Stranger, "submit", (object)new[] { new SubmitItem(await RecordAsync(job), result, await Domain.SignAsync(Operators[worker], result)) });
    }

    /// <summary>Records the seed that decides over a job that was submitted.</summary>
    public async Task RecordSeedAsync(Bytes32 job) => await RecordSeedAfterAsync((await RecordAsync(job)).Epoch);

    private async Task RecordSeedAfterAsync(ulong epoch)
    {
        var deciding = Sampling.DecidingEpoch(epoch);
        if (!(await ReadAsync<Bytes32>("seedOf", deciding)).IsZero)
            return;
        while (await HeadAsync() <= Sampling.LastBlock(deciding, Parameters.EpochBlocks))
            await _anvil.MineAsync();
        await SendAsync(Stranger, "recordSeed", deciding);
    }

    /// <summary>Replaces the newest blocks by empty ones.</summary>
    public async Task ReorgAsync(int depth)
    {
        await _anvil.ReorgAsync(depth);
        // Senders count their nonces in memory, and those of the lost transactions are free again.
        _web3.Clear();
    }

    public async Task ReleaseAsync(Bytes32 job) =>
        await SendAsync(Stranger, "release", (object)new[] { ReleaseItem.Unchecked(job, await RecordAsync(job), Opening) });

    public async Task ExpireAsync(Bytes32 job) => await SendAsync(Stranger, "expire", (object)new[] { new JobItem(job, await RecordAsync(job)) });

    /// <summary>Releases with the drawn re-executor's agreement.</summary>
    public async Task ReleaseCheckedAsync(Bytes32 job)
    {
        var record = await RecordAsync(job);
        var drawn = await ReadAsync<Address>("drawnFor", job, record, (byte)0);
        var check = new Attestation(job, 0, 0, Finding.Value, Values.Value(Opening.OutputsRoot, Opening.Units), Bytes32.Zero);
        var signature = await Domain.SignAsync(Find(drawn), check);
        await SendAsync(Stranger, "release", (object)new[] { ReleaseItem.Checked(job, record, Opening, check, signature) });
    }

    /// <summary>One job of each end, one still open, and movements of every book.</summary>
    public async Task LiveALittleAsync()
    {
        var (checkedJob, silent, absent) = (await OpenAsync(0, 0), await OpenAsync(1, 1), await OpenAsync(0, 2));
        await SubmitAsync(checkedJob, 0);
        await SubmitAsync(silent, 1);
        await RecordSeedAsync(checkedJob);
        await RecordSeedAsync(silent);
        await _anvil.IncreaseTimeAsync(TimeSpan.FromSeconds(Parameters.ReviewWindow + 1));
        await ReleaseCheckedAsync(checkedJob);
        await _anvil.IncreaseTimeAsync(TimeSpan.FromSeconds(Parameters.LongReview + 1));
        await ReleaseAsync(silent);
        await ExpireAsync(absent);
        await SendAsync(Operators[0], "claim", Operators[0].Address);
        await SendAsync(Operators[3], "requestUnbonding", 700_000_000);
        await SendAsync(Clients[1], "withdraw", 100_000_000);
        await SendAsync(Clients[1], "cancelNonce", 99);
        await CancelBoughtAsync();
        await SendAsync(Minter, "pause");
        await SendAsync(Minter, "unpause");
        await SendAsync(Stranger, "recordWithoutBeacon", LongAgo);
        await ConvictAsync();
        await OpenAsync(1, 5);
    }

    /// <summary>An order at another client's cost, in a pool of that client's, that both sides cancel.</summary>
    private async Task CancelBoughtAsync()
    {
        var made = await SendAsync(Clients[1], "createPool");
        var pool = EscrowAbi.Instance.DecodeLog(made.Logs[0]).Values.Get<uint>("pool");
        await SendAsync(Clients[1], "setPoolMembers", pool, (object)new[]
        {
            new { Account = Clients[0].Address, Orders = true, Works = false }, new { Account = Operators[5].Address, Orders = false, Works = true },
        });
        await SendAsync(Clients[1], "approveSpending", Clients[0].Address, 20_000_000, 20_000_000, uint.MaxValue);
        var item = await AgreeAsync(0, 5, order => order with { Payer = Clients[1].Address, Pool = pool });
        await SendAsync(Stranger, "open", (object)new[] { item });
        var cancel = new Cancel(Domain.Digest(item.Order), item.Order.Expiry);
        await SendAsync(Stranger, "cancel", (object)new[]
        {
            new
            {
                Id = cancel.Job, Job = await RecordAsync(cancel.Job), cancel.Expiry, ClientSignature = await Domain.SignAsync(Clients[0], cancel),
                OperatorSignature = await Domain.SignAsync(Operators[5], cancel),
            },
        });
    }

    /// <summary>A wrong result, accused by the drawn re-executor and slashed on three seats' word, one seat refilled on the way.</summary>
    public async Task<Bytes32> ConvictAsync(int client = 0, int worker = 4)
    {
        var job = await OpenAsync(client, worker);
        await SubmitAsync(job, worker);
        await RecordSeedAsync(job);
        var record = await RecordAsync(job);
        var other = Values.Value(Keccak256.Hash("other outputs"), 4);
        var accusation = new Attestation(job, 0, 0, Finding.Value, other, Bytes32.Zero);
        var accuser = Find(await ReadAsync<Address>("drawnFor", job, record, (byte)0));
        await SendAsync(Stranger, "accuse", record, accusation, await Domain.SignAsync(accuser, accusation));
        await RecordSeedAfterAsync((await ReadAsync<AbiValues>("roundOf", job, (byte)1)).GetUInt64("epoch"));
        var drawn = (await SendAsync(Stranger, "drawSeats", job, record)).Logs;
        var seats = EscrowAbi.Instance.DecodeLog(drawn[0]).Values.GetArray("seats").Cast<Address>().ToArray();
        await CommitAsync(job, seats, other, 0, 1);
        await _anvil.IncreaseTimeAsync(TimeSpan.FromSeconds(Parameters.CommitWindow + 1));
        var refilled = await SendAsync(Stranger, "refillSeat", job, record, (byte)2, Array.Empty<byte>());
        seats[2] = EscrowAbi.Instance.DecodeLog(refilled.Logs[^1]).Values.GetAddress("to");
        await CommitAsync(job, seats, other, 2);
        await SendAsync(Stranger, "openClaim", job, record, Opening);
        var attestations = seats.Select((_, seat) => Vote(job, seat, other)).ToArray();
        var signatures = new List<byte[]>();
        for (var seat = 0; seat < 3; seat++)
            signatures.Add(await Domain.SignAsync(Find(seats[seat]), attestations[seat]));
        await SendAsync(Stranger, "certify", job, record, attestations, signatures.ToArray(), Keccak256.Hash("evidence"));
        // A client stands for the operator in vain: nobody decides, so the conviction stands.
        await SendAsync(Clients[client], "appeal", record, new Pledge(job, Clients[client].Address, 2), Array.Empty<byte>());
        await _anvil.IncreaseTimeAsync(TimeSpan.FromSeconds(Parameters.AppealVerdictWindow + 1));
        await SendAsync(Stranger, "lapse", (object)new[] { new JobItem(job, record) });
        // The second job of the batch does not exist, so it is skipped with an event.
        await SendAsync(Stranger, "slash", (object)new[] { new JobItem(job, record), new JobItem(Keccak256.Hash("no job"), record) });
        return job;
    }

    private async Task CommitAsync(Bytes32 job, Address[] seats, Bytes32 value, params int[] which)
    {
        var items = new List<CommitItem>();
        foreach (var seat in which)
        {
            var commitment = new SeatCommitment(job, 1, (byte)seat, Values.Seal(Vote(job, seat, value)));
            items.Add(new CommitItem(commitment, await Domain.SignAsync(Find(seats[seat]), commitment)));
        }
        await SendAsync(Stranger, "commitSeats", (object)items.ToArray());
    }

    private static Attestation Vote(Bytes32 job, int seat, Bytes32 value) => new(job, 1, (byte)seat, Finding.Value, value, Keccak256.Hash($"seat {seat}"));

    private LocalSigner Find(Address address) => Operators.Single(worker => worker.Address == address);

    private async Task FundAsync(LocalSigner who, BigInteger amount)
    {
        await SendTokenAsync(Minter, "mint", who.Address, amount);
        await SendTokenAsync(who, "approve", Address, amount);
    }

    private Web3 Web3Of(LocalSigner who)
    {
        if (!_web3.TryGetValue(who.Address, out var web3))
            _web3[who.Address] = web3 = new Web3(
                new JsonRpcClient(_anvil.RpcUrl), who, new TransactionSenderOptions { PollInterval = TimeSpan.FromMilliseconds(5) });
        return web3;
    }
}
