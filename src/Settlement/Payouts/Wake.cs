namespace Assay.Settlement.Payouts;

/// <summary>Lets consumers and the HTTP side shorten the loop's pause. Losing a call costs at most one pause.</summary>
public sealed class Wake
{
    private readonly SemaphoreSlim signal = new(0, 1);

    public void Now()
    {
        try
        {
            signal.Release();
        }
        catch (SemaphoreFullException)
        {
            // Already awake: one round sees everything that is committed.
        }
    }

    public Task PauseAsync(TimeSpan atMost, CancellationToken cancellation) => signal.WaitAsync(atMost, cancellation);
}
