using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.Crypto;

/// <summary>Holds one account's key, wherever it lives, and signs 32-byte digests with it.</summary>
public interface ISigner
{
    Address Address { get; }

    /// <summary>A canonical (low-s) signature that recovers to <see cref="Address"/>.</summary>
    ValueTask<Signature> SignDigestAsync(Bytes32 digest, CancellationToken cancellation = default);
}
