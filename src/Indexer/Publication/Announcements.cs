using System.Text.Json;
using Assay.Hosting;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Dapper;
using Npgsql;

namespace Assay.Indexer.Publication;

/// <summary>An event or a retraction as it is told to others.</summary>
/// <param name="Key">Its place, for the message's id.</param>
/// <param name="Body">JSON.</param>
internal sealed record Announcement(long Sequence, string Name, string Key, string Body)
{
    public object Message() => JsonSerializer.Deserialize(Body, Name == nameof(BlocksOrphaned) ? typeof(BlocksOrphaned) : ChainEvents.Types[Name], AssayJson.Options)!;

    /// <summary>The next ones after a sequence, in order.</summary>
    /// <param name="names">Of the events; null: all. Retractions are told to everybody.</param>
    public static async Task<IReadOnlyList<Announcement>> AfterAsync(
        NpgsqlConnection connection, long position, int most, string[]? names = null, CancellationToken cancellation = default) =>
        (await connection.QueryAsync<Announcement>(new CommandDefinition(
            $"""
            (select sequence as "Sequence", name as "Name", encode(block_hash, 'hex') || '/' || log_index as "Key", body::text as "Body"
                from events where sequence > @position {(names is null ? "" : "and name = any(@names)")} order by sequence limit @most)
            union all
            (select sequence, 'BlocksOrphaned', 'from ' || from_number, json_build_object('sequence', sequence, 'blockHashes',
                    (select json_agg('0x' || encode(hash, 'hex')) from unnest(block_hashes) hash))::text
                from retractions where sequence > @position order by sequence limit @most)
            order by 1 limit @most
            """, new { position, most, names }, cancellationToken: cancellation))).AsList();

    /// <summary>How far the index is; null before the first block.</summary>
    public static Task<ChainAdvanced?> ProgressAsync(NpgsqlConnection connection, CancellationToken cancellation = default) =>
        connection.QuerySingleOrDefaultAsync<ChainAdvanced?>(new CommandDefinition(
            """
            select indexed_number as "HeadNumber", indexed_hash as "HeadHash", indexed_time as "HeadTime", finalised_number as "FinalisedNumber"
            from chain where indexed_number is not null
            """, cancellationToken: cancellation));
}
