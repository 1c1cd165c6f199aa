namespace Assay.Ethereum.Transactions;

/// <summary>Nonces from the sender's own rows; the chain alone cannot know what has been signed and not yet been mined.</summary>
public static class Nonces
{
    /// <summary>One above the highest own nonce; the chain's count for a key without rows.</summary>
    /// <param name="ownNonces">Nonces of all attempts ever inserted for this key.</param>
    /// <param name="chainCount">eth_getTransactionCount at "latest".</param>
    /// <exception cref="NonceConflictException">The chain is ahead of the rows: another user of the key, or a restored backup.</exception>
    public static ulong Next(IEnumerable<ulong> ownNonces, ulong chainCount)
    {
        ulong? highest = null;
        foreach (var nonce in ownNonces)
            highest = highest is { } h && h > nonce ? h : nonce;
        if (highest is not { } last)
            return chainCount;
        return chainCount <= last + 1 ? last + 1 : throw new NonceConflictException(chainCount, last + 1);
    }

    /// <summary>Nonces from the chain's count up to the highest live one that have no live attempt: each blocks those after it.</summary>
    public static IReadOnlyList<ulong> Gaps(IEnumerable<ulong> liveNonces, ulong chainCount)
    {
        var live = liveNonces.Where(n => n >= chainCount).ToHashSet();
        var gaps = new List<ulong>();
        if (live.Count == 0)
            return gaps;
        var highest = live.Max();
        for (var nonce = chainCount; nonce < highest; nonce++)
            if (!live.Contains(nonce))
                gaps.Add(nonce);
        return gaps;
    }
}

/// <summary>The chain has mined nonces of this key that are not among its own rows.</summary>
public sealed class NonceConflictException(ulong chainCount, ulong next)
    : Exception($"The chain counts {chainCount} transactions of the key, the own rows end before {next}: another sender uses the key, or the rows come from an old backup.")
{
    public ulong ChainCount { get; } = chainCount;
    public ulong Next { get; } = next;
}
