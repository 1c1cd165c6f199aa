using System.Text.Json;
using System.Text.Json.Serialization;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Primitives;
using Assay.Protocol;
using Assay.Protocol.Chain;

namespace Assay.NodeAgent;

/// <summary>The configuration cannot be used; the message says which field and why.</summary>
public sealed class NodeConfigurationException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>What one process of the node agent does. Read from a JSON file; relative paths there count from the file's folder.</summary>
public sealed record NodeAgentOptions
{
    /// <summary>Where the Verifier answers, scheme and host only.</summary>
    public required Uri VerifierUrl { get; init; }

    public required ulong ChainId { get; init; }

    public required Address Escrow { get; init; }

    /// <summary>Models and inputs by digest, shared by all operators of the process.</summary>
    public required string CacheDirectory { get; init; }

    /// <summary>Size to which the cache is cut, in bytes; 4 GiB.</summary>
    public long CacheBytes { get; init; } = 4L << 30;

    /// <summary>Runs at one time over all operators of the process; null: only each operator's own bound.</summary>
    public int? MaxConcurrentRuns { get; init; }

    public required IReadOnlyList<OperatorOptions> Operators { get; init; }

    /// <exception cref="NodeConfigurationException">Unreadable, an unknown or missing field, or a value outside its bounds.</exception>
    public static NodeAgentOptions Load(string path)
    {
        try
        {
            var options = JsonSerializer.Deserialize<NodeAgentOptions>(File.ReadAllText(path), FileOptions)
                ?? throw new NodeConfigurationException($"{path}: expected an object, actual null.");
            var resolved = options.RelativeTo(Path.GetDirectoryName(Path.GetFullPath(path))!);
            resolved.Validate();
            return resolved;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new NodeConfigurationException($"{path}: {e.Message}", e);
        }
    }

    /// <exception cref="NodeConfigurationException">A value outside its bounds or one that contradicts another.</exception>
    public void Validate()
    {
        Check(VerifierUrl.IsAbsoluteUri && VerifierUrl.Scheme is "http" or "https" && VerifierUrl.PathAndQuery == "/",
            "verifierUrl", "http(s)://host[:port] without a path", VerifierUrl);
        Check(ChainId > 0, "chainId", "a positive number", ChainId);
        Check(!Escrow.IsZero, "escrow", "the contract's address", Escrow);
        Check(CacheDirectory.Length > 0, "cacheDirectory", "a folder", "nothing");
        Check(CacheBytes >= 1 << 20, "cacheBytes", "at least 1 MiB", CacheBytes);
        Check(MaxConcurrentRuns is null or (>= 1 and <= 1024), "maxConcurrentRuns", "1 to 1024", MaxConcurrentRuns);
        Check(Operators.Count is >= 1 and <= 1024, "operators", "1 to 1024", Operators.Count);
        foreach (var one in Operators) one.Validate();
        Check(Operators.Select(one => one.Address).Distinct().Count() == Operators.Count, "operators.address", "different ones", "one twice");
        Check(Operators.Select(one => Path.GetFullPath(one.StateDirectory)).Distinct().Count() == Operators.Count,
            "operators.stateDirectory", "different ones", "one twice");
    }

    internal static void Check(bool holds, string field, string expected, object? actual)
    {
        if (!holds) throw new NodeConfigurationException($"{field}: expected {expected}, actual {actual ?? "nothing"}.");
    }

    private static readonly JsonSerializerOptions FileOptions = ProtocolJson.Apply(new JsonSerializerOptions(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    });

    private NodeAgentOptions RelativeTo(string folder) => this with
    {
        CacheDirectory = Path.Combine(folder, CacheDirectory),
        Operators = [.. Operators.Select(one => one.RelativeTo(folder))],
    };
}

/// <summary>One operator: its hot key, its state and how it runs things.</summary>
public sealed record OperatorOptions
{
    /// <summary>The operator's account on the chain; its hot key is registered there as the signer.</summary>
    public required Address Address { get; init; }

    /// <summary>V3 keystore file of the hot key.</summary>
    public string Keystore { get; init; } = "";

    /// <summary>File whose first line is the keystore's password.</summary>
    public string PasswordFile { get; init; } = "";

    /// <summary>The hot key itself, for a host that already holds it; then keystore and password file are not read.</summary>
    [JsonIgnore]
    public ISigner? Signer { get; init; }

    /// <summary>Sealed values and their outputs. Losing it means not being able to open what was committed to.</summary>
    public required string StateDirectory { get; init; }

    /// <summary>Execution provider given to the runtime as {provider}.</summary>
    public string Provider { get; init; } = "cpu";

    /// <summary>By the runtime's name in job manifests.</summary>
    public required IReadOnlyDictionary<string, RuntimeOptions> Runtimes { get; init; }

    /// <summary>Runs at one time, 1 per GPU.</summary>
    public int MaxConcurrency { get; init; } = 1;

    /// <summary>Runs waiting for their turn from which on offers are refused.</summary>
    public int MaxQueuedRuns { get; init; } = 8;

    /// <summary>Least price per unit at which an order is taken, in token units.</summary>
    public Amount MinUnitPrice { get; init; } = Amount.Zero;

    /// <summary>Most that an appeal may lock of the bond, in token units, counted with as many seats as any parameters have; zero: never appeals.</summary>
    public Amount AppealPledge { get; init; } = Amount.Zero;

    /// <summary>Takes only orders that name this operator, none that anybody may take.</summary>
    public bool NamedOnly { get; init; }

    /// <summary>Keys of stores that are relied on to sign what they hold; an order that names another witness is refused, as its result might never be taken.</summary>
    public IReadOnlyList<Address> Witnesses { get; init; } = [];

    /// <summary>Most seconds a job may ask for.</summary>
    public int MaxSeconds { get; init; } = 600;

    /// <summary>Most memory a job may ask for, in MiB.</summary>
    public int MaxMemoryMiB { get; init; } = 8192;

    /// <summary>Largest model plus inputs of a job, in bytes; 1 GiB.</summary>
    public long MaxContentBytes { get; init; } = 1L << 30;

    /// <summary>Largest outputs, own and claimed, in bytes; 16 MiB.</summary>
    public int MaxOutputBytes { get; init; } = 16 << 20;

    /// <summary>Work folders of finished runs that are kept for inspection.</summary>
    public int KeepRuns { get; init; }

    internal void Validate()
    {
        NodeAgentOptions.Check(!Address.IsZero, "operators.address", "the operator's account", Address);
        NodeAgentOptions.Check(Signer is not null || Keystore.Length > 0, "operators.keystore", "a V3 keystore file", null);
        NodeAgentOptions.Check(Signer is not null || PasswordFile.Length > 0, "operators.passwordFile", "a file", null);
        NodeAgentOptions.Check(StateDirectory.Length > 0, "operators.stateDirectory", "a folder", null);
        NodeAgentOptions.Check(Provider.Length > 0, "operators.provider", "cpu, webgpu, cuda or another", null);
        NodeAgentOptions.Check(Runtimes.Count > 0, "operators.runtimes", "at least one", null);
        foreach (var runtime in Runtimes.Values) runtime.Validate();
        Range(MaxConcurrency, 1, 64, "maxConcurrency");
        Range(MaxQueuedRuns, 1, 1024, "maxQueuedRuns");
        Range(MaxSeconds, 1, 3600, "maxSeconds");
        Range(MaxMemoryMiB, 64, 1 << 20, "maxMemoryMiB");
        Range(MaxContentBytes, 1, 1L << 40, "maxContentBytes");
        Range(MaxOutputBytes, 1, 1 << 30, "maxOutputBytes");
        Range(KeepRuns, 0, 10_000, "keepRuns");
        NodeAgentOptions.Check(MinUnitPrice >= Amount.Zero, "operators.minUnitPrice", "zero or more", MinUnitPrice);
        NodeAgentOptions.Check(AppealPledge >= Amount.Zero, "operators.appealPledge", "zero or more", AppealPledge);
    }

    internal OperatorOptions RelativeTo(string folder) => this with
    {
        Keystore = Keystore.Length == 0 ? "" : Path.Combine(folder, Keystore),
        PasswordFile = PasswordFile.Length == 0 ? "" : Path.Combine(folder, PasswordFile),
        StateDirectory = Path.Combine(folder, StateDirectory),
    };

    private static void Range(long value, long least, long most, string field) =>
        NodeAgentOptions.Check(value >= least && value <= most, $"operators.{field}", $"{least} to {most}", value);
}

/// <param name="Jobs">Runs the operator's own jobs.</param>
/// <param name="Checks">Runs other operators' jobs again, e.g. on another device; null: as own jobs.</param>
public sealed record RuntimeOptions(RuntimeCommand Jobs, RuntimeCommand? Checks = null)
{
    internal RuntimeCommand ForChecks => Checks ?? Jobs;

    internal void Validate()
    {
        Jobs.Validate();
        Checks?.Validate();
    }
}

/// <param name="Command">Absolute path of the program and its arguments; {workdir} and {provider} are filled in, {workdir} must occur.</param>
/// <param name="Environment">The variables that the runtime needs; nothing of the agent's own environment reaches it.</param>
public sealed record RuntimeCommand(IReadOnlyList<string> Command, IReadOnlyDictionary<string, string>? Environment = null)
{
    public const string WorkDirectory = "{workdir}";
    public const string Provider = "{provider}";

    internal void Validate()
    {
        NodeAgentOptions.Check(Command.Count > 0 && Path.IsPathFullyQualified(Command[0]),
            "runtimes.command", "the absolute path of a program first", Command.Count > 0 ? Command[0] : null);
        NodeAgentOptions.Check(Command.Any(argument => argument.Contains(WorkDirectory, StringComparison.Ordinal)),
            "runtimes.command", "an argument with {workdir}", string.Join(' ', Command));
    }

    internal IReadOnlyList<string> For(string workDirectory, string provider) =>
        [.. Command.Select(argument => argument.Replace(WorkDirectory, workDirectory, StringComparison.Ordinal).Replace(Provider, provider, StringComparison.Ordinal))];
}
