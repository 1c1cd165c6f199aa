namespace Assay.Ethereum.JsonRpc;

public sealed record JsonRpcOptions
{
    /// <summary>Longest answer that is read, in bytes after decompression.</summary>
    public int MaxResponseBytes { get; init; } = 64 << 20;

    /// <summary>Time for one attempt, body included.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Attempts of one request, the first included.</summary>
    public int MaxAttempts { get; init; } = 5;

    /// <summary>Wait before the first retry; it doubles for each further one.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Longest wait before a retry, also where the node's Retry-After asks for more.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Calls in one HTTP request; a longer batch is sent in several.</summary>
    public int MaxBatch { get; init; } = 100;
}
