using System.Diagnostics;

namespace Assay.Circle.Stack;

/// <summary>Which parts to start and how.</summary>
public sealed record StackOptions
{
    public PostgresOptions Postgres { get; init; } = new();

    public AnvilOptions Chain { get; init; } = new();

    /// <summary>False leaves the broker out: the services then share one process and its memory (the embedded mode).</summary>
    public bool Broker { get; init; } = true;

    /// <summary>Lets the parts and the run folder outlive this process; <see cref="StackFile"/> says how to reach and stop them.</summary>
    public bool Keep { get; init; }
}

/// <summary>
/// PostgreSQL, the chain and, if wanted, RabbitMQ, running in one run folder, and the processes launched beside them.
/// Disposing ends everything in reverse order and removes the folder, unless the stack is kept.
/// </summary>
public sealed class RunningStack : IAsyncDisposable
{
    private readonly List<ManagedProcess> launched = [];

    private RunningStack(Checkout checkout, RunFolder folder, StackOptions options)
    {
        Checkout = checkout;
        Folder = folder;
        Options = options;
    }

    public Checkout Checkout { get; }

    public RunFolder Folder { get; }

    public StackOptions Options { get; }

    public PostgresServer Postgres { get; private set; } = null!;

    public AnvilChain Chain { get; private set; } = null!;

    /// <summary>Null when <see cref="StackOptions.Broker"/> is false.</summary>
    public RabbitBroker? Broker { get; private set; }

    /// <summary>Everything that was launched, in that order.</summary>
    public IReadOnlyList<ManagedProcess> Launched => launched;

    /// <param name="progress">Gets one line per part that is up.</param>
    public static async Task<RunningStack> StartAsync(StackOptions options, Action<string>? progress = null, CancellationToken cancellation = default)
    {
        var checkout = Checkout.Find();
        var stack = new RunningStack(checkout, RunFolder.Create(checkout), options);
        try
        {
            await Task.WhenAll(
                Timed("PostgreSQL", progress, async () =>
                    stack.Postgres = await PostgresServer.StartAsync(checkout, stack.Folder, options.Postgres, options.Keep, cancellation)),
                Timed("chain", progress, async () =>
                    stack.Chain = await AnvilChain.StartAsync(checkout, stack.Folder, options.Chain, options.Keep, cancellation)),
                options.Broker
                    ? Timed("RabbitMQ", progress, async () =>
                        stack.Broker = await RabbitBroker.StartAsync(checkout, stack.Folder, options.Keep, cancellation))
                    : Task.CompletedTask);
            return stack;
        }
        catch
        {
            await stack.TearDownAsync();
            throw;
        }
    }

    /// <summary>Starts a process that ends with the stack, and outlives us with it if the stack is kept.</summary>
    public ManagedProcess Launch(ProcessSpec spec)
    {
        var process = ManagedProcess.Start(Options.Keep ? spec with { DeathSignal = null } : spec, Folder);
        launched.Add(process);
        return process;
    }

    /// <summary>A process for one of our own services, <c>dotnet Assay.PROJECT.dll ARGUMENTS</c>, called by the project's name in lower case.</summary>
    public ProcessSpec Service(string project, params IReadOnlyList<string> arguments) =>
        new(project.ToLowerInvariant(), "dotnet", [Checkout.Assembly(project), .. arguments]);

    /// <summary>Keeps everything running when this process ends: call it when the stack has done its work and <see cref="StackOptions.Keep"/> is set.</summary>
    public void Keep(StackFile file)
    {
        if (!Options.Keep)
            throw new InvalidOperationException("A stack that was not started to be kept dies with this process.");
        Folder.Keep();
        file.Write(Checkout);
    }

    public async ValueTask DisposeAsync()
    {
        if (!Folder.Kept)
            await TearDownAsync();
        else
            Folder.Dispose();
    }

    private async Task TearDownAsync()
    {
        // The services together, so that a slow one does not hold up the others; then what they stand on.
        await Task.WhenAll(launched.Select(process => process.DisposeAsync().AsTask()));
        foreach (var part in new IAsyncDisposable?[] { Broker, Chain, Postgres })
            if (part is not null)
                await part.DisposeAsync();
        Folder.Dispose();
    }

    private static async Task Timed(string part, Action<string>? progress, Func<Task> start)
    {
        var clock = Stopwatch.StartNew();
        await start();
        progress?.Invoke($"{part} is up after {clock.Elapsed.TotalSeconds:0.0} s");
    }
}
