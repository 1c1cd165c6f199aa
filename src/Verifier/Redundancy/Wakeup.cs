namespace Assay.Verifier.Redundancy;

/// <summary>Shortens waiting inside one process; who is not woken looks again a little later.</summary>
public sealed class Wakeup
{
    /// <summary>A fact has come: jobs are due.</summary>
    public Bell Loop { get; } = new();

    /// <summary>Work has been laid out for nodes.</summary>
    public Bell Nodes { get; } = new();

    public sealed class Bell
    {
        private TaskCompletionSource _next = Fresh();

        public void Set() => Interlocked.Exchange(ref _next, Fresh()).TrySetResult();

        /// <summary>Completes at the next <see cref="Set"/> after this call, or when the time is over.</summary>
        public async Task WaitAsync(TimeSpan atMost, TimeProvider time, CancellationToken cancellation)
        {
            var next = Volatile.Read(ref _next).Task;
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            await Task.WhenAny(next, Task.Delay(atMost, time, ended.Token));
            await ended.CancelAsync();
            cancellation.ThrowIfCancellationRequested();
        }

        private static TaskCompletionSource Fresh() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
