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

public static class HealthEndpoints
{
    /// <summary><c>/health</c>: 200 when every part is ready, else 503. <c>/health/live</c>: 200 while no part needs a restart. Same body.</summary>
    public static IEndpointRouteBuilder MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health", (IEnumerable<IHealthReport> reports, CancellationToken cancellation) => AnswerAsync(reports, all => all.Ready, cancellation));
        routes.MapGet("/health/live", (IEnumerable<IHealthReport> reports, CancellationToken cancellation) => AnswerAsync(reports, all => all.Alive, cancellation));
        return routes;
    }

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
