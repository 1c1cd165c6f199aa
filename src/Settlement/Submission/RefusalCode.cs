using Assay.Ethereum.Encoding;
using Assay.Ethereum.JsonRpc;
using Assay.Protocol.Chain;

namespace Assay.Settlement.Submission;

/// <summary>The stable name of why the contract refuses a call.</summary>
public static class RefusalCode
{
    /// <summary>The contract gave no reason that its ABI names.</summary>
    public const string Reverted = "Reverted";
    /// <summary>A document holds values that the contract's types cannot.</summary>
    public const string Unencodable = "Unencodable";
    /// <summary>The step alone needs more gas than one transaction may have, or its estimate fails.</summary>
    public const string TooMuchGas = "TooMuchGas";

    /// <summary>Name of the <see cref="Skip"/> code where the error carries one, else of the error itself.</summary>
    /// <returns>Null when the answer is not the contract's refusal but the node's trouble.</returns>
    public static string? Of(Exception error) => error switch
    {
        JsonRpcException { RevertData: { Length: >= 4 } data } => Of(EscrowAbi.Instance.DecodeError(data)),
        // 3 is the code of a revert; some nodes send it, or only the words, without the bytes.
        JsonRpcException { Code: 3 } => Reverted,
        JsonRpcException node when node.NodeMessage.Contains("revert", StringComparison.OrdinalIgnoreCase) => Reverted,
        _ => null,
    };

    private static string Of(DecodedError? error) => error switch
    {
        null => Reverted,
        { Name: "Skipped" } => error.Values.Get<Skip>(0).ToString(),
        { Name: "WrongAttestation" } => error.Values.Get<Skip>("code").ToString(),
        { Name: "WrongOpening" } => nameof(Skip.BadOpening),
        _ => error.Name,
    };
}
