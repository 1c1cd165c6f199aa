namespace Assay.Circle.Network;

/// <summary>How an operator's node behaves on its own jobs; as a re-executor and as a seat all but the ring answer honestly.</summary>
public enum Conduct
{
    Honest,
    /// <summary>Returns plausible wrong labels without running the model.</summary>
    Plausible,
    /// <summary>Returns an older answer of its neighbour, the first operator.</summary>
    Copycat,
    /// <summary>Accepts orders and never answers anything after that.</summary>
    Absent,
    /// <summary>As <see cref="Plausible"/>, in others' jobs too, so that its members agree.</summary>
    Ring,
    /// <summary>Of the ring, and appeals when it is convicted.</summary>
    StubbornRing,
}
