using Assay.Circle.Stack;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Assay.Protocol.Work;

namespace Assay.Circle.Network;

/// <param name="ConductOf">How the operator with an index behaves.</param>
/// <param name="Embedded">The three services in this process on the in-memory bus.</param>
/// <param name="Keep">Everything outlives this process when asked to.</param>
public sealed record CircleOptions(int Operators, int Clients, Func<int, Conduct> ConductOf, bool Embedded = false, bool Keep = false)
{
    public EscrowParameters Terms { get; init; } = LocalTerms.Parameters;

    public TimeSpan BlockTime { get; init; } = LocalTerms.BlockTime;
}

/// <summary>The whole circle on this machine: stack, contracts, services, nodes and funded people.</summary>
public sealed class RunningCircle : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> owned = [];

    private RunningCircle(CircleOptions options, RunningStack stack, Cast cast, SampleSet samples)
    {
        Options = options;
        Stack = stack;
        Cast = cast;
        Samples = samples;
        Rpc = new JsonRpcClient(stack.Chain.RpcUrl);
    }

    public CircleOptions Options { get; }
    public RunningStack Stack { get; }
    public Cast Cast { get; }
    public SampleSet Samples { get; }
    public JsonRpcClient Rpc { get; }
    public Deployment Deployment { get; private set; } = null!;
    public EscrowDomain Domain { get; private set; } = null!;
    public Databases Databases { get; private set; } = null!;
    public ServiceSet Services { get; private set; } = null!;
    public NodeSet Nodes { get; private set; } = null!;
    public AuditorApi Auditor { get; private set; } = null!;
    public OrdersApi Orders { get; private set; } = null!;
    public RelaysApi Relays { get; private set; } = null!;

    public Ledger Ledger => new(Rpc, Deployment, Cast);

    public static async Task<RunningCircle> StartAsync(CircleOptions options, Action<string> progress, CancellationToken cancellation)
    {
        var stack = await RunningStack.StartAsync(
            new StackOptions { Broker = !options.Embedded, Keep = options.Keep }, progress, cancellation);
        var circle = new RunningCircle(
            options, stack, new Cast(stack.Chain.Mnemonic, options.Operators, options.Clients), SampleSet.Read(stack.Checkout));
        try
        {
            await circle.StartAsync(progress, cancellation);
            return circle;
        }
        catch
        {
            await circle.DisposeAsync();
            throw;
        }
    }

    public ClientWallet Client(int index) => new(Domain, Cast.Client(index), Services.Settlement, Services.Verifier);

    /// <summary>The operator's index; -1 for a stranger.</summary>
    public int OperatorIndex(Address owner) => Enumerable.Range(0, Options.Operators).FirstOrDefault(i => Cast.Owner(i).Address == owner, -1);

    public int ClientIndex(Address client) => Enumerable.Range(0, Options.Clients).FirstOrDefault(i => Cast.Client(i).Address == client, -1);

    public async Task<ulong> HeadAsync(CancellationToken cancellation) => await new EthApi(Rpc).BlockNumberAsync(cancellation);

    /// <summary>Leaves everything running when this process ends.</summary>
    /// <returns>The file that says how to reach and stop it.</returns>
    public string Keep()
    {
        Stack.Keep(StackFile.Of(Stack).With(Databases) with
        {
            Contracts = new Dictionary<string, string> { ["escrow"] = $"{Deployment.Escrow}", ["token"] = $"{Deployment.Token}" },
            Http = Services.Addresses.ToDictionary(a => a.Key, a => a.Value.ToString()),
        });
        return StackFile.PathOf(Stack.Checkout);
    }

    /// <summary>Copies the logs out of the run folder, which goes away with the run.</summary>
    /// <returns>Where they are: a folder named after the time.</returns>
    public string SaveLogs()
    {
        var target = Path.Combine(Stack.Checkout.Runs, "failed-logs", $"{DateTime.UtcNow:yyyyMMdd-HHmmss-fff}");
        Directory.CreateDirectory(target);
        foreach (var log in Directory.GetFiles(Stack.Folder.Logs)) File.Copy(log, Path.Combine(target, Path.GetFileName(log)));
        return target;
    }

    public async ValueTask DisposeAsync()
    {
        if (!Stack.Folder.Kept)
            foreach (var part in Enumerable.Reverse(owned)) await part.DisposeAsync();
        Orders?.Dispose();
        Relays?.Dispose();
        Rpc.Dispose();
        await Stack.DisposeAsync();
    }

    /// <summary>
    /// A client brings its money without a coin for gas. The content store takes blobs of clients with money only, and hears of a deposit some moments after the chain.
    /// </summary>
    private async Task DepositAsync(int index, CancellationToken cancellation)
    {
        using var client = Client(index);
        await Relays.DepositAsync(Cast.Client(index), LocalTerms.Deposit, cancellation);
        await Waiting.Until(
            async () =>
            {
                try
                {
                    await client.Blobs.PutAsync(Samples.Policy(Model.Int8).ToCanonical(), cancellation);
                    return true;
                }
                catch (BlobException e) when (e.Fault == BlobFault.Refused)
                {
                    return false;
                }
            },
            TimeSpan.FromSeconds(60),
            $"the deposit of {client.Address} to be seen by the content store",
            cancellation);
    }

    private async Task StartAsync(Action<string> progress, CancellationToken cancellation)
    {
        Deployment = await Deployment.CreateAsync(Stack.Chain, Rpc, Stack.Checkout, Cast, Options.Terms, cancellation);
        Domain = new EscrowDomain((ulong)Stack.Chain.ChainId, Deployment.Escrow);
        progress($"escrow {Deployment.Escrow} deployed; {Options.Operators} operators bonded, {Options.Clients} clients funded");
        await Stack.Chain.RpcAsync("evm_setIntervalMining", (int)Options.BlockTime.TotalSeconds);

        Databases = await Stack.Postgres.CreateDatabaseAsync("assay", cancellation);
        Services = await ServiceSet.StartAsync(this, cancellation);
        owned.Add(Services);
        progress($"indexer, verifier and settlement are up{(Options.Embedded ? " in this process" : "")}");
        Auditor = new AuditorApi(Services.Indexer);
        owned.Add(Auditor);
        Orders = new OrdersApi(Services.Settlement);
        Relays = new RelaysApi(Domain, Deployment.Token, Services.Settlement);
        await Task.WhenAll(Enumerable.Range(0, Options.Clients).Select(i => DepositAsync(i, cancellation)));
        Nodes = await NodeSet.StartAsync(this, cancellation);
        progress($"{Options.Operators} nodes are up: {Nodes.Providers}");
    }
}
