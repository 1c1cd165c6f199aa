using System.CommandLine;
using System.Runtime.InteropServices;
using Assay.NodeAgent;
using Assay.NodeAgent.State;

var config = new Option<FileInfo>("--config") { Description = "JSON file with the node's configuration (src/NodeAgent/README.md).", Required = true };
var run = new Command("run", "Lease work, run it, answer, until SIGTERM or SIGINT.") { config };
run.SetAction((parsed, stop) => RunAsync(parsed.GetRequiredValue(config).FullName, stop));
var root = new RootCommand(
    "Assay node agent. Exit codes: 0 stopped, 1 failed, 2 configuration cannot be used, 3 state directory damaged or in use.") { run };
return await root.Parse(args).InvokeAsync();

static async Task<int> RunAsync(string path, CancellationToken interrupted)
{
    using var stop = CancellationTokenSource.CreateLinkedTokenSource(interrupted);
    using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
    {
        context.Cancel = true;
        stop.Cancel();
    });
    try
    {
        await NodeAgentHost.RunAsync(NodeAgentOptions.Load(path), stop.Token);
        return 0;
    }
    catch (OperationCanceledException) when (stop.IsCancellationRequested)
    {
        return 0;
    }
    catch (Exception e) when (e is NodeConfigurationException or NodeStateException)
    {
        Console.Error.WriteLine(e.Message);
        return e is NodeStateException ? 3 : 2;
    }
}
