using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Assay.Hosting.Http;

/// <summary>Thrown by a request handler to answer with a problem body; <see cref="Code"/> is stable, the detail is for people.</summary>
public sealed class ProblemException(int status, string code, string detail) : Exception(detail)
{
    public int Status { get; } = status;
    public string Code { get; } = code;
}

public static class Problems
{
    /// <summary>An <c>application/problem+json</c> answer with a stable <c>code</c>.</summary>
    public static IResult Problem(int status, string code, string detail) =>
        Results.Problem(detail, statusCode: status, extensions: new Dictionary<string, object?> { ["code"] = code });

    /// <summary>Our JSON conventions and problem bodies for minimal APIs.</summary>
    public static IServiceCollection AddAssayHttp(this IServiceCollection services) =>
        services
            .ConfigureHttpJsonOptions(json => AssayJson.Apply(json.SerializerOptions))
            // Otherwise a body that cannot be read is answered without a word of what is wrong in it.
            .Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true)
            .AddProblemDetails(problems => problems.CustomizeProblemDetails = context =>
                context.ProblemDetails.Extensions.TryAdd("code", DefaultCode(context.ProblemDetails.Status)));

    /// <summary>Turns exceptions and empty error answers into problem bodies; first in the pipeline.</summary>
    public static IApplicationBuilder UseAssayProblems(this IApplicationBuilder app) =>
        app
            .UseExceptionHandler(new ExceptionHandlerOptions
            {
                StatusCodeSelector = error => error switch
                {
                    ProblemException problem => problem.Status,
                    BadHttpRequestException bad => bad.StatusCode,
                    _ => StatusCodes.Status500InternalServerError,
                },
                ExceptionHandler = WriteAsync,
                // What the caller did wrong is answered, not logged as our failure.
                SuppressDiagnosticsCallback = context => context.Exception is ProblemException or BadHttpRequestException,
            })
            .UseStatusCodePages();

    private static Task WriteAsync(HttpContext context)
    {
        var error = context.Features.Get<IExceptionHandlerFeature>()?.Error;
        var result = error switch
        {
            ProblemException problem => Problem(problem.Status, problem.Code, problem.Message),
            BadHttpRequestException bad => Problem(bad.StatusCode, DefaultCode(bad.StatusCode), bad.InnerException?.Message ?? bad.Message),
            _ => Problem(StatusCodes.Status500InternalServerError, "internal", "The request failed; the log has the reason."),
        };
        return result.ExecuteAsync(context);
    }

    private static string DefaultCode(int? status) => status switch
    {
        400 => "bad_request",
        401 => "unauthorized",
        403 => "forbidden",
        404 => "not_found",
        405 => "method_not_allowed",
        409 => "conflict",
        413 => "too_large",
        429 => "too_many_requests",
        415 => "unsupported_media_type",
        _ => "internal",
    };
}
