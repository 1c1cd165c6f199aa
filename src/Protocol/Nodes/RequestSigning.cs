using System.Globalization;
using System.Security.Cryptography;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;

namespace Assay.Protocol.Nodes;

/// <summary>What the sender of an HTTP request signs.</summary>
/// <param name="Method">Upper case.</param>
/// <param name="Path">Path and query as sent.</param>
/// <param name="Body">SHA-256 of the body bytes; of nothing when there is no body.</param>
/// <param name="Nonce">Random, used once.</param>
/// <param name="Deadline">Unix seconds after which the request is refused.</param>
[Eip712Type("NodeRequest(string method,string path,bytes32 body,bytes32 nonce,uint64 deadline)")]
public sealed record NodeRequest(string Method, string Path, Bytes32 Body, Bytes32 Nonce, ulong Deadline);

/// <summary>The signed part of a request's headers.</summary>
/// <param name="Address">The operator (whose registered hot key signed) or a client (who signed itself).</param>
public sealed record RequestProof(Address Address, Bytes32 Nonce, ulong Deadline, byte[] Signature)
{
    /// <summary>Longest time ahead that a deadline may lie.</summary>
    public const int MaxSeconds = 60;

    public static async ValueTask<RequestProof> SignAsync(
        EscrowDomain domain, ISigner signer, Address address, string method, string path, Bytes32 body, DateTimeOffset now, CancellationToken cancellation = default)
    {
        var nonce = new Bytes32(RandomNumberGenerator.GetBytes(Bytes32.Size));
        var deadline = (ulong)now.ToUnixTimeSeconds() + MaxSeconds / 2;
        var request = new NodeRequest(method.ToUpperInvariant(), path, body, nonce, deadline);
        var signature = await signer.SignTypedDataAsync(TypedData.Of(domain.Requests, request), cancellation);
        return new RequestProof(address, nonce, deadline, signature.ToArray());
    }

    /// <summary>Who signed this request; null when the bytes are no canonical signature.</summary>
    public Address? SignerOf(EscrowDomain domain, string method, string path, Bytes32 body)
    {
        var digest = TypedData.Of(domain.Requests, new NodeRequest(method.ToUpperInvariant(), path, body, Nonce, Deadline)).Digest;
        return Secp256k1.TryRecover(digest, Signature, out var signer)
            ? signer
            : null;
    }

    public IEnumerable<KeyValuePair<string, string>> Headers() =>
    [
        new(SignedRequestHeaders.Address, Address.ToString()),
        new(SignedRequestHeaders.Nonce, Nonce.ToString()),
        new(SignedRequestHeaders.Deadline, Deadline.ToString(CultureInfo.InvariantCulture)),
        new(SignedRequestHeaders.Signature, Hex.Encode(Signature)),
    ];

    /// <summary>Reads the headers; false when one is missing or malformed.</summary>
    public static bool TryRead(Func<string, string?> header, out RequestProof proof)
    {
        proof = null!;
        if (!Ethereum.Primitives.Address.TryParse(header(SignedRequestHeaders.Address), out var address)
            || !Bytes32.TryParse(header(SignedRequestHeaders.Nonce), out var nonce)
            || !ulong.TryParse(header(SignedRequestHeaders.Deadline), NumberStyles.None, CultureInfo.InvariantCulture, out var deadline))
            return false;
        var signature = new byte[Ethereum.Crypto.Signature.Size];
        if (!Hex.TryDecode(header(SignedRequestHeaders.Signature), signature)) return false;
        proof = new RequestProof(address, nonce, deadline, signature);
        return true;
    }
}
