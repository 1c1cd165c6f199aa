using System.Collections.Concurrent;
using Assay.Protocol.Chain;
using Assay.Verifier.Redundancy;

namespace Assay.Verifier;

/// <summary>Which contract this is, and the windows of its parameters' versions. A version never changes, so each is read once.</summary>
/// <param name="read">A version's parameters. Errors as the chain's client throws them.</param>
public sealed class EscrowTerms(EscrowDomain domain, Func<uint, Task<EscrowParameters>> read)
{
    private readonly ConcurrentDictionary<uint, ChainWindows> _windows = [];

    public EscrowDomain Domain => domain;

    public async Task<ChainWindows> WindowsAsync(uint version)
    {
        if (_windows.TryGetValue(version, out var known)) return known;
        return _windows[version] = ChainWindows.Of(await read(version));
    }

    public void Set(uint version, ChainWindows windows) => _windows[version] = windows;
}
