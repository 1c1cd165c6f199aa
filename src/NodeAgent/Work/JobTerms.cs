using Assay.Protocol.Chain;
using Assay.Protocol.Work;

namespace Assay.NodeAgent.Work;

/// <summary>What an operator takes: decided from the order and its documents alone.</summary>
internal static class JobTerms
{
    /// <exception cref="RefusalException">The order cannot be taken by this operator.</exception>
    public static void RequireAcceptable(OperatorOptions options, Order order, DateTimeOffset now, int queued)
    {
        Require(order.Operator.IsZero || order.Operator == options.Address, "wrong_operator", "the order names another operator");
        Require(!options.NamedOnly || !order.Operator.IsZero, "not_named", "only orders that name this operator are taken");
        Require(order.Expiry > (ulong)now.ToUnixTimeSeconds(), "expired", "the order has expired");
        // Without its word no result is taken: a client that names itself and says nothing would live on the operator's penalties.
        Require(order.Witness.IsZero || options.Witnesses.Contains(order.Witness), "unknown_witness", $"the witness {order.Witness} is none of those relied on");
        Require(order.UnitPrice >= options.MinUnitPrice, "price_too_low", $"the unit price is below {options.MinUnitPrice}");
        Require(queued < options.MaxQueuedRuns, "busy", $"{queued} runs are waiting");
    }

    /// <exception cref="RefusalException">The job cannot be run by this operator.</exception>
    public static void RequireRunnable(OperatorOptions options, Order order, JobManifest manifest, ComparisonPolicy policy)
    {
        Require(options.Runtimes.ContainsKey(manifest.Runtime), "unknown_runtime", $"no runtime {manifest.Runtime} here");
        Require(manifest.Limits.Seconds <= options.MaxSeconds, "too_long", $"more than {options.MaxSeconds} s");
        Require(manifest.Limits.MemoryMiB <= options.MaxMemoryMiB, "too_much_memory", $"more than {options.MaxMemoryMiB} MiB");
        var content = manifest.Model.Size + manifest.Inputs.Sum(input => input.Size);
        Require(content <= options.MaxContentBytes, "too_much_content", $"model and inputs take {content} bytes");
        Require(KindOf(order.Comparison) == policy.Kind, "wrong_policy", "the policy is of another kind than the order says");
    }

    private static PolicyKind? KindOf(Comparison comparison) => comparison switch
    {
        Comparison.Exact => PolicyKind.Exact,
        Comparison.Tolerance => PolicyKind.Tolerance,
        _ => null,
    };

    private static void Require(bool holds, string code, string detail)
    {
        if (!holds) throw new RefusalException(code, detail);
    }
}
