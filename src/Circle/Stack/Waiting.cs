using System.Diagnostics;

namespace Assay.Circle.Stack;

/// <summary>Waits for a condition of the outside world, which nobody announces.</summary>
public static class Waiting
{
    private static readonly TimeSpan interval = TimeSpan.FromMilliseconds(25);

    /// <param name="what">Ends the sentence "waited N s for ...".</param>
    /// <exception cref="TimeoutException">The condition did not come true in time.</exception>
    public static async Task Until(Func<CancellationToken, Task<bool>> condition, TimeSpan timeout, string what, CancellationToken cancellation = default)
    {
        var clock = Stopwatch.StartNew();
        while (!await condition(cancellation))
        {
            if (clock.Elapsed > timeout)
                throw new TimeoutException($"Waited {timeout.TotalSeconds:0.#} s in vain for {what}.");
            await Task.Delay(interval, cancellation);
        }
    }

    /// <inheritdoc cref="Until(Func{CancellationToken, Task{bool}}, TimeSpan, string, CancellationToken)"/>
    public static Task Until(Func<bool> condition, TimeSpan timeout, string what, CancellationToken cancellation = default) =>
        Until(_ => Task.FromResult(condition()), timeout, what, cancellation);

    /// <inheritdoc cref="Until(Func{CancellationToken, Task{bool}}, TimeSpan, string, CancellationToken)"/>
    public static Task Until(Func<Task<bool>> condition, TimeSpan timeout, string what, CancellationToken cancellation = default) =>
        Until(_ => condition(), timeout, what, cancellation);
}
