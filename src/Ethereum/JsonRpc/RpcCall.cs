using System.Text.Json;

namespace Assay.Ethereum.JsonRpc;

/// <summary>A method with its parameters and the way to read its result. <see cref="EthCalls"/> makes the usual ones.</summary>
/// <param name="Read">Throws FormatException (or what JsonElement's readers throw) on a malformed result.</param>
public sealed record RpcCall<T>(string Method, IReadOnlyList<object?> Parameters, Func<JsonElement, T> Read)
{
    /// <summary>The same call with an untyped result, to mix calls in one batch.</summary>
    public RpcCall<object?> Untyped() => new(Method, Parameters, json => Read(json));
}

/// <summary>Outcome of one call of a batch.</summary>
public readonly record struct RpcResult<T>
{
    private readonly T? _value;

    private RpcResult(T? value, Exception? error) => (_value, Error) = (value, error);

    /// <summary>A <see cref="JsonRpcException"/> or <see cref="RpcTransportException"/>; null on success.</summary>
    public Exception? Error { get; }

    public bool IsSuccess => Error is null;

    /// <summary>The result; throws <see cref="Error"/> where there is none.</summary>
    public T Value
    {
        get
        {
            if (Error is not null)
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(Error);
            return _value!;
        }
    }

    internal static RpcResult<T> Success(T value) => new(value, null);
    internal static RpcResult<T> Failure(Exception error) => new(default, error);
}
