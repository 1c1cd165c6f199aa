using Assay.Ethereum.Encoding;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Transactions;

namespace Assay.Ethereum.Crypto;

/// <summary>
/// Holds one account's key, wherever it lives. Every signature is canonical (low-s) and recovers to <see cref="Address"/>. A key that signs digests signs
/// everything; one that wants to see what it signs (<see cref="JsonRpc.RemoteSigner"/>) signs the rest and refuses digests.
/// </summary>
public interface ISigner
{
    Address Address { get; }

    /// <exception cref="NotSupportedException">The key's holder signs only what it can read.</exception>
    ValueTask<Signature> SignDigestAsync(Bytes32 digest, CancellationToken cancellation = default);

    /// <summary>EIP-712.</summary>
    ValueTask<Signature> SignTypedDataAsync(TypedData data, CancellationToken cancellation = default) => SignDigestAsync(data.Digest, cancellation);

    /// <summary>personal_sign (EIP-191): the digest is <see cref="SignerExtensions.MessageDigest"/>.</summary>
    ValueTask<Signature> SignMessageAsync(ReadOnlyMemory<byte> message, CancellationToken cancellation = default) =>
        SignDigestAsync(SignerExtensions.MessageDigest(message.Span), cancellation);

    /// <summary>The signature of a transaction; <see cref="SignerExtensions"/> puts both together.</summary>
    ValueTask<Signature> SignAsync(ITransaction transaction, CancellationToken cancellation = default) => SignDigestAsync(transaction.SigningHash, cancellation);
}
