using System.Numerics;
using System.Text;
using Assay.Ethereum.Primitives;
using Assay.Hosting;
using Assay.Protocol.Chain;
using Dapper;
using Npgsql;

namespace Assay.Indexer.Rewards;

/// <param name="Work">Sum of the prices that its releases of the epoch paid.</param>
/// <param name="Failed">It stood somebody up, or was slashed, in the epoch.</param>
public sealed record EpochWork(long Epoch, Address Operator, Amount Work, bool Failed);

/// <summary>What every operator has been owed since the beginning, after an epoch (unix time by <see cref="RewardOptions.EpochSeconds"/>).</summary>
public sealed class RewardRoot
{
    private readonly RewardTree tree;

    private RewardRoot(long epoch, IReadOnlyList<(Address Account, Amount Amount)> owed) => (Epoch, Owed, tree) = (epoch, owed, new RewardTree(owed));

    public long Epoch { get; }

    /// <summary>In the order of the accounts; who is owed nothing is left out.</summary>
    public IReadOnlyList<(Address Account, Amount Amount)> Owed { get; }

    public Bytes32 Root => tree.Root;

    public IReadOnlyList<Bytes32> ProofOf(Address account) => tree.ProofOf(account, Owed.Single(o => o.Account == account).Amount);

    /// <summary>The rule of docs/protocol.md: of each epoch's budget in proportion to the work, at most a share of the work itself, rounded down; nothing for who failed.</summary>
    public static IReadOnlyList<(Address Account, Amount Amount)> Amounts(IEnumerable<EpochWork> works, RewardOptions options) =>
        [.. works
            .GroupBy(w => w.Epoch)
            .SelectMany(epoch => Of([.. epoch.Where(w => !w.Failed)], options))
            .GroupBy(r => r.Account, r => r.Amount)
            .Select(sum => (Account: sum.Key, Amount: Amount.Sum(sum)))
            .Where(o => o.Amount > Amount.Zero)
            .OrderBy(o => o.Account)];

    private static IEnumerable<(Address Account, Amount Amount)> Of(IReadOnlyList<EpochWork> works, RewardOptions options)
    {
        var total = works.Aggregate(BigInteger.Zero, (sum, w) => sum + w.Work.ToBigInteger());
        return works.Where(w => w.Work > Amount.Zero).Select(w => (w.Operator, Amount.From(BigInteger.Min(
            options.Budget * w.Work.ToBigInteger() / total, w.Work.ToBigInteger() * options.CapPpm / 1_000_000))));
    }

    /// <exception cref="StartRefusedException">The epoch has not ended in a final block, or nobody is owed anything.</exception>
    public static async Task<RewardRoot> OfAsync(NpgsqlConnection connection, RewardOptions options, long epoch)
    {
        var end = checked((epoch + 1) * options.EpochSeconds);
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead);
        var isOver = await connection.ExecuteScalarAsync<bool>(
            "select exists (select from blocks, chain where orphaned_by is null and number <= finalised_number and time >= @end)", new { end }, transaction);
        if (!isOver) throw new StartRefusedException($"Epoch {epoch} ends at {end}, and no final block is as late.");
        var works = await connection.QueryAsync<EpochWork>(
            """
            with worked as (
                select block_time / @seconds as epoch, operator, sum(price)::text as work from reward_released join live using (sequence) where block_time < @end group by 1, 2),
            failed as (
                select block_time / @seconds as epoch, operator from operator_struck join live using (sequence) where outcome in ('NoShow', 'Unavailable')
                union select block_time / @seconds, operator from stake_slashed join live using (sequence))
            select epoch as "Epoch", operator as "Operator", work as "Work", exists (select from failed f where (f.epoch, f.operator) = (w.epoch, w.operator)) as "Failed"
            from worked w
            """, new { seconds = (long)options.EpochSeconds, end }, transaction);
        var owed = Amounts(works, options);
        return owed.Count > 0 ? new RewardRoot(epoch, owed) : throw new StartRefusedException($"Up to epoch {epoch} nobody is owed anything.");
    }

    /// <summary>Root, leaves and proofs as JSON, the same bytes from the same chain and rule; one line for each account.</summary>
    public string Write(RewardOptions options)
    {
        var text = new StringBuilder();
        text.Append($"{{\"epoch\":{Epoch},\"epochSeconds\":{options.EpochSeconds},\"budget\":\"{options.Budget}\",\"capPpm\":{options.CapPpm},\"root\":\"{Root}\",\"leaves\":[");
        text.AppendJoin(',', Owed.Select(o => $"\n{{\"account\":\"{o.Account}\",\"amount\":\"{o.Amount}\",\"proof\":[{string.Join(',', ProofOf(o.Account).Select(p => $"\"{p}\""))}]}}"));
        return text.Append("]}\n").ToString();
    }
}
