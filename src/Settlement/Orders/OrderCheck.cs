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

    public static OrderRefusal? Domain(OrderRequest request, EscrowDomain ours) =>
        request.Domain is { } domain && domain != new OrderDomain(ours.ChainId, ours.Escrow)
            ? new(400, "wrong_domain", $"The order was signed for chain {domain.ChainId}, contract {domain.VerifyingContract}; this is chain {ours.ChainId}, contract {ours.Escrow}.")
        : null;

    /// <param name="taken">The client's key has signed, or its contract wallet takes the signature.</param>
    public static OrderRefusal? Signed(bool taken) =>
        taken ? null : new(401, "bad_signature", "The signature is not the client's over this order on this chain and contract, nor one that it takes as a contract wallet.");

    /// <summary>What the contract's registries say to it, see <see cref="Books.Consents"/>.</summary>
    public static OrderRefusal? Consents(Order order, Amount reserve, Books.Consents consents, ulong headTime)
    {
        if (!consents.Deterministic)
            return new(422, "not_deterministic", $"Runtime {order.Runtime} is not registered as deterministic, so its results cannot be compared byte for byte.");
        if (consents.Pool is { Owner.IsZero: true }) return new(422, "unknown_pool", $"There is no pool {order.Pool}.");
        if (consents.Pool is { Orders: false }) return new(403, "not_in_pool", $"The client is not listed by pool {order.Pool}.");
        return consents.Spending is not { } spending ? null
            : headTime > spending.Until ? new(403, "not_allowed", $"The payer has not approved this client's spending, or only until {spending.Until}.")
            : reserve > spending.PerJob ? new(403, "not_allowed", $"The order takes {reserve}, the payer approved {spending.PerJob} a job.")
            : reserve + spending.SpentToday > spending.PerDay ? new(403, "not_allowed", $"The order takes {reserve}, of today's {spending.PerDay} are {spending.SpentToday} used.")
            : null;
    }

    /// <param name="headTime">Unix seconds of the chain's head.</param>
    /// <param name="maxLife">An order that never ends would have to be offered and counted for ever.</param>
    public static OrderRefusal? Terms(Order order, EscrowParameters parameters, ulong headTime, TimeSpan maxLife)
    {
        OrderRefusal Bad(string detail) => new(422, "bad_terms", detail);
        if (order.Client == default) return Bad("The client is the zero address.");
        if (order.Client == order.Operator || order.Purse == order.Operator) return Bad("Client or payer and operator are the same.");
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
