using System.Numerics;
using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.JsonRpc;

/// <summary>Typed eth_ methods. Errors as <see cref="IJsonRpc"/> throws them.</summary>
public sealed class EthApi(IJsonRpc client)
{
    public IJsonRpc Client { get; } = client;

    public Task<ulong> ChainIdAsync(CancellationToken cancellation = default) => Client.SendAsync(EthCalls.ChainId(), cancellation);

    public Task<ulong> BlockNumberAsync(CancellationToken cancellation = default) => Client.SendAsync(EthCalls.BlockNumber(), cancellation);

    /// <summary>Null when the node has no such block.</summary>
    public Task<BlockHeader?> GetBlockByNumberAsync(BlockTag block, CancellationToken cancellation = default) =>
        Client.SendAsync(EthCalls.GetBlock(block), cancellation);

    /// <summary>Null when the node does not know the hash.</summary>
    public Task<BlockHeader?> GetBlockByHashAsync(Bytes32 hash, CancellationToken cancellation = default) =>
        Client.SendAsync(EthCalls.GetBlock(hash), cancellation);

    public Task<IReadOnlyList<Log>> GetLogsAsync(LogFilter filter, CancellationToken cancellation = default) =>
        Client.SendAsync(EthCalls.GetLogs(filter), cancellation);

    /// <summary>
    /// The logs of a range of blocks, which is halved wherever the node finds it too large. Parts are read one after the other: a chain that changes
    /// meanwhile is for the caller to notice.
    /// </summary>
    /// <exception cref="ArgumentException">The filter has no range of numbers.</exception>
    public async Task<IReadOnlyList<Log>> GetLogsInPartsAsync(LogFilter filter, CancellationToken cancellation = default)
    {
        if (filter is not { FromBlock.Number: { } from, ToBlock.Number: { } to })
            throw new ArgumentException("Logs in parts: expected a range of block numbers.", nameof(filter));
        var (logs, open) = (new List<Log>(), new Stack<(ulong From, ulong To)>([(from, to)]));
        while (open.TryPop(out var part))
            try
            {
                logs.AddRange(await GetLogsAsync(filter with { FromBlock = part.From, ToBlock = part.To }, cancellation));
            }
            catch (Exception error) when (part.From < part.To && RpcTroubles.Of(error) == RpcTrouble.RangeTooLarge)
            {
                var middle = part.From + (part.To - part.From) / 2;
                open.Push((middle + 1, part.To));
                open.Push((part.From, middle));
            }
        return logs;
    }

    /// <summary>Null while the transaction is not mined.</summary>
    public Task<Receipt?> GetTransactionReceiptAsync(Bytes32 hash, CancellationToken cancellation = default) =>
        Client.SendAsync(EthCalls.GetTransactionReceipt(hash), cancellation);

    /// <summary>Null when the node knows no such transaction, mined or waiting.</summary>
    public Task<TransactionInfo?> GetTransactionByHashAsync(Bytes32 hash, CancellationToken cancellation = default) =>
        Client.SendAsync(EthCalls.GetTransactionByHash(hash), cancellation);

    public Task<ulong> GetTransactionCountAsync(Address address, BlockTag? block = null, CancellationToken cancellation = default) =>
        Client.SendAsync(EthCalls.GetTransactionCount(address, block ?? BlockTag.Latest), cancellation);

    /// <summary>Wei.</summary>
    public Task<BigInteger> GetBalanceAsync(Address address, BlockTag? block = null, CancellationToken cancellation = default) =>
        Client.SendAsync(EthCalls.GetBalance(address, block ?? BlockTag.Latest), cancellation);

    public Task<byte[]> GetCodeAsync(Address address, BlockTag? block = null, CancellationToken cancellation = default) =>
        Client.SendAsync(EthCalls.GetCode(address, block ?? BlockTag.Latest), cancellation);

    /// <exception cref="JsonRpcException">Also for a revert; its bytes are in RevertData.</exception>
    public Task<byte[]> CallAsync(CallRequest request, BlockTag? block = null, CancellationToken cancellation = default) =>
        Client.SendAsync(EthCalls.Call(request, block ?? BlockTag.Latest), cancellation);

    /// <summary>Gas, without margin.</summary>
    public Task<ulong> EstimateGasAsync(CallRequest request, CancellationToken cancellation = default) =>
        Client.SendAsync(EthCalls.EstimateGas(request), cancellation);

    public Task<FeeHistory> FeeHistoryAsync(int blocks, BlockTag newest, IReadOnlyList<double> percentiles, CancellationToken cancellation = default) =>
        Client.SendAsync(EthCalls.FeeHistory(blocks, newest, percentiles), cancellation);

    /// <summary>The transaction's hash.</summary>
    public Task<Bytes32> SendRawTransactionAsync(byte[] raw, CancellationToken cancellation = default) =>
        Client.SendAsync(EthCalls.SendRawTransaction(raw), cancellation);

    /// <summary>Polls until the transaction is mined. The receipt is provisional until the block is final.</summary>
    /// <exception cref="TimeoutException">Not mined in time; it may still be mined later.</exception>
    public async Task<Receipt> WaitForReceiptAsync(
        Bytes32 hash, TimeSpan timeout, TimeSpan? interval = null, TimeProvider? time = null, CancellationToken cancellation = default)
    {
        time ??= TimeProvider.System;
        var start = time.GetTimestamp();
        while (true)
        {
            if (await GetTransactionReceiptAsync(hash, cancellation) is { } receipt)
                return receipt;
            if (time.GetElapsedTime(start) >= timeout)
                throw new TimeoutException($"Transaction {hash} was not mined in {timeout.TotalSeconds} s.");
            await Task.Delay(interval ?? TimeSpan.FromMilliseconds(200), time, cancellation);
        }
    }
}
