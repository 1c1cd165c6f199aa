namespace Assay.Ethereum.Encoding;

/// <summary>
/// The one exception of the ABI and EIP-712 code: a type that does not parse, a name the ABI lacks, a value that does not fit its type,
/// or bytes that are not the canonical encoding of the expected types.
/// </summary>
public sealed class AbiException : Exception
{
    public AbiException(string message) : base(message) { }

    public AbiException(string message, Exception inner) : base(message, inner) { }
}
