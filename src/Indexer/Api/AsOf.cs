using System.Globalization;
using Assay.Hosting.Http;
using Assay.Indexer.Projections;
using Dapper;
using Npgsql;

namespace Assay.Indexer.Api;

/// <summary>Which state an answer shows: after a block, after the last block up to a time (Unix seconds), the newest where neither is given.</summary>
public sealed record AsOf(ulong? Block, ulong? Time);

/// <summary>The blocks of an account's period, both ends included: by number, by time (Unix seconds), or a calendar month (2026-11, UTC). All that is indexed by default.</summary>
public sealed record Period(ulong? From, ulong? To, ulong? FromTime, ulong? ToTime, string? Month);

/// <summary>The tables of the index as they were after a block: what a query that follows <paramref name="With"/> finds under their names.</summary>
/// <param name="With">Common table expressions; empty for the newest state, of which the tables themselves are.</param>
/// <param name="At">Parameter of <paramref name="With"/>.</param>
internal sealed record Past(string With, long At)
{
    public static readonly Past Now = new("", long.MaxValue);

    private static readonly string Then =
        $"""
        with live as not materialized (
            select sequence, block_hash, block_time, transaction_hash from events where orphaned_by is null and block_number <= @At
        ), jobs as not materialized ({JobsSql.Past}
        ), balances (account, book, balance, block_number, log_index) as not materialized ({BalancesSql.Past}
        ), operators as not materialized ({OperatorsSql.Past})
        """;

    public static Past After(BlockView block) => new(Then, (long)block.Number);
}

internal static class Times
{
    /// <exception cref="ProblemException">404 <c>block_not_indexed</c>, 400 where both are given.</exception>
    public static async Task<BlockView> BlockAsync(this NpgsqlConnection connection, AsOf asOf)
    {
        if (asOf is { Block: not null, Time: not null })
            throw new ProblemException(400, "bad_request", "block and time exclude each other.");
        return await connection.BlockAsync(asOf.Time is null ? asOf.Block : await LastUntilAsync(connection, asOf.Time.Value));
    }

    /// <inheritdoc cref="BlockAsync"/>
    public static async Task<Past> PastAsync(this NpgsqlConnection connection, AsOf asOf) =>
        asOf is { Block: null, Time: null } ? Past.Now : Past.After(await connection.BlockAsync(asOf));

    /// <summary>The first and the last block of a period; the first is the one after the last where the period holds none.</summary>
    /// <inheritdoc cref="BlockAsync"/>
    public static async Task<(ulong First, BlockView Last)> BlocksAsync(this NpgsqlConnection connection, Period period)
    {
        if (period.Month is not null && period is not { From: null, To: null, FromTime: null, ToTime: null } || period is { From: not null, FromTime: not null })
            throw new ProblemException(400, "bad_request", "A period is a month, or begins with a block or a time and ends with a block or a time.");
        var (since, until) = period.Month is { } month ? Month(month) : (period.FromTime, period.ToTime);
        var last = await connection.BlockAsync(new AsOf(period.To, until));
        var first = since is null ? period.From ?? (ulong)await connection.ExecuteScalarAsync<long>("select start_block from chain") : await FirstSinceAsync(connection, since.Value);
        return (Math.Min(first, last.Number + 1), last);
    }

    private static async Task<ulong> LastUntilAsync(NpgsqlConnection connection, ulong time) =>
        await connection.ExecuteScalarAsync<long?>(
            "select number from blocks where orphaned_by is null and time <= @time order by time desc, number desc limit 1", new { time = Signed(time) }) is { } number
            ? (ulong)number
            : throw new ProblemException(404, "block_not_indexed", $"No indexed block is as old as {time}.");

    private static async Task<ulong> FirstSinceAsync(NpgsqlConnection connection, ulong time) =>
        (ulong)(await connection.ExecuteScalarAsync<long?>(
            "select number from blocks where orphaned_by is null and time >= @time order by time, number limit 1", new { time = Signed(time) }) ?? long.MaxValue);

    private static long Signed(ulong time) => (long)Math.Min(time, long.MaxValue);

    private static (ulong? Since, ulong? Until) Month(string text)
    {
        if (!DateTimeOffset.TryParseExact(text, "yyyy-MM", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var month) || month.Year < 1970)
            throw new ProblemException(400, "bad_request", $"month must be like 2026-11, got {text}.");
        return ((ulong)month.ToUnixTimeSeconds(), (ulong)month.AddMonths(1).ToUnixTimeSeconds() - 1);
    }
}
