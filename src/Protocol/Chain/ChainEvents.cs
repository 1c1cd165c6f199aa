using Assay.Ethereum.Encoding;
using Assay.Protocol.Messages;

namespace Assay.Protocol.Chain;

/// <summary>The contract's events by name, and their records from decoded logs.</summary>
public static class ChainEvents
{
    public static readonly IReadOnlyDictionary<string, Type> Types = typeof(IChainEvent).Assembly.GetTypes()
        .Where(t => t is { IsInterface: false } && typeof(IChainEvent).IsAssignableFrom(t))
        .ToDictionary(t => t.Name);

    /// <param name="values">The event's arguments as the ABI decodes them.</param>
    /// <exception cref="AbiException">No such event, or an argument is missing or does not fit its record.</exception>
    public static IChainEvent Bind(string name, AbiValues values, ChainPosition at) =>
        Types.TryGetValue(name, out var type)
            ? (IChainEvent)values.To(type, [("At", at), .. RecordWords.In(values)])
            : throw new AbiException($"No record for the event {name}.");
}
