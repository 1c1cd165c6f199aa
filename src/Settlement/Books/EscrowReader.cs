using System.Collections.Concurrent;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;

namespace Assay.Settlement.Books;

/// <param name="Deterministic">The runtime may be compared as the order wants.</param>
/// <param name="Pool">Null: everybody's.</param>
/// <param name="Spending">What the payer has approved for the client; null: it pays itself.</param>
public sealed record Consents(bool Deterministic, PoolTerms? Pool, SpendingLimits? Spending);

/// <param name="Owner">Zero: there is no such pool.</param>
/// <param name="Orders">The client is listed.</param>
public sealed record PoolTerms(Address Owner, bool Orders);

/// <param name="Until">Unix seconds.</param>
public sealed record SpendingLimits(Amount PerJob, Amount PerDay, ulong Until, Amount SpentToday);

/// <summary>The contract's views. Errors as <see cref="JsonRpcClient"/> throws them.</summary>
public sealed class EscrowReader(EthApi eth, EscrowDomain domain)
{
    private static readonly ContractAbi Abi = EscrowAbi.Instance;
    /// <summary>What the escrow lets a wallet take, and the transaction's own part.</summary>
    private const ulong WalletGas = 150_000 + 50_000;
    private static readonly ContractAbi Wallet = ContractAbi.Parse(
        """[{"type":"function","name":"isValidSignature","stateMutability":"view","inputs":[{"name":"hash","type":"bytes32"},{"name":"signature","type":"bytes"}],"outputs":[{"name":"","type":"bytes4"}]}]""");
    private static readonly byte[] WalletYes = [0x16, 0x26, 0xba, 0x7e, .. new byte[28]];
    private readonly ConcurrentDictionary<uint, EscrowParameters> versions = [];

    /// <summary>Under which terms jobs are opened now, and whether they are.</summary>
    public async Task<(EscrowParameters Parameters, bool Paused)> CurrentAsync(CancellationToken cancellation)
    {
        var parameters = await eth.CallAsync(Request("parameters"), BlockTag.Latest, cancellation);
        var paused = await eth.CallAsync(Request("paused"), BlockTag.Latest, cancellation);
        return (Abi.DecodeResult("parameters", parameters).Get<EscrowParameters>(0), Abi.DecodeResult("paused", paused).Get<bool>(0));
    }

    /// <summary>A version never changes, so it is asked for once.</summary>
    public async Task<EscrowParameters> ParametersAsync(uint version, CancellationToken cancellation)
    {
        if (versions.TryGetValue(version, out var known)) return known;
        var answer = await eth.CallAsync(Request("parametersOf", version), BlockTag.Latest, cancellation);
        return versions[version] = Abi.DecodeResult("parametersOf", answer).Get<EscrowParameters>(0);
    }

    public async Task<bool> IsNonceUsedAsync(Address client, Bytes32 nonce, CancellationToken cancellation) =>
        Abi.DecodeResult("nonceUsed", await eth.CallAsync(Request("nonceUsed", client, nonce.ToBigInteger()), BlockTag.Latest, cancellation)).Get<bool>(0);

    /// <summary>What the registries say to an order at the chain's head.</summary>
    public async Task<Consents> ConsentsAsync(Order order, CancellationToken cancellation)
    {
        async Task<AbiValues> AskAsync(string function, params object?[] arguments) =>
            Abi.DecodeResult(function, await eth.CallAsync(Request(function, arguments), BlockTag.Latest, cancellation));

        return new(
            order.Comparison != Comparison.Exact || (await AskAsync("runtimeOf", order.Runtime)).Get<bool>("deterministic"),
            order.Pool == 0 ? null : new PoolTerms(
                (await AskAsync("poolOwner", order.Pool)).Get<Address>(0), (await AskAsync("poolMember", order.Pool, order.Client)).Get<bool>("orders")),
            order.Purse == order.Client ? null : (await AskAsync("spendingOf", order.Purse, order.Client)).To<SpendingLimits>());
    }

    /// <summary>What the operator can claim at the chain's head; zero for one that is not registered.</summary>
    public async Task<Amount> EarnedAsync(Address @operator, CancellationToken cancellation) =>
        Abi.DecodeResult("operatorOf", await eth.CallAsync(Request("operatorOf", @operator), BlockTag.Latest, cancellation)).Get<OperatorAccount>(0).Earned;

    /// <summary>Whether a contract wallet takes this signature of a digest (ERC-1271), within the gas that the escrow would give it.</summary>
    public async Task<bool> IsTakenAsync(Address wallet, Bytes32 digest, byte[] signature, CancellationToken cancellation)
    {
        if ((await eth.GetCodeAsync(wallet, BlockTag.Latest, cancellation)).Length == 0) return false;
        try
        {
            var answer = await eth.CallAsync(new CallRequest(wallet, Wallet.Encode("isValidSignature", digest, signature), Gas: WalletGas), BlockTag.Latest, cancellation);
            return answer.AsSpan().SequenceEqual(WalletYes);
        }
        // The wallet refuses in whatever way it likes; a node that does not answer is another error.
        catch (JsonRpcException)
        {
            return false;
        }
    }

    /// <summary>The contract's balances of these accounts at a block, and its pools.</summary>
    public async Task<IReadOnlyList<BookBalance>> BalancesAsync(IReadOnlyList<Address> accounts, ulong block, CancellationToken cancellation)
    {
        var calls = accounts
            .SelectMany(a => new[] { Request("available", a), Request("operatorOf", a) })
            .Append(Request("pools"))
            .Select(r => EthCalls.Call(r, block)).ToList();
        var answers = (await eth.Client.BatchAsync(calls, cancellation)).Select(a => a.Value).ToList();
        var balances = new List<BookBalance>(accounts.Count * 4 + 2);
        for (var i = 0; i < accounts.Count; i++)
        {
            var @operator = Abi.DecodeResult("operatorOf", answers[2 * i + 1]).Get<OperatorAccount>(0);
            balances.Add(new(accounts[i], Book.Available, Abi.DecodeResult("available", answers[2 * i]).Get<Amount>(0)));
            balances.Add(new(accounts[i], Book.Bond, @operator.Bond));
            balances.Add(new(accounts[i], Book.Locked, @operator.Locked));
            balances.Add(new(accounts[i], Book.Earned, @operator.Earned));
        }
        var pools = Abi.DecodeResult("pools", answers[^1]).To<Pools>();
        balances.Add(new(domain.Escrow, Book.CheckPool, pools.CheckPool));
        balances.Add(new(domain.Escrow, Book.InsurancePool, pools.InsurancePool));
        return balances;
    }

    /// <summary>Those of the jobs that the contract too holds money for after the block, by the same record.</summary>
    public async Task<IReadOnlyList<JobOnChain>> InFlightAsync(IReadOnlyList<JobOnChain> jobs, ulong block, CancellationToken cancellation)
    {
        var calls = jobs
            .SelectMany(j => new[] { Request("stateOf", j.Job), Request("isRecord", j.Job, j.Record) })
            .Select(r => EthCalls.Call(r, block)).ToList();
        var answers = (await eth.Client.BatchAsync(calls, cancellation)).Select(a => a.Value).ToList();
        return [.. jobs.Where((_, i) =>
            Abi.DecodeResult("stateOf", answers[2 * i]).To<JobStanding>().HoldsMoney && Abi.DecodeResult("isRecord", answers[2 * i + 1]).Get<bool>(0))];
    }

    private CallRequest Request(string function, params object?[] arguments) => new(domain.Escrow, Abi.Encode(function, arguments));
}
