using System.Numerics;
using Assay.Circle.Stack;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Transactions;
using Assay.Ethereum.Wallets;
using Assay.Protocol.Chain;
using Assay.Protocol.Work;

namespace Assay.Circle.Network;

/// <summary>Token and escrow on a fresh local chain, operators bonded, clients with tokens and no coin for gas. Seeds of a beacon are scripted.</summary>
/// <param name="Block">Of the escrow's creation; indexing starts here.</param>
public sealed record Deployment(Address Token, Address Escrow, ulong Block)
{
    // The chain mines on demand here, so estimates would not see the step before; unused gas is not charged.
    private const ulong GasLimit = 1_000_000, DeployGasLimit = 16_000_000;

    private static readonly BigInteger GasMoney = BigInteger.Pow(10, 20);
    private static readonly BigInteger Tip = 1_000_000_000, MaxFee = 100_000_000_000;

    public static async Task<Deployment> CreateAsync(
        AnvilChain chain, JsonRpcClient rpc, Checkout checkout, Cast cast, EscrowParameters terms, CancellationToken cancellation)
    {
        await chain.AutomineAsync(false);
        foreach (var sender in cast.Senders()) await chain.RpcAsync("anvil_setBalance", sender.Address.ToString(), Hex.Quantity(GasMoney));

        var steps = new Steps(chain, new EthApi(rpc), (ulong)chain.ChainId);
        var deployer = new Deployer(checkout, code => steps.DeployAsync(cast.Deployer, code, cancellation));
        var tokenAt = (await deployer.TokenAsync()).ContractAddress!.Value;
        var escrow = await deployer.EscrowAsync(tokenAt, terms, terms.Randomness == Randomness.Beacon
            ? new Governance(Address.Zero, (await deployer.ScriptedBeaconAsync()).ContractAddress!.Value, terms, terms)
            : null);
        var (tokenAbi, escrowAt) = (Deployer.AbiOf(checkout, Deployer.Token), escrow.ContractAddress!.Value);

        async Task Pay(LocalSigner from, Amount amount, params (string Function, object?[] Arguments)[] calls)
        {
            await steps.SendAsync(from, tokenAt, tokenAbi.Encode("mint", from.Address, amount), cancellation);
            await steps.SendAsync(from, tokenAt, tokenAbi.Encode("approve", escrowAt, amount), cancellation);
            foreach (var (function, arguments) in calls)
                await steps.SendAsync(from, escrowAt, EscrowAbi.Instance.Encode(function, arguments), cancellation);
        }

        await steps.SendAsync(cast.Deployer, escrowAt, EscrowAbi.Instance.Encode("registerRuntime", LocalTerms.Runtime, BlobAddress.Of("onnx"u8), true), cancellation);
        for (var i = 0; i < cast.OperatorCount; i++)
            await Pay(cast.Owner(i), LocalTerms.Bond, ("register", [cast.Signer(i).Address, cast.Payout(i).Address, LocalTerms.Bond]));
        for (var i = 0; i < cast.ClientCount; i++)
            await steps.SendAsync(cast.Deployer, tokenAt, tokenAbi.Encode("mint", cast.Client(i).Address, LocalTerms.Deposit), cancellation);
        await Pay(cast.Deployer, LocalTerms.Pool * 2, ("donate", [Book.CheckPool, LocalTerms.Pool]), ("donate", [Book.InsurancePool, LocalTerms.Pool]));
        await steps.MineAsync(cancellation);
        return new Deployment(tokenAt, escrowAt, escrow.BlockNumber);
    }

    /// <summary>Transactions in the pool until a block is asked for: a whole deployment takes six blocks.</summary>
    private sealed class Steps(AnvilChain chain, EthApi eth, ulong chainId)
    {
        private readonly Dictionary<Address, ulong> nonces = [];
        private readonly List<(Bytes32 Hash, string What)> waiting = [];

        public async Task<Bytes32> SendAsync(LocalSigner from, Address? to, byte[] data, CancellationToken cancellation)
        {
            if (!nonces.TryGetValue(from.Address, out var nonce)) nonce = await eth.GetTransactionCountAsync(from.Address, cancellation: cancellation);
            nonces[from.Address] = nonce + 1;
            var transaction = new Eip1559Transaction(chainId, nonce, Tip, MaxFee, to is null ? DeployGasLimit : GasLimit, to, 0, data);
            var signed = await Ethereum.Crypto.SignerExtensions.SignTransactionAsync(from, transaction, cancellation);
            waiting.Add((signed.Hash, $"{from.Address} nonce {nonce}"));
            return await eth.SendRawTransactionAsync(signed.ToArray(), cancellation);
        }

        public async Task<Receipt> DeployAsync(LocalSigner from, byte[] code, CancellationToken cancellation)
        {
            var hash = await SendAsync(from, null, code, cancellation);
            await MineAsync(cancellation);
            return (await eth.GetTransactionReceiptAsync(hash, cancellation))!;
        }

        /// <exception cref="InvalidOperationException">A transaction was left out or reverted.</exception>
        public async Task MineAsync(CancellationToken cancellation)
        {
            await chain.MineAsync();
            foreach (var (hash, what) in waiting)
            {
                var receipt = await eth.GetTransactionReceiptAsync(hash, cancellation);
                while (receipt is null) // more gas than one block takes
                {
                    await chain.MineAsync();
                    receipt = await eth.GetTransactionReceiptAsync(hash, cancellation);
                }
                if (!receipt.Succeeded) throw new InvalidOperationException($"Deployment: the transaction {hash} of {what} reverted.");
            }
            waiting.Clear();
        }
    }
}
