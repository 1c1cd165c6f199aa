namespace Assay.Ethereum.JsonRpc;

public sealed record ProviderPoolOptions
{
    /// <summary>Requests a second that each provider allows; a batch counts its calls.</summary>
    public double RequestsPerSecond { get; init; } = 100;

    /// <summary>Requests at once, when there were none before.</summary>
    public double Burst { get; init; } = 100;

    /// <summary>A read without an answer after this time is asked of the next provider too; null: never.</summary>
    public TimeSpan? HedgeAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often all providers are asked before a call fails.</summary>
    public int Rounds { get; init; } = 3;

    /// <summary>First rest of a provider that failed; it doubles with each failure in a row.</summary>
    public TimeSpan FirstRest { get; init; } = TimeSpan.FromMilliseconds(500);

    public TimeSpan LongestRest { get; init; } = TimeSpan.FromMinutes(1);
}

/// <summary>What is known of one provider: a value, changed by what happens to it and asked by <see cref="ProviderChoice"/>.</summary>
/// <param name="Latency">Of its answers, a moving average; zero before the first.</param>
/// <param name="Failures">In a row.</param>
/// <param name="RestsUntil">It is asked again from then on, unless nobody else is there.</param>
/// <param name="Tokens">Requests that it may get at <paramref name="CountedAt"/>.</param>
public sealed record ProviderHealth(TimeSpan Latency, int Failures, DateTimeOffset RestsUntil, double Tokens, DateTimeOffset CountedAt)
{
    // A failure counts like so much latency: a quick liar comes after a slow provider.
    private static readonly TimeSpan Penalty = TimeSpan.FromSeconds(5);

    public static ProviderHealth New(ProviderPoolOptions options, DateTimeOffset now) => new(TimeSpan.Zero, 0, DateTimeOffset.MinValue, options.Burst, now);

    /// <summary>Less is better.</summary>
    public TimeSpan Score => Latency + Failures * Penalty;

    public ProviderHealth Answered(TimeSpan took) =>
        this with { Failures = 0, RestsUntil = DateTimeOffset.MinValue, Latency = Latency == TimeSpan.Zero ? took : Latency * 0.8 + took * 0.2 };

    /// <param name="trouble">Why it failed.</param>
    /// <param name="retryAfter">Its own wish.</param>
    /// <param name="options">Rests.</param>
    /// <param name="now">The clock.</param>
    public ProviderHealth Failed(RpcTrouble trouble, TimeSpan? retryAfter, ProviderPoolOptions options, DateTimeOffset now)
    {
        // It has answered, and said something about the call.
        if (trouble is RpcTrouble.Final or RpcTrouble.RangeTooLarge)
            return this;
        var doubled = options.FirstRest * Math.Pow(2, Math.Min(Failures, 20));
        var wanted = retryAfter is { } asked && asked > doubled ? asked : doubled;
        return this with
        {
            Failures = Failures + 1,
            RestsUntil = now + (wanted < options.LongestRest ? wanted : options.LongestRest),
            Tokens = trouble == RpcTrouble.RateLimited ? Math.Min(Tokens, 0) : Tokens,
        };
    }

    /// <summary>When so many requests may be sent: now, or later.</summary>
    public DateTimeOffset FreeAt(int requests, ProviderPoolOptions options, DateTimeOffset now)
    {
        // More than a burst at once has to wait for a full one only.
        var missing = Math.Min(requests, options.Burst) - Filled(options, now);
        return missing <= 0 ? now : now + TimeSpan.FromSeconds(missing / options.RequestsPerSecond);
    }

    public ProviderHealth Take(int requests, ProviderPoolOptions options, DateTimeOffset now) =>
        this with { Tokens = Filled(options, now) - requests, CountedAt = now };

    private double Filled(ProviderPoolOptions options, DateTimeOffset now) =>
        Math.Min(options.Burst, Tokens + (now - CountedAt).TotalSeconds * options.RequestsPerSecond);
}

/// <summary>Whom to ask, and when.</summary>
public static class ProviderChoice
{
    /// <summary>The providers that were not asked yet: those that may be asked now by their score, then the others by when they may.</summary>
    public static (int Provider, DateTimeOffset At)? Next(
        IReadOnlyList<ProviderHealth> providers, IReadOnlySet<int> asked, int requests, ProviderPoolOptions options, DateTimeOffset now)
    {
        var open = Enumerable.Range(0, providers.Count).Where(i => !asked.Contains(i))
            .Select(i => (Provider: i, At: Later(providers[i].RestsUntil, providers[i].FreeAt(requests, options, now))))
            .OrderBy(c => c.At > now).ThenBy(c => c.At > now ? c.At : now).ThenBy(c => providers[c.Provider].Score).ThenBy(c => c.Provider).ToList();
        return open.Count == 0 ? null : (open[0].Provider, Later(open[0].At, now));
    }

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;
}
