using Assay.Ethereum.Primitives;
using Assay.Hosting.Messaging;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Dapper;
using Npgsql;

namespace Assay.Verifier.Sampling;

/// <summary>The roster and the seeds as the chain shows them, folded again when their version has changed.</summary>
public sealed class Surroundings(VerifierDatabase database, Feed<VerifierDatabase> feed)
{
    public sealed record Snapshot(long Version, Roster Roster, IReadOnlyDictionary<ulong, SeedRecorded> Seeds);

    private volatile Snapshot? _last;

    public async Task<Snapshot> ReadAsync(NpgsqlTransaction? transaction = null)
    {
        if (transaction is null)
            return await database.InTransactionAsync(ReadAsync);

        var version = await transaction.Connection!.ExecuteScalarAsync<long>("select version from surroundings", transaction: transaction);
        if (_last is { } last && last.Version == version) return last;
        return _last = await FoldAsync(version, transaction);
    }

    /// <summary>To be called in every transaction that may change roster or seeds.</summary>
    public static Task ChangedAsync(NpgsqlTransaction transaction) =>
        transaction.Connection!.ExecuteAsync("update surroundings set version = version + 1", transaction: transaction);

    private async Task<Snapshot> FoldAsync(long version, NpgsqlTransaction transaction)
    {
        var registered = Read<OperatorRegistered>(await feed.LiveAsync(nameof(OperatorRegistered), transaction: transaction));
        var joined = Read<OperatorJoined>(await feed.LiveAsync(nameof(OperatorJoined), transaction: transaction));
        var retired = Read<OperatorRetired>(await feed.LiveAsync(nameof(OperatorRetired), transaction: transaction));
        var members = Read<PoolMemberSet>(await feed.LiveAsync(nameof(PoolMemberSet), transaction: transaction));
        var seeds = Read<SeedRecorded>(await feed.LiveAsync(nameof(SeedRecorded), transaction: transaction));
        return new Snapshot(version, Fold(registered, joined, retired, members), seeds.GroupBy(s => s.Epoch).ToDictionary(g => g.Key, g => g.Last()));
    }

    private static List<T> Read<T>(IEnumerable<LiveEvent> rows) => [.. rows.Select(row => row.Read<T>())];

    /// <summary>Messages may overtake each other: places beyond a gap, and what happens to them, wait until the gap is filled.</summary>
    internal static Roster Fold(
        IReadOnlyList<OperatorRegistered> registered, IReadOnlyList<OperatorJoined> joined, IReadOnlyList<OperatorRetired> retired,
        IReadOnlyList<PoolMemberSet> members)
    {
        var known = joined.OrderBy(j => j.Place).TakeWhile((j, i) => j.Place == i).ToList();
        return Roster.Fold([.. registered, .. known, .. retired.Where(r => r.Place < known.Count), .. members]);
    }
}
