namespace Assay.NodeAgent.Tests;

/// <summary>The node agent in this process, with one operator, until disposed.</summary>
internal sealed class RunningAgent : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();

    public StringWriter Log { get; } = new();

    public Task Running { get; }

    private RunningAgent(NodeAgentOptions options) => Running = NodeAgentHost.RunAsync(options, _stop.Token, TextWriter.Synchronized(Log));

    public static RunningAgent Start(
        Folder folder, ScriptedVerifier verifier, RuntimeCommand? jobs = null, RuntimeCommand? checks = null, Func<OperatorOptions, OperatorOptions>? change = null) =>
        new(Options(folder, verifier, jobs, checks, change));

    public static NodeAgentOptions Options(
        Folder folder, ScriptedVerifier verifier, RuntimeCommand? jobs = null, RuntimeCommand? checks = null, Func<OperatorOptions, OperatorOptions>? change = null)
    {
        var one = new OperatorOptions
        {
            Address = ScriptedVerifier.Operator,
            Signer = verifier.Signer,
            StateDirectory = folder.File("state"),
            Runtimes = new Dictionary<string, RuntimeOptions> { ["onnx"] = new(jobs ?? Repository.Onnx, checks) },
        };
        return new NodeAgentOptions
        {
            VerifierUrl = verifier.Url,
            ChainId = ScriptedVerifier.Domain.ChainId,
            Escrow = ScriptedVerifier.Domain.Escrow,
            CacheDirectory = folder.File("cache"),
            Operators = [change is null ? one : change(one)],
        };
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }
}
