using System.Numerics;

namespace Assay.Ethereum.Encoding;

/// <summary>A caller's own integer type (an amount of money, say) that stands for any uintN or intN.</summary>
public interface IAbiInteger
{
    BigInteger ToBigInteger();
}

/// <inheritdoc/>
public interface IAbiInteger<TSelf> : IAbiInteger where TSelf : IAbiInteger<TSelf>
{
    /// <exception cref="OverflowException">The number does not fit.</exception>
    static abstract TSelf From(BigInteger value);
}
