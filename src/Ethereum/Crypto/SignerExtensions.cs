using System.Globalization;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Transactions;

namespace Assay.Ethereum.Crypto;

/// <summary>What a key signs: EIP-712 typed data, EIP-191 messages, transactions.</summary>
public static class SignerExtensions
{
    // The interface's own two, for a variable of a class that does not declare them: no cast is needed.
    public static ValueTask<Signature> SignTypedDataAsync(this ISigner signer, TypedData data, CancellationToken cancellation = default) =>
        signer.SignTypedDataAsync(data, cancellation);

    public static ValueTask<Signature> SignMessageAsync(this ISigner signer, ReadOnlyMemory<byte> message, CancellationToken cancellation = default) =>
        signer.SignMessageAsync(message, cancellation);

    public static ValueTask<Signature> SignMessageAsync(this ISigner signer, string message, CancellationToken cancellation = default) =>
        signer.SignMessageAsync(System.Text.Encoding.UTF8.GetBytes(message), cancellation);

    public static async ValueTask<SignedTransaction> SignTransactionAsync(
        this ISigner signer, Eip1559Transaction transaction, CancellationToken cancellation = default) =>
        new(transaction, await signer.SignAsync(transaction, cancellation));

    /// <summary>A transaction of any kind, as bytes to broadcast.</summary>
    public static async ValueTask<byte[]> SignRawTransactionAsync(this ISigner signer, ITransaction transaction, CancellationToken cancellation = default) =>
        transaction.Encode(await signer.SignAsync(transaction, cancellation));

    /// <summary>The account lets its code be that of another address (EIP-7702).</summary>
    /// <exception cref="NotSupportedException">The key's holder signs no digests.</exception>
    public static async ValueTask<SignedAuthorization> SignAuthorizationAsync(
        this ISigner signer, Authorization authorization, CancellationToken cancellation = default) =>
        new(authorization, await signer.SignDigestAsync(authorization.SigningHash, cancellation));

    /// <summary>EIP-191 version 0x45: keccak256("\x19Ethereum Signed Message:\n" + length in bytes + message).</summary>
    public static Bytes32 MessageDigest(ReadOnlySpan<byte> message)
    {
        var prefix = "\u0019Ethereum Signed Message:\n" + message.Length.ToString(CultureInfo.InvariantCulture);
        return Keccak256.Hash([.. System.Text.Encoding.ASCII.GetBytes(prefix), .. message]);
    }
}
