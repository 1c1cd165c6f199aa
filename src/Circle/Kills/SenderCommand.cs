using System.CommandLine;
using System.Text.Json;

namespace Assay.Circle.Kills;

/// <summary><c>sender</c>: one sending process of the kill harness; not for people. Its task comes by the environment, as it holds a password.</summary>
internal static class SenderCommand
{
    public const string Name = "sender";
    private const string Variable = "ASSAY_SENDER_TASK";

    public static Command Create()
    {
        var command = new Command(Name, "One sending process of the kill harness.") { Hidden = true };
        command.SetAction(async (_, cancellation) =>
        {
            var parent = EndWithParentAsync();
            var task = JsonSerializer.Deserialize<SenderTask>(Environment.GetEnvironmentVariable(Variable)
                ?? throw new InvalidOperationException($"{Variable} is not set: this command is started by bench kills."))!;
            return await await Task.WhenAny(SenderProcess.RunAsync(task, cancellation), parent);
        });
        return command;
    }

    public static void Write(IDictionary<string, string?> environment, SenderTask task) => environment[Variable] = JsonSerializer.Serialize(task);

    // The other end of standard input closes with the process that holds it. The console's own asynchronous read blocks its caller.
    private static Task<int> EndWithParentAsync() => Task.Run(() =>
    {
        Console.In.ReadToEnd();
        return 0;
    });
}
