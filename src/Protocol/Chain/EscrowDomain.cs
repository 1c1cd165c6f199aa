using Assay.Ethereum.Crypto;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.Primitives;

namespace Assay.Protocol.Chain;

/// <summary>One escrow on one chain: what a signature is bound to.</summary>
public sealed record EscrowDomain(ulong ChainId, Address Escrow)
{
    // Not to be changed in a copy: the domains below would stay those of the original.
    public ulong ChainId { get; } = ChainId;

    public Address Escrow { get; } = Escrow;

    /// <summary>The domain of everything that the contract checks.</summary>
    public Eip712Domain Documents { get; } = new("Assay", "1", ChainId, Escrow);

    /// <summary>The domain of signed HTTP requests; apart, so that no request can pass for a document.</summary>
    public Eip712Domain Requests { get; } = new("Assay Node API", "1", ChainId, Escrow);

    /// <summary>EIP-712 digest; of an order it is the job id.</summary>
    public Bytes32 Digest<T>(T document) where T : notnull => TypedData.Of(Documents, document).Digest;

    public async ValueTask<byte[]> SignAsync<T>(ISigner signer, T document, CancellationToken cancellation = default) where T : notnull =>
        (await signer.SignTypedDataAsync(TypedData.Of(Documents, document), cancellation)).ToArray();

    /// <summary>Who signed; null when the bytes are no canonical signature.</summary>
    public Address? SignerOf<T>(T document, ReadOnlySpan<byte> signature) where T : notnull =>
        Secp256k1.TryRecover(Digest(document), signature, out var signer)
            ? signer
            : null;

    public bool IsSignedBy<T>(T document, ReadOnlySpan<byte> signature, Address signer) where T : notnull =>
        SignerOf(document, signature) == signer;
}
