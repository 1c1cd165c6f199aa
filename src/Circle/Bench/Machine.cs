using System.Globalization;

namespace Assay.Circle.Bench;

/// <summary>What a measurement ran on.</summary>
/// <param name="Processors">That this process may use.</param>
public sealed record Machine(int Processors, string Model, double MemoryGib, string System)
{
    public static Machine Read() => new(
        Environment.ProcessorCount, Value("/proc/cpuinfo", "model name") ?? "unknown",
        Statistics.Rounded(double.Parse(Value("/proc/meminfo", "MemTotal")!.Split(' ')[0], CultureInfo.InvariantCulture) / (1 << 20)),
        $"Linux {Environment.OSVersion.Version}");

    /// <summary>Processes that ran or waited for a processor in the last minute, on average: what else the machine had to do.</summary>
    public static double Load() => double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture);

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Processors} processors ({Model}), {MemoryGib:0.#} GiB memory, {System}");

    private static string? Value(string file, string key) =>
        File.ReadLines(file).FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal))?.Split(':', 2)[1].Trim();
}
