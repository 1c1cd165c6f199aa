using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.Transactions;

public sealed record TransactionSenderOptions
{
    /// <summary>Gas limit over the estimate, per cent.</summary>
    public int GasMarginPercent { get; init; } = 25;

    /// <summary>Least tip, wei for one gas.</summary>
    public BigInteger MinTip { get; init; } = 1_000_000_000;

    /// <summary>Most for MaxFeePerGas, wei for one gas.</summary>
    public BigInteger MaxFeeCap { get; init; } = 500_000_000_000;

    /// <summary>Time to wait for a receipt.</summary>
    public TimeSpan ReceiptTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Time between two looks for a receipt.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromMilliseconds(200);
}

/// <summary>A transaction that reverted, when it was estimated or when it was mined.</summary>
public sealed class TransactionRevertedException(DecodedError? error, byte[]? revertData, Receipt? receipt, Exception? inner = null)
    : Exception($"Reverted: {error?.ToString() ?? (revertData is { Length: > 0 } data ? Hex.Encode(data) : "no reason given")}", inner)
{
    /// <summary>The error, when the given ABI knows it.</summary>
    public DecodedError? Error { get; } = error;
    public byte[]? RevertData { get; } = revertData;

    /// <summary>Whether it is that error of a generated contract.</summary>
    public bool Is<T>([MaybeNullWhen(false)] out T found) where T : IContractError<T> => ContractTypes.TryDecodeError(RevertData, out found);

    /// <summary>Set when the transaction was mined.</summary>
    public Receipt? Receipt { get; } = receipt;
}

/// <summary>
/// Sends from one key with the nonce in memory: for scripts and demonstrations. A process that may be killed between signing and
/// sending needs a journal of its attempts instead. Thread-safe.
/// </summary>
public sealed class TransactionSender(EthApi eth, ISigner signer, TransactionSenderOptions? options = null) : IDisposable
{
    private readonly TransactionSenderOptions _options = options ?? new TransactionSenderOptions();
    private readonly SemaphoreSlim _gate = new(1);
    private ulong? _chainId;
    private ulong? _nextNonce;

    public Address Address => signer.Address;

    /// <summary>Estimates, signs and sends; does not wait until it is mined.</summary>
    /// <param name="to">Null creates a contract.</param>
    /// <param name="data">Call data or creation code.</param>
    /// <param name="value">Wei.</param>
    /// <param name="abi">Decodes the custom error of a revert.</param>
    /// <param name="gasLimit">Given: no estimate is made.</param>
    /// <param name="cancellation">Before the broadcast only.</param>
    /// <exception cref="TransactionRevertedException">The estimate reverted; nothing was sent.</exception>
    public async Task<SignedTransaction> SendAsync(
        Address? to, byte[] data, BigInteger value = default, ContractAbi? abi = null, ulong? gasLimit = null, CancellationToken cancellation = default)
    {
        await _gate.WaitAsync(cancellation);
        try
        {
            _chainId ??= await eth.ChainIdAsync(cancellation);
            var gas = gasLimit ?? await EstimateAsync(new CallRequest(to, data, signer.Address, value), abi, cancellation);
            var fees = Fees.Estimate(await eth.FeeHistoryAsync(10, BlockTag.Latest, [50], cancellation), _options.MinTip, _options.MaxFeeCap);
            var pending = await eth.GetTransactionCountAsync(signer.Address, BlockTag.Pending, cancellation);
            var nonce = _nextNonce is { } next && next > pending ? next : pending;
            var signed = await signer.SignTransactionAsync(
                new Eip1559Transaction(_chainId.Value, nonce, fees.MaxPriorityFeePerGas, fees.MaxFeePerGas, gas, to, value, data), cancellation);
            await BroadcastAsync(signed, abi);
            _nextNonce = nonce + 1;
            return signed;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Sends and waits until the transaction is mined with success.</summary>
    /// <exception cref="TransactionRevertedException">It reverted, in the estimate or on the chain.</exception>
    /// <exception cref="TimeoutException">Not mined in time.</exception>
    public async Task<Receipt> SendAndWaitAsync(
        Address? to, byte[] data, BigInteger value = default, ContractAbi? abi = null, ulong? gasLimit = null, CancellationToken cancellation = default)
    {
        var signed = await SendAsync(to, data, value, abi, gasLimit, cancellation);
        return await WaitAsync(signed, abi, cancellation);
    }

    /// <summary>Waits for a transaction of this sender; a revert is thrown with its reason.</summary>
    public async Task<Receipt> WaitAsync(SignedTransaction signed, ContractAbi? abi = null, CancellationToken cancellation = default)
    {
        var receipt = await eth.WaitForReceiptAsync(signed.Hash, _options.ReceiptTimeout, _options.PollInterval, cancellation: cancellation);
        if (receipt.Succeeded)
            return receipt;
        throw await WhyRevertedAsync(signed, receipt, abi, cancellation);
    }

    public void Dispose() => _gate.Dispose();

    private async Task<ulong> EstimateAsync(CallRequest request, ContractAbi? abi, CancellationToken cancellation)
    {
        try
        {
            return await eth.EstimateGasAsync(request, cancellation) * (ulong)(100 + _options.GasMarginPercent) / 100;
        }
        catch (JsonRpcException error) when (error.RevertData is not null || SendErrors.Classify(error) == SendOutcome.Reverted)
        {
            throw Reverted(error, abi, null);
        }
    }

    private async Task BroadcastAsync(SignedTransaction signed, ContractAbi? abi)
    {
        try
        {
            var hash = await eth.SendRawTransactionAsync(signed.ToArray());
            if (hash != signed.Hash)
                throw new RpcTransportException(RpcFailure.Malformed, $"The node names the transaction {hash}, its bytes have the hash {signed.Hash}.");
        }
        catch (JsonRpcException error) when (SendErrors.Classify(error) == SendOutcome.AlreadyKnown)
        {
            // A retry after a lost answer; the node has it.
        }
        catch (JsonRpcException error) when (SendErrors.Classify(error) == SendOutcome.Reverted)
        {
            throw Reverted(error, abi, null);
        }
    }

    // The receipt has no reason; the call is repeated on the state before its block, which may differ from the state it met inside the block.
    private async Task<TransactionRevertedException> WhyRevertedAsync(SignedTransaction signed, Receipt receipt, ContractAbi? abi, CancellationToken cancellation)
    {
        var transaction = signed.Transaction;
        try
        {
            await eth.CallAsync(
                new CallRequest(transaction.To, transaction.Data, signer.Address, transaction.Value, transaction.GasLimit), receipt.BlockNumber - 1, cancellation);
            return new TransactionRevertedException(null, null, receipt);
        }
        catch (JsonRpcException error)
        {
            return Reverted(error, abi, receipt);
        }
    }

    private static TransactionRevertedException Reverted(JsonRpcException error, ContractAbi? abi, Receipt? receipt) =>
        new(error.RevertData is { } data ? (abi ?? ContractAbi.Empty).DecodeError(data) : null, error.RevertData, receipt, error);
}
