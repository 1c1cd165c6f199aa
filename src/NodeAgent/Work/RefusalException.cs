namespace Assay.NodeAgent.Work;

/// <summary>The node will not or cannot do a piece of work; the reason goes to the Verifier.</summary>
/// <param name="code">Stable, snake case.</param>
internal sealed class RefusalException(string code, string detail, Exception? inner = null) : Exception($"{code}: {detail}", inner)
{
    private const int MaxReason = 300;

    public string Code => code;

    public string Reason => NodeLog.Clean(Message, MaxReason);
}
