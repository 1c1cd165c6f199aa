using System.Globalization;
using Assay.Hosting.Http;

namespace Assay.Indexer.Api;

/// <summary>One page and the cursor of the next; null on the last.</summary>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next);

/// <summary>A place in the chain that a page ends at, newest first.</summary>
public readonly record struct Cursor(long Block, int LogIndex)
{
    private static readonly Cursor Newest = new(long.MaxValue, int.MaxValue);

    /// <exception cref="ProblemException">Not what an earlier page gave.</exception>
    public static Cursor Parse(string? text)
    {
        if (text is null)
            return Newest;
        var parts = text.Split('-');
        return parts.Length == 2
            && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var block)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var index)
                ? new(block, index)
                : throw new ProblemException(400, "bad_cursor", "after must be the value of next of an earlier page.");
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Block}-{LogIndex}");
}

internal static class Paging
{
    public const int DefaultLimit = 50;
    private const int MaxLimit = 500;

    public static int Limit(int? limit) => limit is null or (>= 1 and <= MaxLimit)
        ? limit ?? DefaultLimit
        : throw new ProblemException(400, "bad_limit", $"limit must be from 1 to {MaxLimit}.");

    /// <param name="rows">One more than the limit where there is a next page.</param>
    public static Page<TItem> Of<TRow, TItem>(IReadOnlyList<TRow> rows, int limit, Func<TRow, TItem> item, Func<TRow, string> cursor) =>
        new([.. rows.Take(limit).Select(item)], rows.Count > limit ? cursor(rows[limit - 1]) : null);
}
