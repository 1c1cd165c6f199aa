using Assay.Ethereum.Primitives;
using Assay.Protocol.Work;

namespace Assay.NodeAgent.Verifiers;

/// <summary>A blob store that is tried again while it is away, and that no transfer can hold for ever.</summary>
internal sealed class PatientBlobStore(IBlobStore inner) : IBlobStore
{
    private const int Tries = 6;
    private static readonly TimeSpan TransferTime = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    public Task<bool> ExistsAsync(Bytes32 digest, CancellationToken cancellation = default) =>
        TryAsync(digest, token => inner.ExistsAsync(digest, token), cancellation);

    /// <param name="destination">Seekable: a new try starts it over.</param>
    public Task CopyToAsync(Bytes32 digest, Stream destination, long maxSize, CancellationToken cancellation = default)
    {
        var start = destination.Position;
        return TryAsync(digest, async token =>
        {
            destination.Position = start;
            destination.SetLength(start);
            await inner.CopyToAsync(digest, destination, maxSize, token);
            return true;
        }, cancellation);
    }

    /// <param name="content">Seekable: a new try starts it over.</param>
    public Task PutAsync(Bytes32 digest, Stream content, long maxSize, CancellationToken cancellation = default)
    {
        var start = content.Position;
        return TryAsync(digest, async token =>
        {
            content.Position = start;
            await inner.PutAsync(digest, content, maxSize, token);
            return true;
        }, cancellation);
    }

    private static async Task<T> TryAsync<T>(Bytes32 digest, Func<CancellationToken, Task<T>> transfer, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            timeout.CancelAfter(TransferTime);
            try
            {
                return await transfer(timeout.Token);
            }
            catch (BlobException e) when (e.Fault == BlobFault.Unreachable && attempt < Tries)
            {
                await Task.Delay(Backoff.Pause(attempt, FirstPause, LongestPause), cancellation);
            }
            catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
            {
                throw new BlobException(BlobFault.Unreachable, $"Blob {digest}: the transfer took too long.", e);
            }
        }
    }
}
