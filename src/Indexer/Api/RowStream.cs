using System.Reflection;
using System.Text;
using System.Text.Json;
using Assay.Hosting;
using Assay.Hosting.Http;
using Npgsql;

namespace Assay.Indexer.Api;

/// <summary>
/// Rows written while they are read, however many there are. What fails before the first row is a problem answer; what fails later breaks the connection off,
/// so that an answer that ends in order is whole.
/// </summary>
/// <param name="format"><c>json</c>: one array; <c>ndjson</c>: an object a line; <c>csv</c>: values under a line of names. Null: as the request's <c>Accept</c> says, else JSON.</param>
internal sealed class RowStream<T>(IAsyncEnumerable<T> rows, string? format) : IResult
{
    private static readonly PropertyInfo[] Columns = typeof(T).GetProperties();

    public async Task ExecuteAsync(HttpContext context)
    {
        var chosen = Choose(format ?? context.Request.Headers.Accept.ToString(), isName: format is not null);
        await using var reading = rows.GetAsyncEnumerator(context.RequestAborted);
        var more = await FirstAsync(reading, context.RequestAborted);
        context.Response.ContentType = chosen;
        await using var output = new StreamWriter(context.Response.Body, new UTF8Encoding(false));
        await output.WriteAsync(chosen switch { RowStream.Json => "[", RowStream.Csv => Line(Columns.Select(column => Name(column.Name))), _ => "" });
        for (var first = true; more; first = false, more = await reading.MoveNextAsync())
        {
            if (chosen == RowStream.Json && !first)
                await output.WriteAsync(",\n");
            await output.WriteAsync(chosen switch
            {
                RowStream.Csv => Line(Columns.Select(column => Text(column.GetValue(reading.Current)))),
                RowStream.Ndjson => JsonSerializer.Serialize(reading.Current, AssayJson.Options) + "\n",
                _ => JsonSerializer.Serialize(reading.Current, AssayJson.Options),
            });
        }
        await output.WriteAsync(chosen == RowStream.Json ? "]\n" : "");
    }

    private static async Task<bool> FirstAsync(IAsyncEnumerator<T> reading, CancellationToken cancellation)
    {
        try
        {
            return await reading.MoveNextAsync();
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.QueryCanceled && !cancellation.IsCancellationRequested)
        {
            throw ReadModel.TooExpensive();
        }
    }

    private static string Choose(string wanted, bool isName) =>
        wanted.Contains("csv", StringComparison.OrdinalIgnoreCase) ? RowStream.Csv
        : wanted.Contains("ndjson", StringComparison.OrdinalIgnoreCase) ? RowStream.Ndjson
        : !isName || wanted == "json" ? RowStream.Json
        : throw new ProblemException(400, "bad_request", $"format must be json, ndjson or csv, got {wanted}.");

    private static string Name(string property) => JsonNamingPolicy.CamelCase.ConvertName(property);

    private static string Text(object? value) => value is null ? "" : JsonSerializer.Serialize(value, value.GetType(), AssayJson.Options).Trim('"');

    // No value of ours holds a comma, a quote or a line break: hex, numbers and names alone.
    private static string Line(IEnumerable<string> values) => string.Join(',', values) + "\r\n";
}

internal static class RowStream
{
    public const string Json = "application/json", Ndjson = "application/x-ndjson", Csv = "text/csv";

    public static RowStream<T> Of<T>(IAsyncEnumerable<T> rows, string? format) => new(rows, format);

    public static RouteHandlerBuilder ProducesRows<T>(this RouteHandlerBuilder route) =>
        route.Produces<IReadOnlyList<T>>(200, Json, Ndjson, Csv).ProducesProblem(400).ProducesProblem(404);
}
