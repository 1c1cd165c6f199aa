using System.CommandLine;
using Assay.Circle;
using Assay.Circle.Bench;
using Assay.Circle.Demo;
using Assay.Circle.Kills;
using Assay.Circle.Stack;

var root = new RootCommand("Assay: the whole circle on one machine. Exit codes: 0 done, 1 failed, 2 a bad call, 130 interrupted, 143 terminated.")
{
    DemoCommand.Create(), BenchCommand.Create(), StackCommand.Create(), SenderCommand.Create(),
};
using var interruption = new Interruption();
try
{
    // Signals are ours: the library would not wait until a stack has ended in order.
    return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false }, interruption.Token);
}
// Whatever an interrupted command fails with, it is the interruption.
catch (Exception) when (interruption.ExitCode is { } code)
{
    return code;
}
catch (Exception e) when (e is ProcessFailedException or FileNotFoundException)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}
