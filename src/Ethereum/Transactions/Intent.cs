using System.Numerics;
using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.Transactions;

/// <summary>What shall happen on the chain once. A sender derives from it to bind what is its own.</summary>
/// <param name="Key">Names the purpose, for example job, action and revision: asked for twice, it is sent once.</param>
/// <param name="To">The called account.</param>
/// <param name="Data">Call data.</param>
/// <param name="Value">Wei.</param>
public record Intent(string Key, Address To, byte[] Data, BigInteger Value = default);

/// <summary>An intent of this key is in the journal and asks for another call.</summary>
public sealed class IntentConflictException(string key)
    : Exception($"The intent '{key}' is in the journal with another recipient, value or data; nothing was written.")
{
    public string Key { get; } = key;
}
