using System.CommandLine;
using Assay.Circle.Stack;

namespace Assay.Circle;

/// <summary><c>stack</c>: the bare parts, without services or contracts, for people who want to look around.</summary>
internal static class StackCommand
{
    private static readonly Option<bool> embedded = new("--embedded") { Description = "Without RabbitMQ." };

    private static readonly Option<bool> keep = new("--keep") { Description = "Leave everything running and return; `stack --stop` ends it." };

    private static readonly Option<bool> stop = new("--stop") { Description = "End a stack that was left running by --keep, here or by the demo." };

    private static readonly Option<double?> blockTime = new("--block-time") { Description = "Seconds between blocks; a block per transaction without it." };

    public static Command Create()
    {
        var command = new Command("stack", "Start PostgreSQL, RabbitMQ and a development chain; print how to reach them as JSON.") { embedded, keep, stop, blockTime };
        command.SetAction((arguments, cancellation) => arguments.GetValue(stop) ? StopAsync() : StartAsync(arguments, cancellation));
        return command;
    }

    private static async Task<int> StartAsync(ParseResult arguments, CancellationToken cancellation)
    {
        var options = new StackOptions
        {
            Broker = !arguments.GetValue(embedded),
            Keep = arguments.GetValue(keep),
            Chain = new AnvilOptions { BlockTime = arguments.GetValue(blockTime) is { } seconds ? TimeSpan.FromSeconds(seconds) : null },
        };
        await using var stack = await RunningStack.StartAsync(options, Console.Error.WriteLine, cancellation);
        var databases = await stack.Postgres.CreateDatabaseAsync("assay", cancellation);
        var file = StackFile.Of(stack).With(databases);
        Console.WriteLine(file.ToJson());
        if (options.Keep)
        {
            stack.Keep(file);
            Console.Error.WriteLine($"Left running, see {StackFile.PathOf(stack.Checkout)}; `stack --stop` ends it.");
            return 0;
        }
        Console.Error.WriteLine("Running until Ctrl-C.");
        await Task.Delay(Timeout.Infinite, cancellation).ContinueWith(_ => { }, TaskScheduler.Default);
        return 0;
    }

    internal static async Task<int> StopAsync()
    {
        var checkout = Checkout.Find();
        if (StackFile.Read(checkout) is not { } file)
        {
            Console.Error.WriteLine($"No stack was left running: there is no {StackFile.PathOf(checkout)}.");
            return 1;
        }
        await file.StopAsync(checkout);
        return 0;
    }
}
