using System.Text.Json;

namespace Assay.Ethereum.JsonRpc;

/// <summary>Where calls are sent: one node (<see cref="JsonRpcClient"/>) or several (<see cref="ProviderPool"/>).</summary>
public interface IJsonRpc
{
    /// <exception cref="JsonRpcException">The node's own error.</exception>
    /// <exception cref="RpcTransportException">No usable answer.</exception>
    Task<T> SendAsync<T>(RpcCall<T> call, CancellationToken cancellation = default);

    /// <summary>Results in the order of the calls, each with its own error.</summary>
    /// <exception cref="RpcTransportException">No usable answer to a whole request.</exception>
    Task<IReadOnlyList<RpcResult<T>>> BatchAsync<T>(IReadOnlyList<RpcCall<T>> calls, CancellationToken cancellation = default);
}

public static class JsonRpcExtensions
{
    /// <summary>Any method, with the result deserialised: <c>CallAsync&lt;string&gt;("web3_clientVersion")</c>. Integers go as they are; use Hex.Quantity for hex.</summary>
    public static Task<T> CallAsync<T>(this IJsonRpc rpc, string method, params object?[] parameters) => rpc.CallAsync<T>(method, CancellationToken.None, parameters);

    public static Task<T> CallAsync<T>(this IJsonRpc rpc, string method, CancellationToken cancellation, params object?[] parameters) =>
        rpc.SendAsync(new RpcCall<T>(method, parameters, json => json.Deserialize<T>(RpcJson.Options)!), cancellation);
}
