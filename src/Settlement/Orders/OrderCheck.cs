using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;

namespace Assay.Settlement.Orders;

/// <summary>Why an order is not taken. Codes are stable.</summary>
/// <param name="Status">HTTP status.</param>
public sealed record OrderRefusal(int Status, string Code, string Detail);

/// <summary>The checks of an order that need nothing but values; the contract repeats them at the opening.</summary>
public static class OrderCheck
{
    private static readonly Amount MaxAmount = new(((Int128)1 << 96) - 1);

    /// <param name="signer">Who signed the order's digest; null when the signature recovers to nobody.</param>
    public static OrderRefusal? Signed(OrderRequest request, EscrowDomain ours, Address? signer) =>
        request.Domain is { } domain && domain != new OrderDomain(ours.ChainId, ours.Escrow)
            ? new(400, "wrong_domain", $"The order was signed for chain {domain.ChainId}, contract {domain.VerifyingContract}; this is chain {ours.ChainId}, contract {ours.Escrow}.")
        : signer != request.Order.Client
            ? new(401, "bad_signature", "The signature is not the client's over this order on this chain and contract.")
        : null;

    /// <param name="headTime">Unix seconds of the chain's head.</param>
    /// <param name="maxLife">An order that never ends would have to be offered and counted for ever.</param>
    public static OrderRefusal? Terms(Order order, EscrowParameters parameters, ulong headTime, TimeSpan maxLife)
    {
        OrderRefusal Bad(string detail) => new(422, "bad_terms", detail);
        if (order.Client == default) return Bad("The client is the zero address.");
        if (order.Client == order.Operator) return Bad("Client and operator are the same.");
        if (!Enum.IsDefined(order.Comparison)) return Bad($"{(int)order.Comparison} is no comparison.");
        if (order.Workload == default || order.Policy == default) return Bad("Workload and policy are digests of documents, not zero.");
        if (order.MaxPrice <= Amount.Zero || order.MaxPrice > MaxAmount) return Bad("The max price is outside 1 to 2^96 - 1.");
        if (order.UnitPrice < Amount.Zero || order.UnitPrice > MaxAmount) return Bad("The unit price is outside 0 to 2^96 - 1.");
        if (order.MaxFee < Amount.Zero || order.MaxFee > MaxAmount) return Bad("The max fee is outside 0 to 2^96 - 1.");
        if (order.RunWindow == 0 || order.RunWindow > parameters.MaxRunWindow) return Bad($"The run window is outside 1 to {parameters.MaxRunWindow} s.");
        if (order.Expiry < headTime) return new(422, "expired", $"The order expired at {order.Expiry}, the chain is at {headTime}.");
        if (order.Expiry - headTime > (ulong)maxLife.TotalSeconds) return Bad($"The order expires at {order.Expiry}, more than {maxLife.TotalDays:0} days after the chain's {headTime}.");
        var fee = parameters.FeeFor(order.MaxPrice);
        return order.MaxFee < fee ? new(422, "fee_too_low", $"Verification and keeper cost {fee}, the order allows {order.MaxFee}.") : null;
    }

    /// <param name="spendable">Available on the ledger less what earlier orders will still take.</param>
    public static OrderRefusal? Funds(Amount reserve, Amount spendable) =>
        spendable < reserve ? new(402, "insufficient_funds", $"The order takes {reserve}, {spendable} can be spent.") : null;

    /// <summary>What the opening moves from available to reserved.</summary>
    public static Amount Reserve(Order order, EscrowParameters parameters) => order.MaxPrice + parameters.FeeFor(order.MaxPrice);
}
