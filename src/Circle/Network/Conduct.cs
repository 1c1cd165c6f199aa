namespace Assay.Circle.Network;

/// <summary>How an operator's node behaves on its own jobs; as a re-executor and as a seat each of the first three answers honestly.</summary>
public enum Conduct
{
    Honest,
    /// <summary>Returns plausible wrong labels without running the model.</summary>
    Plausible,
    /// <summary>Returns an older answer of its neighbour, the first operator.</summary>
    Copycat,
    /// <summary>Accepts orders and never answers anything after that.</summary>
    Absent,
}
