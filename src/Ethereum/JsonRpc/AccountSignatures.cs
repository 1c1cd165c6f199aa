using Assay.Ethereum.Crypto;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Transactions;

namespace Assay.Ethereum.JsonRpc;

/// <summary>Whether an account has signed, be it a key or a contract wallet.</summary>
public static class AccountSignatures
{
    // isValidSignature(bytes32,bytes), and the word it answers with (ERC-1271).
    private const uint Magic = 0x1626ba7e;

    private static readonly AbiParameter[] Question = [new("hash", AbiType.Parse("bytes32")), new("signature", AbiType.Parse("bytes"))];

    /// <summary>
    /// An account with code is asked (ERC-1271) on the state after the block, and any answer but the one right word is a no; of one without, the signature
    /// has to recover to it. A wallet's answer is of that block only: its owner may change.
    /// </summary>
    /// <param name="eth">The node.</param>
    /// <param name="account">Who is said to have signed.</param>
    /// <param name="digest">What was signed.</param>
    /// <param name="signature">65 bytes of a key, or whatever the wallet takes.</param>
    /// <param name="block">The latest by default.</param>
    /// <param name="cancellation">Ends the calls.</param>
    public static async Task<bool> IsSignedByAsync(
        this EthApi eth, Address account, Bytes32 digest, byte[] signature, BlockTag? block = null, CancellationToken cancellation = default)
    {
        if ((await eth.GetCodeAsync(account, block, cancellation)).Length == 0)
            return Secp256k1.TryRecover(digest, signature, out var signer) && signer == account;
        try
        {
            var answer = await eth.CallAsync(new CallRequest(account, AbiCodec.EncodeAbi(Magic, Question, [digest, signature])), block, cancellation);
            return answer.Length == AbiWord.Size && AbiSignature.TryReadSelector(answer, out var word) && word == Magic && !answer.AsSpan(4).ContainsAnyExcept((byte)0);
        }
        catch (JsonRpcException error) when (SendErrors.IsExecutionFailure(error))
        {
            return false;
        }
    }
}
