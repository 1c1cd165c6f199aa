using System.Security.Cryptography;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Wallets;
using Assay.NodeAgent.Runs;
using Assay.NodeAgent.State;
using Assay.NodeAgent.Verifiers;
using Assay.NodeAgent.Work;
using Assay.Protocol.Chain;
using Assay.Protocol.Work;

namespace Assay.NodeAgent;

/// <summary>Runs the operators of one configuration in this process.</summary>
public static class NodeAgentHost
{
    private static readonly TimeSpan ConnectTime = TimeSpan.FromSeconds(5);

    /// <summary>Works until cancelled, then returns once every runtime has ended.</summary>
    /// <param name="log">One line per event; null: standard output.</param>
    /// <exception cref="NodeConfigurationException">The options, a keystore or a password cannot be used.</exception>
    /// <exception cref="NodeStateException">A state directory is damaged or in use.</exception>
    public static async Task RunAsync(NodeAgentOptions options, CancellationToken stop, TextWriter? log = null)
    {
        options.Validate();
        using var parts = new Disposables();
        var lines = new NodeLog(log ?? Console.Out, TimeProvider.System);
        // Redirects would carry signed requests to somebody else; cookies and proxies have no place here.
        var http = parts.Add(new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false, UseCookies = false, UseProxy = false, ConnectTimeout = ConnectTime, MaxResponseHeadersLength = 16,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        })
        {
            BaseAddress = options.VerifierUrl,
            Timeout = Timeout.InfiniteTimeSpan,
        });
        var cacheRoot = Path.GetFullPath(options.CacheDirectory);
        var cache = parts.Add(new BlobCache(new DirectoryBlobStore(cacheRoot), new PatientBlobStore(new HttpBlobStore(http)), cacheRoot, options.CacheBytes));
        var shared = options.MaxConcurrentRuns is { } runs ? parts.Add(new SemaphoreSlim(runs)) : null;
        var loops = options.Operators.Select(one => Build(options, one, http, cache, shared, lines, parts)).ToList();

        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var working = loops.Select(loop => loop.RunAsync(stopping.Token)).ToList();
        var ended = await Task.WhenAny(working);
        // One that fails takes the others down, so that it is noticed.
        await stopping.CancelAsync();
        await Task.WhenAll(working).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (working.FirstOrDefault(task => task.IsFaulted) is { } failed) await failed;
        stop.ThrowIfCancellationRequested();
        await ended;
    }

    private static WorkLoop Build(
        NodeAgentOptions options, OperatorOptions one, HttpClient http, BlobCache cache, SemaphoreSlim? shared, NodeLog log, Disposables parts)
    {
        var seals = parts.Add(new SealStore(one.StateDirectory));
        var signer = one.Signer ?? parts.Add(ReadKey(one));
        var domain = new EscrowDomain(options.ChainId, options.Escrow);
        var verifier = new VerifierClient(http, domain, signer, one.Address, TimeProvider.System);
        var store = new PatientBlobStore(new HttpBlobStore(http, verifier.SignAsync));
        var runner = parts.Add(new JobRunner(one, cache, shared));
        var @operator = new Operator(one, domain, signer, verifier, store, cache, runner, seals, log, TimeProvider.System);
        log.Write(one.Address, "started", ("signer", signer.Address), ("verifier", options.VerifierUrl), ("provider", one.Provider));
        return new WorkLoop(verifier, @operator, one.Address, log, TimeProvider.System);
    }

    private static LocalSigner ReadKey(OperatorOptions one)
    {
        try
        {
            return Keystore.Read(one.Keystore, File.ReadLines(one.PasswordFile).FirstOrDefault() ?? "");
        }
        catch (Exception e) when (e is KeystoreException or CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new NodeConfigurationException($"Key of operator {one.Address}: {e.Message}", e);
        }
    }

    private sealed class Disposables : IDisposable
    {
        private readonly Stack<IDisposable> _parts = [];

        public T Add<T>(T part) where T : IDisposable
        {
            _parts.Push(part);
            return part;
        }

        public void Dispose()
        {
            while (_parts.TryPop(out var part)) part.Dispose();
        }
    }
}
