using System.Text.Json;
using System.Text.Json.Serialization;

namespace Assay.Circle.Stack;

/// <summary>
/// <c>.run/stack.json</c>: how to reach a stack that was left running, and how to stop it. It holds passwords and is readable by its owner only.
/// </summary>
public sealed record StackFile
{
    private static readonly JsonSerializerOptions json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>The run folder: data and logs.</summary>
    public required string Folder { get; init; }

    public required string RpcUrl { get; init; }

    public required long ChainId { get; init; }

    public string? Mnemonic { get; init; }

    /// <summary>Contract addresses by the contract's name.</summary>
    public IReadOnlyDictionary<string, string> Contracts { get; init; } = new Dictionary<string, string>();

    /// <summary>HTTP addresses by the service's name.</summary>
    public IReadOnlyDictionary<string, string> Http { get; init; } = new Dictionary<string, string>();

    /// <summary>Connection strings: <c>admin</c>, and one for each service.</summary>
    public IReadOnlyDictionary<string, string> Databases { get; init; } = new Dictionary<string, string>();

    /// <summary>AMQP addresses by account; absent in the embedded mode.</summary>
    public IReadOnlyDictionary<string, string>? Broker { get; init; }

    /// <summary>Process ids by name. Each leads a process group.</summary>
    public required IReadOnlyDictionary<string, int> Processes { get; init; }

    public static string PathOf(Checkout checkout) => Path.Combine(checkout.Runs, "stack.json");

    /// <summary>What the stack itself knows; the caller adds contracts, services and databases.</summary>
    public static StackFile Of(RunningStack stack) => new()
    {
        Folder = stack.Folder.Path,
        RpcUrl = stack.Chain.RpcUrl.ToString(),
        ChainId = stack.Chain.ChainId,
        Mnemonic = stack.Chain.Mnemonic,
        Databases = new Dictionary<string, string> { ["admin"] = stack.Postgres.AdminConnectionString },
        Broker = stack.Broker is not { } broker
            ? null
            : Services.All.Append(RabbitBroker.Admin).ToDictionary(user => user, user => broker.Address(user).ToString()),
        Processes = Parts(stack).ToDictionary(part => part.Name, part => part.Id),
    };

    public StackFile With(Databases databases) => this with
    {
        Databases = new Dictionary<string, string>(databases.Services) { ["admin"] = Databases["admin"], ["owner"] = databases.Owner },
    };

    public string ToJson() => JsonSerializer.Serialize(this, json);

    public void Write(Checkout checkout)
    {
        Directory.CreateDirectory(checkout.Runs);
        using var stream = new FileStream(PathOf(checkout), new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        using var writer = new StreamWriter(stream);
        writer.WriteLine(ToJson());
    }

    /// <summary>Null when no stack was left running.</summary>
    public static StackFile? Read(Checkout checkout) =>
        File.Exists(PathOf(checkout)) ? JsonSerializer.Deserialize<StackFile>(File.ReadAllText(PathOf(checkout)), json) : null;

    /// <summary>Ends what still runs of the stack, removes its folder and this file.</summary>
    public async Task StopAsync(Checkout checkout)
    {
        foreach (var (name, id) in Processes.Reverse())
            await KeptProcess.StopAsync(name, id, Folder);
        RunFolder.Remove(Folder);
        File.Delete(PathOf(checkout));
    }

    private static IEnumerable<(string Name, int Id)> Parts(RunningStack stack)
    {
        yield return ("postgres", stack.Postgres.ProcessId);
        yield return ("anvil", stack.Chain.ProcessId);
        if (stack.Broker is { } broker)
            yield return ("rabbitmq", broker.ProcessId);
        foreach (var process in stack.Launched.Where(process => !process.HasExited))
            yield return (process.Spec.Name, process.Id);
    }
}
