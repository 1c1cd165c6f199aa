namespace Assay.Circle.Bench;

/// <summary>What <c>bench circle</c> measured; its JSON has these names in snake case.</summary>
/// <param name="Operators">By the number of operators that take orders.</param>
public sealed record CircleReport(DateTimeOffset Date, Machine Machine, WaitingTimes Waits, IReadOnlyDictionary<string, SettingReport> Operators);

/// <summary>Times that the deployment prescribes, below which no implementation comes.</summary>
public sealed record WaitingTimes(double BlockSeconds, uint EpochBlocks, uint ReviewSeconds, uint Confirmations);

/// <param name="Jobs">Ordered, all at once.</param>
/// <param name="Released">Of them paid; the others are in no other figure.</param>
/// <param name="Checked">Of them re-executed by another operator.</param>
/// <param name="Seconds">From the first order to the last job that Settlement closed.</param>
/// <param name="LoadBefore">Load average of the machine when the first order was placed.</param>
public sealed record SettingReport(
    int Jobs, int Released, int Checked, double Seconds, double JobsPerSecond, double CpuSecondsPerJob, double LoadBefore,
    IReadOnlyDictionary<string, LegReport> Latency, IReadOnlyDictionary<string, ProcessFigures> Processes);

/// <summary>Seconds of one leg over all jobs that went it.</summary>
/// <param name="OwnP50">Median of what is left of a job's leg without the time in which the chain did not allow the next step.</param>
public sealed record LegReport(int Count, double P50, double P95, double Max, double OwnP50, double OwnP95)
{
    public static LegReport Of(IReadOnlyCollection<Leg> legs)
    {
        var lengths = legs.Select(leg => leg.Length.TotalSeconds).ToArray();
        var own = legs.Select(leg => (leg.Length - leg.Bound).TotalSeconds).ToArray();
        static double At(double[] values, double share) => Statistics.Rounded(Statistics.Percentile(values, share));
        return new LegReport(legs.Count, At(lengths, 0.5), At(lengths, 0.95), At(lengths, 1), At(own, 0.5), At(own, 0.95));
    }
}
