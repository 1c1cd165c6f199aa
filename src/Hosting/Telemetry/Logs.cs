using Microsoft.Extensions.Logging;

namespace Assay.Hosting.Telemetry;

public static class Logs
{
    /// <summary>One JSON object per line on standard output, UTC times; the libraries' chatter from Warning up only.</summary>
    public static ILoggingBuilder AddAssayLogs(this ILoggingBuilder logging)
    {
        logging.ClearProviders();
        logging.AddJsonConsole(console =>
        {
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "O";
            console.IncludeScopes = false;
        });
        foreach (var category in new[] { "Microsoft", "MassTransit", "System.Net.Http", "Npgsql" })
            logging.AddFilter(category, LogLevel.Warning);
        // Why a start failed is the line on standard error, not a stack trace beside it.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        return logging;
    }
}
