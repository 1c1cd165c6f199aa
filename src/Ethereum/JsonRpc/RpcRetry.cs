using System.Net;

namespace Assay.Ethereum.JsonRpc;

/// <summary>Whether and when a failed request is sent again.</summary>
internal static class RpcRetry
{
    /// <summary>Whether the failure may pass: always where the request was not executed, else only if repeating it does no harm.</summary>
    internal static bool IsWorthwhile(RpcFailure failure, HttpStatusCode? status, bool repeatable) => failure switch
    {
        RpcFailure.Unreachable => true,
        RpcFailure.Timeout => repeatable,
        RpcFailure.HttpStatus => status is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable
            || (repeatable && (int?)status is >= 500 or (int)HttpStatusCode.RequestTimeout),
        _ => false,
    };

    // A raw transaction is the same transaction however often it is sent; development methods (anvil_mine) and eth_sendTransaction are not.
    internal static bool IsRepeatable(string method) =>
        method != "eth_sendTransaction"
        && (method.StartsWith("eth_", StringComparison.Ordinal) || method.StartsWith("net_", StringComparison.Ordinal)
            || method.StartsWith("web3_", StringComparison.Ordinal) || method.StartsWith("debug_trace", StringComparison.Ordinal));

    /// <summary>Whether it may be asked of two nodes at once.</summary>
    internal static bool IsRead(string method) => IsRepeatable(method) && !method.StartsWith("eth_send", StringComparison.Ordinal);

    /// <summary>Doubling delay with half of it drawn by <paramref name="jitter"/> (0 to 1); the node's own wish goes first, within the maximum.</summary>
    internal static TimeSpan Delay(int failedAttempts, TimeSpan? retryAfter, double jitter, JsonRpcOptions options)
    {
        var doubled = options.FirstDelay * Math.Pow(2, Math.Min(failedAttempts - 1, 20)) * (0.5 + jitter / 2);
        var wanted = retryAfter is { } asked && asked > doubled ? asked : doubled;
        return wanted < options.MaxDelay ? wanted : options.MaxDelay;
    }
}
