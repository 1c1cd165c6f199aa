using Assay.Protocol.Chain;
using Assay.Verifier.Redundancy;

namespace Assay.Verifier;

/// <summary>Which contract this is and what it was built with; fixed for its life, so read once at start.</summary>
public sealed class EscrowTerms(EscrowDomain domain)
{
    private ChainWindows? _windows;

    public EscrowDomain Domain => domain;

    /// <exception cref="InvalidOperationException">Asked before the start check has read them.</exception>
    public ChainWindows Windows => _windows ?? throw new InvalidOperationException("The contract's parameters have not been read.");

    public void Set(EscrowParameters parameters) =>
        _windows = new ChainWindows(parameters.EpochBlocks, parameters.ReviewWindow, parameters.CheckWindow, parameters.LongReview);

    public void Set(ChainWindows windows) => _windows = windows;
}
