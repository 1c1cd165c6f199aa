using System.Numerics;
using Assay.Ethereum;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;

namespace Assay.Circle.Network;

/// <summary>Every book of one account, as the contract holds it.</summary>
public sealed record Books(IReadOnlyDictionary<Book, Amount> Amounts)
{
    public Amount Total => Amount.Sum(Amounts.Values);
}

/// <summary>Reads the money from the contract itself.</summary>
public sealed class Ledger(JsonRpcClient rpc, Deployment deployment, Cast cast)
{
    private static readonly ContractAbi TokenAbi = ContractAbi.Parse(
        """[{"type":"function","name":"balanceOf","stateMutability":"view","inputs":[{"name":"who","type":"address"}],"outputs":[{"name":"","type":"uint256"}]}]""");

    private readonly Web3 web3 = new(rpc);

    private Contract Escrow => web3.GetContract(EscrowAbi.Instance, deployment.Escrow);

    /// <summary>Everybody who can hold money in the escrow: clients, operators, the two relaying accounts, and the contract for its pools.</summary>
    public IEnumerable<Address> Holders() =>
    [
        cast.Deployer.Address, cast.Relayer.Address, deployment.Escrow,
        .. Enumerable.Range(0, cast.ClientCount).Select(i => cast.Client(i).Address),
        .. Enumerable.Range(0, cast.OperatorCount).Select(i => cast.Owner(i).Address),
    ];

    public async Task<Amount> TokenBalanceAsync(Address who, ulong? block = null) =>
        Amount.From(await web3.GetContract(TokenAbi, deployment.Token).CallAtAsync<BigInteger>(At(block), "balanceOf", who));

    public async Task<Books> BooksOfAsync(Address who, ulong? block = null)
    {
        var @operator = await Escrow.CallAtAsync<OperatorAccount>(At(block), "operatorOf", who);
        var pools = who == deployment.Escrow ? await Escrow.CallAtAsync<Pools>(At(block), "pools") : new Pools(0, 0);
        return new Books(new Dictionary<Book, Amount>
        {
            [Book.Available] = await Escrow.CallAtAsync<Amount>(At(block), "available", who),
            [Book.Reserved] = await ReservedAsync(who, At(block)),
            [Book.Bond] = @operator.Bond,
            [Book.Locked] = @operator.Locked,
            [Book.Earned] = @operator.Earned,
            [Book.CheckPool] = pools.CheckPool,
            [Book.InsurancePool] = pools.InsurancePool,
        });
    }

    public Task<OperatorAccount> OperatorAsync(Address who) => Escrow.CallAsync<OperatorAccount>("operatorOf", who);

    /// <summary>The escrow's token balance against the sum of all books, at one block.</summary>
    public async Task<(Amount Held, Amount Owed)> ConservationAsync(ulong block)
    {
        var books = await Task.WhenAll(Holders().Select(who => BooksOfAsync(who, block)));
        return (await TokenBalanceAsync(deployment.Escrow, block), Amount.Sum(books.Select(b => b.Total)));
    }

    /// <summary>The contract has no such balance: it is what the client's jobs took at their opening and the contract does not call final.</summary>
    private async Task<Amount> ReservedAsync(Address client, BlockTag at)
    {
        var opening = EscrowAbi.Instance.Event(nameof(JobOpened));
        var ofClient = new LogFilter(deployment.Block, at, null, [deployment.Escrow], [[opening.Topic], [], [Words.Of(client)]]);
        var reserved = Amount.Zero;
        foreach (var log in await web3.Eth.GetLogsAsync(ofClient))
        {
            var job = EscrowAbi.Instance.DecodeLog(log).Values;
            var standing = await Escrow.CallAtAsync<JobStanding>(at, "stateOf", job.GetBytes32("job"));
            if (standing.HoldsMoney) reserved += Amount.From(RecordWords.Number(job, "maxPrice") + RecordWords.Number(job, "fee"));
        }
        return reserved;
    }

    private static BlockTag At(ulong? block) => block is { } number ? number : BlockTag.Latest;
}
