using Assay.Ethereum.JsonRpc;

namespace Assay.Ethereum.Transactions;

/// <summary>What a refused broadcast means for the attempt.</summary>
public enum SendOutcome
{
    /// <summary>No one can tell whether the node took it: treat it as sent, poll its hash, send the same bytes again.</summary>
    Ambiguous,

    /// <summary>The node has this very transaction: as good as sent.</summary>
    AlreadyKnown,

    /// <summary>The nonce is used: one of the attempts is mined, or another sender has the key.</summary>
    NonceTooLow,

    /// <summary>The nonce lies beyond what the node's pool accepts: those before it must come first.</summary>
    NonceTooHigh,

    /// <summary>Another transaction of this nonce waits in the pool at a price too close to this one's.</summary>
    ReplacementUnderpriced,

    /// <summary>The price is below the base fee or the pool's least price.</summary>
    Underpriced,

    /// <summary>The account cannot pay: pause the key until it is funded.</summary>
    InsufficientFunds,

    /// <summary>The node simulated the transaction and it reverted (development nodes).</summary>
    Reverted,

    /// <summary>No node will take these bytes: wrong chain, too little or too much gas, bad signature.</summary>
    Invalid,
}

/// <summary>Sorts what nodes say to eth_sendRawTransaction. Their codes are shared by unlike errors, so the text decides; what is unknown is ambiguous.</summary>
public static class SendErrors
{
    // Order matters: the first text found wins, and "replacement transaction underpriced" contains "transaction underpriced".
    private static readonly (string Text, SendOutcome Outcome)[] Texts =
    [
        ("already known", SendOutcome.AlreadyKnown),
        ("alreadyknown", SendOutcome.AlreadyKnown),
        ("known transaction", SendOutcome.AlreadyKnown),
        ("already imported", SendOutcome.AlreadyKnown),
        ("already in mempool", SendOutcome.AlreadyKnown),
        ("existing txn with same hash", SendOutcome.AlreadyKnown),
        ("replacement transaction underpriced", SendOutcome.ReplacementUnderpriced),
        ("replacement underpriced", SendOutcome.ReplacementUnderpriced),
        ("replacementnotallowed", SendOutcome.ReplacementUnderpriced),
        ("could not replace existing", SendOutcome.ReplacementUnderpriced),
        ("replacement fee too low", SendOutcome.ReplacementUnderpriced),
        ("already been queued with", SendOutcome.ReplacementUnderpriced),
        ("nonce too low", SendOutcome.NonceTooLow),
        ("nonce_too_low", SendOutcome.NonceTooLow),
        ("oldnonce", SendOutcome.NonceTooLow),
        ("nonce too high", SendOutcome.NonceTooHigh),
        ("nonce_too_distant", SendOutcome.NonceTooHigh),
        ("nonce too distant", SendOutcome.NonceTooHigh),
        ("noncegap", SendOutcome.NonceTooHigh),
        ("gapped nonce", SendOutcome.NonceTooHigh),
        ("insufficient funds", SendOutcome.InsufficientFunds),
        ("insufficientfunds", SendOutcome.InsufficientFunds),
        ("sender doesn't have enough funds", SendOutcome.InsufficientFunds),
        ("upfront cost exceeds account balance", SendOutcome.InsufficientFunds),
        ("transaction underpriced", SendOutcome.Underpriced),
        ("max fee per gas less than block base fee", SendOutcome.Underpriced),
        ("feetoolow", SendOutcome.Underpriced),
        ("fee too low", SendOutcome.Underpriced),
        ("gas price below", SendOutcome.Underpriced),
        ("gas price too low", SendOutcome.Underpriced),
        ("below current base fee", SendOutcome.Underpriced),
        ("too low for the next block", SendOutcome.Underpriced),
        ("execution reverted", SendOutcome.Reverted),
        ("reverted with", SendOutcome.Reverted),
        ("intrinsic gas too low", SendOutcome.Invalid),
        ("gas required exceeds", SendOutcome.Invalid),
        ("exceeds block gas limit", SendOutcome.Invalid),
        ("gas limit too high", SendOutcome.Invalid),
        ("exceeds transaction gas cap", SendOutcome.Invalid),
        ("gas limit is too low", SendOutcome.Invalid),
        ("invalid sender", SendOutcome.Invalid),
        ("invalid chain id", SendOutcome.Invalid),
        ("wrong chain", SendOutcome.Invalid),
        ("rlp:", SendOutcome.Invalid),
        ("oversized data", SendOutcome.Invalid),
        ("max initcode size exceeded", SendOutcome.Invalid),
        ("max priority fee per gas higher than max fee", SendOutcome.Invalid),
    ];

    private static readonly string[] ExecutionFailures = ["revert", "out of gas", "outofgas", "invalid opcode", "invalidfe", "vm exception", "evm error", "vm error", "stack "];

    /// <summary>Whether a call failed in the contract and not at the node.</summary>
    internal static bool IsExecutionFailure(JsonRpcException error) =>
        error.Code == 3 || error.RevertData is not null || ExecutionFailures.Any(text => error.NodeMessage.Contains(text, StringComparison.OrdinalIgnoreCase));

    public static SendOutcome Classify(Exception error) => error switch
    {
        JsonRpcException node => Classify(node.Code, node.NodeMessage),
        // Even where the last attempt never reached the node, one before it may have.
        _ => SendOutcome.Ambiguous,
    };

    /// <param name="code">JSON-RPC error code; 3 is the code of a revert.</param>
    /// <param name="message">The node's text, any case.</param>
    public static SendOutcome Classify(int code, string message)
    {
        if (code == 3)
            return SendOutcome.Reverted;
        foreach (var (text, outcome) in Texts)
            if (message.Contains(text, StringComparison.OrdinalIgnoreCase))
                return outcome;
        return SendOutcome.Ambiguous;
    }
}
