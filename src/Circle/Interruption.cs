using System.Runtime.InteropServices;

namespace Assay.Circle;

/// <summary>SIGINT and SIGTERM as a cancellation: the first lets the command end what it started, a second ends the process at once.</summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource cancellation = new();
    private readonly PosixSignalRegistration[] registrations;

    public Interruption() => registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Handle(context, 130)),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Handle(context, 143)),
    ];

    public CancellationToken Token => cancellation.Token;

    /// <summary>128 and the number of the signal; null before one came.</summary>
    public int? ExitCode { get; private set; }

    public void Dispose()
    {
        foreach (var registration in registrations) registration.Dispose();
        cancellation.Dispose();
    }

    private void Handle(PosixSignalContext context, int exitCode)
    {
        if (ExitCode is not null) return;
        context.Cancel = true;
        ExitCode = exitCode;
        // A terminal shows ^C behind the line of progress.
        Console.Error.WriteLine(Console.IsErrorRedirected ? "interrupted" : "\ninterrupted");
        cancellation.Cancel();
    }
}
