using System.Security.Cryptography;
using System.Text;
using Assay.Indexer.Sync;
using Dapper;
using Npgsql;

namespace Assay.Indexer.Commands;

/// <summary>
/// SHA-256 over what the index says of the chain, table by table, every row as text in a fixed order. Two indexes of the same chain up to the same
/// block have the same digest, whatever reorgs either has seen: sequences and withdrawn rows, which belong to one index's own history, are left out.
/// </summary>
public static class Digest
{
    private static readonly string[] Projections = ["jobs", "balances", "operators"];

    public static async Task<IReadOnlyDictionary<string, string>> OfAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction = null)
    {
        var digests = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["blocks"] = await HashAsync(connection, transaction, "select (hash, number, parent_hash, time)::text from blocks where orphaned_by is null order by number"),
            ["events"] = await HashAsync(connection, transaction,
                """
                select (block_number, block_hash, block_time, transaction_hash, log_index, name, job, body #- '{at,sequence}')::text
                from events where orphaned_by is null order by block_number, log_index
                """),
        };
        foreach (var table in EventTables.Names)
            digests[table] = await HashAsync(connection, transaction,
                $"select (to_jsonb(t) - 'sequence')::text from {table} t join live using (sequence) order by t.block_number, t.log_index");
        foreach (var table in Projections)
            digests[table] = await HashAsync(connection, transaction, $"select to_jsonb(t)::text as row from {table} t order by 1");
        return digests;
    }

    private static async Task<string> HashAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, string sql)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await foreach (var row in connection.QueryUnbufferedAsync<string>(sql, transaction: transaction))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(row));
            hash.AppendData("\n"u8);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
