using System.Net;
using Assay.Ethereum.Transactions;

namespace Assay.Ethereum.JsonRpc;

/// <summary>What a failed call means for where and how it is sent again.</summary>
public enum RpcTrouble
{
    /// <summary>The answer to this call everywhere: a revert, bad parameters, a refused transaction.</summary>
    Final,

    /// <summary>Too many requests: this provider has to rest.</summary>
    RateLimited,

    /// <summary>The range of blocks or the answer is too large: ask for less.</summary>
    RangeTooLarge,

    /// <summary>The provider does not know the block or its state: behind, pruned, or the block was reorganised away.</summary>
    Behind,

    /// <summary>Down, slow, broken or nonsense.</summary>
    Unwell,
}

/// <summary>Sorts failures. Codes are shared by unlike errors, so the providers' texts decide first.</summary>
public static class RpcTroubles
{
    private const int LimitExceeded = -32005, TooManyRequests = 429;

    // The first text found wins: some say "limit exceeded" of a range and some of a rate.
    private static readonly (string Text, RpcTrouble Trouble)[] Texts =
    [
        // geth, Infura, Alchemy, QuickNode, Ankr, Cloudflare, Blast, Erigon, Nethermind, public gateways
        ("query returned more than", RpcTrouble.RangeTooLarge),
        ("response size exceeded", RpcTrouble.RangeTooLarge),
        ("response size should not", RpcTrouble.RangeTooLarge),
        ("response is too big", RpcTrouble.RangeTooLarge),
        ("log response size", RpcTrouble.RangeTooLarge),
        ("block range", RpcTrouble.RangeTooLarge),
        ("blocks range", RpcTrouble.RangeTooLarge),
        ("range too large", RpcTrouble.RangeTooLarge),
        ("range is too large", RpcTrouble.RangeTooLarge),
        ("range limit", RpcTrouble.RangeTooLarge),
        ("max range", RpcTrouble.RangeTooLarge),
        ("exceed maximum block", RpcTrouble.RangeTooLarge),
        ("too many blocks", RpcTrouble.RangeTooLarge),
        ("too many logs", RpcTrouble.RangeTooLarge),
        ("too many results", RpcTrouble.RangeTooLarge),
        ("logs matched by query exceeds limit", RpcTrouble.RangeTooLarge),
        ("query timeout exceeded", RpcTrouble.RangeTooLarge),
        ("rate limit", RpcTrouble.RateLimited),
        ("too many requests", RpcTrouble.RateLimited),
        ("request limit", RpcTrouble.RateLimited),
        ("requests per second", RpcTrouble.RateLimited),
        ("compute units", RpcTrouble.RateLimited),
        ("daily limit", RpcTrouble.RateLimited),
        ("header not found", RpcTrouble.Behind),
        ("block not found", RpcTrouble.Behind),
        ("unknown block", RpcTrouble.Behind),
        ("blockoutofrange", RpcTrouble.Behind),
        ("block is out of range", RpcTrouble.Behind),
        ("missing trie node", RpcTrouble.Behind),
        ("hash is not currently canonical", RpcTrouble.Behind),
        ("no state available", RpcTrouble.Behind),
        ("state is not available", RpcTrouble.Behind),
        ("pruned", RpcTrouble.Behind),
        ("internal error", RpcTrouble.Unwell),
        ("request timed out", RpcTrouble.Unwell),
        ("service unavailable", RpcTrouble.Unwell),
    ];

    public static RpcTrouble Of(Exception error) => error switch
    {
        JsonRpcException node when SendErrors.IsExecutionFailure(node) => RpcTrouble.Final,
        JsonRpcException node => Of(node.Code, node.NodeMessage),
        RpcTransportException { Status: HttpStatusCode.TooManyRequests } => RpcTrouble.RateLimited,
        RpcTransportException { Status: HttpStatusCode.RequestEntityTooLarge } or RpcTransportException { Failure: RpcFailure.TooLarge } => RpcTrouble.RangeTooLarge,
        RpcTransportException => RpcTrouble.Unwell,
        _ => RpcTrouble.Final,
    };

    public static RpcTrouble Of(int code, string message)
    {
        foreach (var (text, trouble) in Texts)
            if (message.Contains(text, StringComparison.OrdinalIgnoreCase))
                return trouble;
        return code is LimitExceeded or TooManyRequests ? RpcTrouble.RateLimited : RpcTrouble.Final;
    }
}
