using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Indexer.Projections;
using Assay.Indexer.Sync;
using Assay.Protocol.Messages;
using Dapper;
using Npgsql;

namespace Assay.Indexer.Commands;

/// <summary>
/// Drops everything current and reads it again from the chain, in one transaction: readers see the old index until the new one is complete.
/// An event that was there before keeps its sequence, so nothing is announced twice; one that had been missed gets a new one and is announced.
/// </summary>
public sealed class Rebuild(IndexerDatabase database, ChainReader reader, IndexerOptions options)
{
    /// <summary>Digests before and after; equal unless the index was wrong.</summary>
    public sealed record Outcome(IReadOnlyDictionary<string, string> Before, IReadOnlyDictionary<string, string> After)
    {
        public IReadOnlyList<string> Different => [.. Before.Keys.Where(table => Before[table] != After[table])];
    }

    /// <exception cref="ChainInconsistentException">The chain no longer has the block that the index ends at; let the index catch up first.</exception>
    public Task<Outcome> RunAsync(CancellationToken cancellation) => database.InTransactionAsync(async transaction =>
    {
        var connection = transaction.Connection!;
        // The writer's steps wait here; whoever wrote before goes on afterwards from the same position.
        var (tip, hash, sequence) = await connection.QuerySingleAsync<(long? Tip, Bytes32? Hash, long Sequence)>(
            "select indexed_number, indexed_hash, sequence from chain for update", transaction: transaction);
        var before = await Digest.OfAsync(connection, transaction);
        if (tip is null)
            return new Outcome(before, before);
        var known = await KnownAsync(transaction);
        await DropAsync(transaction);
        var numbering = new Numbering(known, sequence);
        for (var from = (ulong)options.Chain.StartBlock; from <= (ulong)tip; from += (ulong)options.BatchBlocks)
            await ReadAsync(transaction, from, Math.Min(from + (ulong)options.BatchBlocks - 1, (ulong)tip), numbering, cancellation);
        if (await connection.ExecuteScalarAsync<byte[]>("select hash from blocks where number = @tip and orphaned_by is null", new { tip }, transaction) is not { } last
            || new Bytes32(last) != hash)
            throw new ChainInconsistentException($"Block {tip} of the chain is not the indexed one: the index has to follow a reorg first.");
        await Projector.RebuildAsync(transaction);
        await connection.ExecuteAsync("update chain set sequence = @Last", new { numbering.Last }, transaction);
        return new Outcome(before, await Digest.OfAsync(connection, transaction));
    }, cancellation);

    private sealed class Numbering(IReadOnlyDictionary<(Bytes32, int), long> known, long last)
    {
        public long Last { get; private set; } = last;

        public ulong Of(Bytes32 block, uint logIndex) =>
            (ulong)(known.TryGetValue((block, (int)logIndex), out var sequence) ? sequence : ++Last);
    }

    private static async Task<IReadOnlyDictionary<(Bytes32, int), long>> KnownAsync(NpgsqlTransaction transaction) =>
        (await transaction.Connection!.QueryAsync<(Bytes32 Block, int LogIndex, long Sequence)>(
            "select block_hash, log_index, sequence from events where orphaned_by is null", transaction: transaction))
        .ToDictionary(row => (row.Block, row.LogIndex), row => row.Sequence);

    private static async Task DropAsync(NpgsqlTransaction transaction)
    {
        foreach (var table in EventTables.Names)
            await transaction.Connection!.ExecuteAsync($"delete from {table} where sequence in (select sequence from live)", transaction: transaction);
        await transaction.Connection!.ExecuteAsync(
            """
            delete from events where orphaned_by is null;
            delete from blocks where orphaned_by is null and hash not in (select block_hash from events);
            """, transaction: transaction);
    }

    private async Task ReadAsync(NpgsqlTransaction transaction, ulong from, ulong to, Numbering numbering, CancellationToken cancellation)
    {
        var (headers, found) = await reader.BlocksAsync(from, to, settled: true, cancellation);
        var hashes = headers.ToDictionary(header => header.Number, header => header.Hash);
        await ChainStore.InsertBlocksAsync(transaction, headers);
        await EventTables.InsertAsync(transaction, [.. found.Select(e => e.Numbered(numbering.Of(hashes[e.BlockNumber], e.LogIndex)))]);
    }
}
