using System.Diagnostics;
using System.Text.Json;
using Assay.Circle.Stack;
using Assay.Ethereum.Wallets;
using Assay.NodeAgent;
using Assay.Protocol;
using Assay.Protocol.Chain;

namespace Assay.Circle.Network;

/// <summary>The operators' node agents: the honest ones share a process, the cheats have one, and the absent operator has its own, to be cut off.</summary>
public sealed class NodeSet
{
    private const string HonestProcess = "nodes", CheatProcess = "nodes-cheating", AbsentProcess = "node-absent";

    // ONNX Runtime takes a core per run; more at once than cores only makes each of them slower.
    private static readonly int RunsAtOnce = Math.Max(2, Environment.ProcessorCount);

    private NodeSet(IReadOnlyDictionary<string, ManagedProcess> processes, string providers)
    {
        Processes = processes;
        Providers = providers;
    }

    public IReadOnlyDictionary<string, ManagedProcess> Processes { get; }

    /// <summary>For people: which execution providers the nodes use.</summary>
    public string Providers { get; }

    public ManagedProcess Honest => Processes[HonestProcess];

    public void KillAbsent() => Processes[AbsentProcess].Kill();

    public static async Task<NodeSet> StartAsync(RunningCircle circle, CancellationToken cancellation)
    {
        var gpu = await GpuEnvironmentAsync(circle.Stack.Checkout, cancellation);
        var password = circle.Stack.Folder.WriteSecret("node.password", Guid.NewGuid().ToString("N"));
        var processes = Enumerable.Range(0, circle.Options.Operators)
            .GroupBy(i => ProcessOf(circle.Options.ConductOf(i)))
            .ToDictionary(group => group.Key, group => Launch(circle, group.Key, [.. group.Select(i => Operator(circle, i, gpu, password))]));
        return new NodeSet(processes, gpu is null ? "CPU (no Vulkan driver: scripts/swiftshader says why)" : "CPU, and WebGPU for every fourth");
    }

    private static string ProcessOf(Conduct conduct) => conduct switch
    {
        Conduct.Honest => HonestProcess,
        Conduct.Absent => AbsentProcess,
        _ => CheatProcess,
    };

    private static ManagedProcess Launch(RunningCircle circle, string name, OperatorOptions[] operators)
    {
        var options = new NodeAgentOptions
        {
            VerifierUrl = circle.Services.Verifier,
            ChainId = circle.Domain.ChainId,
            Escrow = circle.Domain.Escrow,
            CacheDirectory = circle.Stack.Folder.Folder($"{name}-cache"),
            MaxConcurrentRuns = RunsAtOnce,
            Operators = operators,
        };
        var file = circle.Stack.Folder.WriteSecret($"{name}.json", JsonSerializer.Serialize(options, ProtocolJson.Options));
        var spec = new ProcessSpec(name, "dotnet", circle.Stack.Checkout.Assembly("NodeAgent"), "run", "--config", file);
        return circle.Stack.Launch(spec with { Environment = ServiceSet.WithNative([]) });
    }

    private static OperatorOptions Operator(RunningCircle circle, int index, IReadOnlyDictionary<string, string>? gpu, string password)
    {
        var keystore = circle.Stack.Folder.File($"signer-{index}.json");
        Keystore.Write(keystore, circle.Cast.Signer(index), File.ReadAllText(password), scryptN: 1 << 12);
        var honest = Command(circle, gpu, "onnx/run.mjs");
        var conduct = circle.Options.ConductOf(index);
        return new OperatorOptions
        {
            Address = circle.Cast.Owner(index).Address,
            Keystore = keystore,
            PasswordFile = password,
            StateDirectory = StateOf(circle, index),
            Provider = gpu is not null && index % 4 == 3 && conduct == Conduct.Honest ? "webgpu" : "cpu",
            Witnesses = [circle.Cast.Store.Address],
            KeepRuns = index == 0 ? 100 : 0,
            AppealPledge = conduct is Conduct.Honest or Conduct.StubbornRing ? LocalTerms.MaxPrice * Quorums.MostSeats : Amount.Zero,
            // It waits for its neighbour's answer; slashed before for another job, it could not take the order that is its part.
            NamedOnly = conduct == Conduct.Copycat,
            Runtimes = new Dictionary<string, RuntimeOptions>
            {
                ["onnx"] = conduct switch
                {
                    Conduct.Plausible => new(Command(circle, gpu, "cheats/plausible.mjs"), honest),
                    Conduct.Copycat => new(Command(circle, gpu, "cheats/copycat.mjs", "--neighbour", StateOf(circle, 0)), honest),
                    Conduct.Ring or Conduct.StubbornRing => new(Command(circle, gpu, "cheats/plausible.mjs")),
                    Conduct.Absent => new(Command(circle, gpu, "faults/fault.mjs", "--kind", "hang")),
                    _ => new(honest),
                },
            },
        };
    }

    private static RuntimeCommand Command(RunningCircle circle, IReadOnlyDictionary<string, string>? gpu, string script, params string[] more) => new(
        [
            circle.Stack.Checkout.Node, Path.Combine(circle.Stack.Checkout.Root, "runtimes", script),
            RuntimeCommand.WorkDirectory, "--provider", RuntimeCommand.Provider, .. more,
        ],
        gpu);

    private static string StateOf(RunningCircle circle, int index) => circle.Stack.Folder.Folder($"node-{index:00}");

    /// <summary>What a WebGPU run needs on this machine; null when there is no Vulkan driver to be had.</summary>
    private static async Task<IReadOnlyDictionary<string, string>?> GpuEnvironmentAsync(Checkout checkout, CancellationToken cancellation)
    {
        using var process = Process.Start(new ProcessStartInfo(Path.Combine(checkout.Root, "scripts/swiftshader"), "--env")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var errors = process.StandardError.ReadToEndAsync(cancellation);
        var lines = await process.StandardOutput.ReadToEndAsync(cancellation);
        await errors;
        await process.WaitForExitAsync(cancellation);
        return process.ExitCode != 0
            ? null
            : lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split('=', 2)).ToDictionary(p => p[0], p => p[1]);
    }
}
