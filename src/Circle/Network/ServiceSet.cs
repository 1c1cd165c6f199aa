using Assay.Circle.Stack;
using Assay.Ethereum.Wallets;

namespace Assay.Circle.Network;

/// <summary>Indexer, Verifier and Settlement: three processes on RabbitMQ, or all in this process on the in-memory bus.</summary>
public sealed class ServiceSet : IAsyncDisposable
{
    // Every start may have to migrate a schema and to wait for the broker.
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    private readonly IAsyncDisposable? embedded;

    private ServiceSet(IReadOnlyDictionary<string, Uri> addresses, IReadOnlyDictionary<string, ManagedProcess> processes, IAsyncDisposable? embedded)
    {
        Addresses = addresses;
        Processes = processes;
        this.embedded = embedded;
    }

    /// <summary>HTTP addresses by service; the same one three times when embedded.</summary>
    public IReadOnlyDictionary<string, Uri> Addresses { get; }

    /// <summary>Empty when embedded.</summary>
    public IReadOnlyDictionary<string, ManagedProcess> Processes { get; }

    public Uri Indexer => Addresses[Stack.Services.Indexer];
    public Uri Verifier => Addresses[Stack.Services.Verifier];
    public Uri Settlement => Addresses[Stack.Services.Settlement];

    public static async Task<ServiceSet> StartAsync(RunningCircle circle, CancellationToken cancellation)
    {
        var settings = Settings(circle);
        return circle.Options.Embedded
            ? await EmbedAsync(settings, Path.Combine(circle.Stack.Folder.Logs, "services.log"), cancellation)
            : await LaunchAsync(circle, settings, cancellation);
    }

    public ValueTask DisposeAsync() => embedded?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static async Task<ServiceSet> EmbedAsync(
        IReadOnlyDictionary<string, Dictionary<string, string>> settings, string logFile, CancellationToken cancellation)
    {
        var host = await EmbeddedHost.StartAsync(settings, logFile, cancellation);
        return new ServiceSet(
            Stack.Services.All.ToDictionary(name => name, _ => host.Address), new Dictionary<string, ManagedProcess>(), host);
    }

    private static async Task<ServiceSet> LaunchAsync(
        RunningCircle circle, IReadOnlyDictionary<string, Dictionary<string, string>> settings, CancellationToken cancellation)
    {
        var addresses = Stack.Services.All.ToDictionary(name => name, _ => new Uri($"http://127.0.0.1:{FreePort.Next()}"));
        var processes = new Dictionary<string, ManagedProcess>();
        Task Ready(string path, params string[] names) => Task.WhenAll(names.Select(name =>
            processes[name].ReadyAsync(new Uri(addresses[name], path), StartTimeout, cancellation)));
        void Launch(string name)
        {
            var spec = circle.Stack.Service(char.ToUpperInvariant(name[0]) + name[1..]);
            var environment = settings[name].ToDictionary(s => s.Key.Replace(":", "__", StringComparison.Ordinal), s => s.Value);
            environment["Urls"] = addresses[name].ToString();
            processes[name] = circle.Stack.Launch(spec with { Environment = WithNative(environment) });
        }

        // A queue that does not exist yet misses what is announced, so who listens comes before who speaks.
        string[] listeners = [Stack.Services.Verifier, Stack.Services.Settlement];
        foreach (var name in listeners) Launch(name);
        await Ready("/health/live", listeners);
        Launch(Stack.Services.Indexer);
        await Ready("/health", [.. Stack.Services.All]);
        return new ServiceSet(addresses, processes, null);
    }

    /// <summary>What each service is told, by configuration key.</summary>
    private static Dictionary<string, Dictionary<string, string>> Settings(RunningCircle circle)
    {
        var password = circle.Stack.Folder.WriteSecret("relayer.password", Guid.NewGuid().ToString("N"));
        var keystore = circle.Stack.Folder.File("relayer.json");
        // A local key that lives as long as the run: the cheap cost is enough and saves seconds at every start.
        Keystore.Write(keystore, circle.Cast.Relayer, File.ReadAllText(password), scryptN: 1 << 12);

        var settings = Stack.Services.All.ToDictionary(name => name, name => new Dictionary<string, string>
        {
            ["Chain:RpcUrl"] = circle.Stack.Chain.RpcUrl.ToString(),
            ["Chain:Id"] = circle.Stack.Chain.ChainId.ToString(),
            ["Chain:Escrow"] = circle.Deployment.Escrow.ToString(),
            ["Chain:StartBlock"] = circle.Deployment.Block.ToString(),
            ["Chain:Confirmations"] = LocalTerms.Confirmations.ToString(),
            ["Database:ConnectionString"] = circle.Databases[name],
            ["Bus:Uri"] = circle.Stack.Broker?.Address(name).ToString() ?? "",
        });
        var storeKey = circle.Stack.Folder.File("store.json");
        Keystore.Write(storeKey, circle.Cast.Store, File.ReadAllText(password), scryptN: 1 << 12);
        settings[Stack.Services.Verifier]["Blobs:Keystore"] = storeKey;
        settings[Stack.Services.Verifier]["Blobs:PasswordFile"] = password;
        // Earnings of a single job are worth a claim here, and all want theirs at once.
        settings[Stack.Services.Settlement]["Relays:MinAmount"] = "1";
        settings[Stack.Services.Settlement]["Relays:AtOnce"] = "16";
        settings[Stack.Services.Verifier]["Blobs:Directory"] = circle.Stack.Folder.Folder("blobs");
        settings[Stack.Services.Settlement]["Relayer:Keystore"] = keystore;
        settings[Stack.Services.Settlement]["Relayer:PasswordFile"] = password;
        return settings;
    }

    /// <summary>Where libsecp256k1 lies when it is not installed.</summary>
    internal static Dictionary<string, string> WithNative(Dictionary<string, string> environment)
    {
        if (Environment.GetEnvironmentVariable("ASSAY_NATIVE_DIR") is { Length: > 0 } folder) environment["ASSAY_NATIVE_DIR"] = folder;
        return environment;
    }
}
