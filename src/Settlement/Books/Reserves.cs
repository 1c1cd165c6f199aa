using System.Text.Json;
using Assay.Ethereum.Primitives;
using Assay.Hosting;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Dapper;
using Npgsql;

namespace Assay.Settlement.Books;

/// <summary>
/// What clients' jobs in flight hold. Neither the contract nor the ledger keeps it as a balance: it follows from the jobs' openings and ends.
/// </summary>
public static class Reserves
{
    private sealed record Row(Bytes32 Job, string Name, string Body);

    /// <summary>The jobs that we have not closed and that are not final after <paramref name="block"/>, as they stand there.</summary>
    public static async Task<IReadOnlyList<JobOnChain>> InFlightAsync(NpgsqlConnection connection, ulong block)
    {
        var rows = await connection.QueryAsync<Row>(
            """
            select f.job as Job, f.name as Name, f.body::text as Body from feed_live f join jobs j on j.job = f.job
            where j.closed_at is null and f.block_number <= @block order by f.block_number, f.log_index
            """, new { block });
        return [.. rows
            .GroupBy(r => r.Job, Read)
            .Select(events => JobFold.Fold(events.Key, events))
            .Where(job => job is { IsFinal: false, Record: not null })];
    }

    /// <summary>By client.</summary>
    public static IEnumerable<BookBalance> Of(IEnumerable<JobOnChain> jobs) => jobs
        .GroupBy(job => job.Record!.Purse, job => job.Record!.Reserved)
        .Select(client => new BookBalance(client.Key, Book.Reserved, Amount.Sum(client)));

    private static IJobEvent Read(Row row) =>
        (IJobEvent)(JsonSerializer.Deserialize(row.Body, ChainEvents.Types[row.Name], AssayJson.Options) ?? throw new JsonException($"The body of {row.Name} is null."));
}
