namespace Assay.Circle.Bench;

/// <summary>Figures over measured values. Pure.</summary>
public static class Statistics
{
    /// <summary>The smallest of the values that at least this share of them does not exceed (nearest rank); nothing is interpolated.</summary>
    /// <param name="share">Above 0, at most 1.</param>
    /// <exception cref="ArgumentException">No values, or a share out of range.</exception>
    public static double Percentile(IReadOnlyCollection<double> values, double share)
    {
        if (values.Count == 0) throw new ArgumentException("A percentile needs at least one value.", nameof(values));
        if (share is not (> 0 and <= 1)) throw new ArgumentException($"A share lies above 0 and not above 1; {share} does not.", nameof(share));
        return values.Order().ElementAt((int)Math.Ceiling(share * values.Count) - 1);
    }

    /// <summary>Per second.</summary>
    /// <exception cref="ArgumentException">No time has passed.</exception>
    public static double Rate(int count, TimeSpan span) =>
        span > TimeSpan.Zero ? count / span.TotalSeconds : throw new ArgumentException($"A rate needs time to pass, not {span}.", nameof(span));

    /// <summary>Three significant places are more than a run repeats.</summary>
    public static double Rounded(double value) => Math.Round(value, Math.Abs(value) < 1 ? 4 : 2);
}
