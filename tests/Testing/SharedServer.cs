using Assay.Circle.Stack;

namespace Assay.Testing;

/// <summary>
/// A server that all classes of one test process share, started when the first of them asks and ended with the process:
/// xunit 2 knows no fixture of a whole assembly.
/// </summary>
internal sealed class SharedServer<T>(Func<Checkout, RunFolder, Task<T>> start, Action<T> kill)
{
    private readonly Lock gate = new();
    private Task<T>? server;

    public Task<T> GetAsync()
    {
        lock (gate)
            return server ??= Task.Run(StartAsync);
    }

    private async Task<T> StartAsync()
    {
        var checkout = Checkout.Find();
        var folder = RunFolder.Create(checkout);
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            if (server is { IsCompletedSuccessfully: true } running)
                kill(running.Result);
            folder.Dispose();
        };
        return await start(checkout, folder);
    }
}
