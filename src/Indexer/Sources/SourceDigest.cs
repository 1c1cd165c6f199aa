using System.Security.Cryptography;
using Npgsql;

namespace Assay.Indexer.Sources;

/// <summary>
/// SHA-256 over the rows of each of a source's tables, in the order of the chain and the database's own binary form. Two indexes of one definition and chain
/// up to the same block have the same digests, whatever reorgs either has seen.
/// </summary>
internal static class SourceDigest
{
    public static async Task<IReadOnlyDictionary<string, string>> OfAsync(IndexerDatabase database, SourceDefinition definition)
    {
        await using var connection = await database.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead);
        var digests = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["blocks"] = await HashAsync(connection, $"{definition.Schema}.blocks", "number") };
        foreach (var table in definition.Tables.Select(table => table.Name).Append("unreadable_logs"))
            digests[table] = await HashAsync(connection, $"{definition.Schema}.{table}", "block_number, log_index");
        return digests;
    }

    private static async Task<string> HashAsync(NpgsqlConnection connection, string table, string order)
    {
        await using var rows = await connection.BeginRawBinaryCopyAsync($"copy (select * from {table} order by {order}) to stdout (format binary)");
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(rows));
    }
}
