using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Assay.Hosting.Telemetry;

/// <param name="Alive">False: only a restart helps.</param>
/// <param name="Ready">Does its work now.</param>
/// <param name="Detail">Why not ready, or null.</param>
/// <param name="Data">Figures worth a look, e.g. lag in blocks.</param>
public sealed record HealthState(bool Alive, bool Ready, string? Detail = null, IReadOnlyDictionary<string, object>? Data = null);

/// <summary>Registered by each part that can be unwell.</summary>
public interface IHealthReport
{
    string Name { get; }
    Task<HealthState> ReportAsync(CancellationToken cancellation);
}

public static partial class HealthEndpoints
{
    /// <summary>
    /// <c>/health</c>: 200 when every part is ready, else 503. <c>/health/live</c>: 200 while no part needs a restart. Same body. <c>/metrics</c>: the figures of
    /// the parts as gauges, in Prometheus' text format.
    /// </summary>
    public static IEndpointRouteBuilder MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health", (IEnumerable<IHealthReport> reports, CancellationToken cancellation) => AnswerAsync(reports, all => all.Ready, cancellation));
        routes.MapGet("/health/live", (IEnumerable<IHealthReport> reports, CancellationToken cancellation) => AnswerAsync(reports, all => all.Alive, cancellation));
        routes.MapGet("/metrics", MetricsAsync).ExcludeFromDescription();
        return routes;
    }

    private static async Task<IResult> MetricsAsync(IEnumerable<IHealthReport> reports, CancellationToken cancellation)
    {
        var gauges = new SortedDictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (var report in reports)
        {
            var state = await report.ReportAsync(cancellation);
            foreach (var (name, value) in (state.Data ?? new Dictionary<string, object>()).Append(new("alive", state.Alive)).Append(new("ready", state.Ready)))
                if (Number(value) is { } number)
                    Lines(gauges, $"assay_{Upper().Replace(name, "_$1").ToLowerInvariant()}").Add($"{{part=\"{report.Name}\"}} {number}");
        }
        var text = new StringBuilder();
        foreach (var (name, lines) in gauges)
            text.Append(CultureInfo.InvariantCulture, $"# TYPE {name} gauge\n").AppendJoin("", lines.Select(line => $"{name}{line}\n"));
        return Results.Text(text.ToString(), "text/plain; version=0.0.4");
    }

    private static List<string> Lines(SortedDictionary<string, List<string>> gauges, string name) =>
        gauges.TryGetValue(name, out var lines) ? lines : gauges[name] = [];

    private static string? Number(object value) => value switch
    {
        bool yes => yes ? "1" : "0",
        int or long or ulong or uint or double => Convert.ToString(value, CultureInfo.InvariantCulture),
        _ => null,
    };

    [GeneratedRegex("([A-Z])")]
    private static partial Regex Upper();

    private sealed record Answer(bool Alive, bool Ready, IReadOnlyDictionary<string, HealthState> Parts);

    private static async Task<IResult> AnswerAsync(IEnumerable<IHealthReport> reports, Func<Answer, bool> good, CancellationToken cancellation)
    {
        var parts = new SortedDictionary<string, HealthState>(StringComparer.Ordinal);
        foreach (var report in reports)
            parts[report.Name] = await report.ReportAsync(cancellation);
        var answer = new Answer(parts.Values.All(part => part.Alive), parts.Values.All(part => part.Ready), parts);
        return Results.Json(answer, statusCode: good(answer) ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }
}
