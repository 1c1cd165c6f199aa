using System.Text.Json;
using Assay.Hosting;
using Assay.Protocol.Messages;

namespace Assay.Indexer.Proofs;

/// <summary>An event as one line that follows from its log alone: what one index says must be what another says, and what the chain says.</summary>
public static class EventText
{
    /// <summary>Name and fields as JSON, without what a log does not say: our own sequence, and the time, which the block's hash stands for.</summary>
    public static string Of(IChainEvent e)
    {
        var body = JsonSerializer.SerializeToNode(e, e.GetType(), AssayJson.Options)!.AsObject();
        var at = body["at"]!.AsObject();
        at.Remove("sequence");
        at.Remove("blockTime");
        return $"{e.GetType().Name} {body.ToJsonString()}";
    }
}
