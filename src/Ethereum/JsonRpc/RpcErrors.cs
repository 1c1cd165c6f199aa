using System.Net;
using System.Text.Json;
using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.JsonRpc;

/// <summary>The node understood the request and answered with an error.</summary>
public sealed class JsonRpcException(int code, string message, JsonElement? data = null) : Exception($"JSON-RPC error {code}: {message}")
{
    public int Code { get; } = code;

    /// <summary>The node's own text.</summary>
    public string NodeMessage { get; } = message;

    /// <summary>The error's "data" member, when there is one.</summary>
    public JsonElement? ErrorData { get; } = data;

    /// <summary>Bytes with which a call reverted, for <see cref="Encoding.ContractAbi.DecodeError"/>; null when the error carries none.</summary>
    public byte[]? RevertData { get; } = FindRevertData(data, 0);

    internal static JsonRpcException Of(JsonElement error)
    {
        var code = error.TryGetProperty("code", out var c) && c.ValueKind == JsonValueKind.Number && c.TryGetInt32(out var n) ? n : 0;
        var message = error.TryGetProperty("message", out var m) && m.ValueKind == JsonValueKind.String ? m.GetString()! : "";
        // The document is returned to its pool after the answer is read; the exception outlives it.
        JsonElement? data = error.Has("data") ? error.GetProperty("data").Clone() : null;
        return new JsonRpcException(code, message.Length <= 2000 ? message : message[..2000], data);
    }

    // Nodes put the bytes into data itself or wrap them in one or two objects.
    private static byte[]? FindRevertData(JsonElement? data, int depth) => data switch
    {
        { ValueKind: JsonValueKind.String } text => Hex.TryDecode(text.GetString(), out var bytes) ? bytes : null,
        { ValueKind: JsonValueKind.Object } wrapped when depth < 3 && wrapped.TryGetProperty("data", out var inner) => FindRevertData(inner, depth + 1),
        _ => null,
    };
}

public enum RpcFailure
{
    /// <summary>No connection; the request was not executed.</summary>
    Unreachable,

    /// <summary>No answer in time, or the connection broke; the request may have been executed.</summary>
    Timeout,

    /// <summary>An HTTP status other than success, still so after the retries.</summary>
    HttpStatus,

    /// <summary>The answer is not what the protocol or the method promises.</summary>
    Malformed,

    /// <summary>The answer exceeds <see cref="JsonRpcOptions.MaxResponseBytes"/>.</summary>
    TooLarge,
}

/// <summary>There is no usable answer from the node.</summary>
public sealed class RpcTransportException(RpcFailure failure, string message, Exception? inner = null) : Exception(message, inner)
{
    public RpcFailure Failure { get; } = failure;

    /// <summary>Of <see cref="RpcFailure.HttpStatus"/>.</summary>
    public HttpStatusCode? Status { get; init; }

    /// <summary>How long the node asks to be left alone.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
