using System.Numerics;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Transactions;

namespace Assay.Ethereum;

/// <summary>The entry point: reads through <see cref="Eth"/>, contracts through <see cref="GetContract(ContractAbi, Address)"/>.</summary>
public sealed class Web3 : IDisposable
{
    private readonly JsonRpcClient? _own;

    /// <param name="rpcUrl">http or https.</param>
    /// <param name="signer">Signs what is sent; without it only reads work.</param>
    public Web3(string rpcUrl, ISigner? signer = null) : this(new JsonRpcClient(rpcUrl), signer) => _own = (JsonRpcClient)Client;

    /// <param name="client">One node or several; not disposed with this.</param>
    /// <param name="signer">Signs what is sent; without it only reads work.</param>
    /// <param name="options">Fees and waits of what is sent.</param>
    public Web3(IJsonRpc client, ISigner? signer = null, TransactionSenderOptions? options = null)
    {
        (Client, Signer, Eth) = (client, signer, new EthApi(client));
        Sender = signer is null ? null : new TransactionSender(Eth, signer, options);
    }

    public IJsonRpc Client { get; }
    public EthApi Eth { get; }
    public ISigner? Signer { get; }

    /// <summary>Sends from the signer's account; null without a signer.</summary>
    public TransactionSender? Sender { get; }

    public Contract GetContract(ContractAbi abi, Address address) => new(this, abi, address);

    public Contract GetContract(string abiJson, Address address) => new(this, ContractAbi.Parse(abiJson), address);

    /// <summary>Creates a contract and waits for it.</summary>
    /// <exception cref="TransactionRevertedException">The constructor reverted.</exception>
    public Task<(Contract Contract, Receipt Receipt)> DeployAsync(ContractAbi abi, byte[] creationCode, object?[] arguments, CancellationToken cancellation = default) =>
        DeployAsync(abi, [.. creationCode, .. abi.EncodeConstructor(arguments)], cancellation);

    /// <param name="abi">The contract's.</param>
    /// <param name="data">Creation code followed by the constructor's encoded arguments.</param>
    /// <param name="cancellation">Ends the waiting; what was sent stays sent.</param>
    public async Task<(Contract Contract, Receipt Receipt)> DeployAsync(ContractAbi abi, byte[] data, CancellationToken cancellation = default)
    {
        var receipt = await RequireSender().SendAndWaitAsync(null, data, abi: abi, cancellation: cancellation);
        return (GetContract(abi, receipt.ContractAddress ?? throw new InvalidOperationException($"Transaction {receipt.TransactionHash} created no contract.")), receipt);
    }

    internal TransactionSender RequireSender() => Sender ?? throw new InvalidOperationException("Web3 was made without a signer and cannot send.");

    public void Dispose()
    {
        Sender?.Dispose();
        _own?.Dispose();
    }
}

/// <summary>One deployed contract with its ABI.</summary>
public sealed class Contract(Web3 web3, ContractAbi abi, Address address)
{
    public ContractAbi Abi { get; } = abi;
    public Address Address { get; } = address;

    /// <summary>Call data of a function.</summary>
    public byte[] Encode(string function, params object?[] arguments) => Abi.Encode(function, arguments);

    /// <summary>Calls a view at the latest block. One returned value is converted to T, several bind to a record by name.</summary>
    /// <exception cref="TransactionRevertedException">The call reverted.</exception>
    public Task<T> CallAsync<T>(string function, params object?[] arguments) => CallAtAsync<T>(BlockTag.Latest, function, arguments);

    /// <summary>Calls a view on the state after the given block.</summary>
    public async Task<T> CallAtAsync<T>(BlockTag block, string function, params object?[] arguments)
    {
        var values = Abi.DecodeResult(function, await CallRawAsync(Encode(function, arguments), block));
        return typeof(T) == typeof(AbiValues) && values is T all && !(values.Count == 1 && values[0] is AbiValues) ? all
            : values.Count == 1 ? values.Get<T>(0)
            : values.To<T>();
    }

    /// <summary>Calls with encoded arguments.</summary>
    /// <returns>The encoded results.</returns>
    /// <exception cref="TransactionRevertedException">The call reverted.</exception>
    public async Task<byte[]> CallRawAsync(byte[] data, BlockTag? block = null, CancellationToken cancellation = default)
    {
        try
        {
            var result = await web3.Eth.CallAsync(new CallRequest(Address, data, web3.Signer?.Address), block ?? BlockTag.Latest, cancellation);
            if (result.Length == 0 && Abi.TryFindFunction(data, out var function) && function.Outputs.Count > 0)
                throw new AbiException($"{function.Name}: the call returned nothing; there is no contract at {Address}.");
            return result;
        }
        catch (JsonRpcException error) when (error.RevertData is { } revert)
        {
            throw new TransactionRevertedException(Abi.DecodeError(revert), revert, null, error);
        }
    }

    /// <summary>Sends encoded call data from the signer's account and waits until it is mined with success.</summary>
    /// <param name="data">Selector and arguments.</param>
    /// <param name="value">Wei sent along.</param>
    /// <param name="cancellation">Ends the waiting; what was sent stays sent.</param>
    /// <exception cref="TransactionRevertedException">It reverted; the error is decoded by this ABI.</exception>
    public Task<Receipt> SendRawAsync(byte[] data, BigInteger value = default, CancellationToken cancellation = default) =>
        web3.RequireSender().SendAndWaitAsync(Address, data, value, Abi, cancellation: cancellation);

    /// <summary>Sends from the signer's account and waits until it is mined with success.</summary>
    /// <exception cref="TransactionRevertedException">It reverted; the error is decoded by this ABI.</exception>
    public Task<Receipt> SendAsync(string function, params object?[] arguments) => SendValueAsync(BigInteger.Zero, function, arguments);

    /// <param name="value">Wei sent along.</param>
    /// <param name="function">Name or signature.</param>
    /// <param name="arguments">In the order of the inputs.</param>
    public Task<Receipt> SendValueAsync(BigInteger value, string function, params object?[] arguments) =>
        SendRawAsync(Encode(function, arguments), value);

    /// <summary>This contract's events in a receipt, in order; logs of other contracts and unknown events are left out.</summary>
    public IReadOnlyList<DecodedEvent> Events(Receipt receipt)
    {
        var events = new List<DecodedEvent>();
        foreach (var log in receipt.Logs.Where(l => l.Address == Address))
            if (Abi.TryDecodeLog(log, out var decoded))
                events.Add(decoded);
        return events;
    }

    /// <summary>This contract's logs of one event in a receipt, in order.</summary>
    public IReadOnlyList<T> Events<T>(Receipt receipt) where T : IContractEvent<T>
    {
        var events = new List<T>();
        foreach (var log in receipt.Logs)
            if (log.Address == Address && log.TryDecode<T>(out var decoded))
                events.Add(decoded);
        return events;
    }
}
