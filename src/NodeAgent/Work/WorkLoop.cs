using System.Collections.Concurrent;
using Assay.Ethereum.Primitives;
using Assay.NodeAgent.Verifiers;
using Assay.Protocol.Nodes;

namespace Assay.NodeAgent.Work;

/// <summary>Leases work and has it done, several pieces at once, until it is told to stop.</summary>
internal sealed class WorkLoop(VerifierClient verifier, Operator @operator, Address address, NodeLog log, TimeProvider time)
{
    private const int Capacity = 32;
    private const int WaitSeconds = 10;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, Task> _inHand = [];

    /// <summary>Ends by cancellation alone, after everything in hand has ended; a damaged state directory ends it with that error.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var failures = 0;
        try
        {
            while (true)
            {
                await RoomAsync(stopping.Token);
                try
                {
                    foreach (var item in await verifier.LeaseAsync(Capacity - _inHand.Count, WaitSeconds, stopping.Token))
                        Begin(item, stopping.Token);
                    failures = 0;
                }
                catch (Exception e) when (e is VerifierUnreachableException or VerifierRefusedException)
                {
                    if (failures++ % 20 == 0) log.Write(address, "no-lease", ("reason", e.Message));
                    await Task.Delay(Backoff.Pause(failures, FirstPause, LongestPause), time, stopping.Token);
                }
            }
        }
        finally
        {
            await stopping.CancelAsync();
            await Task.WhenAll(_inHand.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // Also where the error of a piece of work that must end the agent comes to light.
    private async Task RoomAsync(CancellationToken cancellation)
    {
        foreach (var (id, task) in _inHand)
        {
            if (!task.IsCompleted) continue;
            _inHand.TryRemove(id, out _);
            await task;
        }
        if (_inHand.Count < Capacity) return;
        await Task.WhenAny(_inHand.Values).WaitAsync(cancellation);
        await RoomAsync(cancellation);
    }

    // What is leased again while it is still in hand needs no second hand.
    private void Begin(WorkItem item, CancellationToken cancellation) =>
        _inHand.GetOrAdd(item.Id, _ => Task.Run(() => @operator.HandleAsync(item, cancellation), cancellation));
}
