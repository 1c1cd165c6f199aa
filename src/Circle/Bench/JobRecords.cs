using Assay.Circle.Network;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Npgsql;

namespace Assay.Circle.Bench;

/// <summary>
/// What chain and Settlement wrote down of jobs, read once when all are over, so that the measurement costs the services nothing. The moments
/// that no public interface tells (a check's arrival, the closing) come from Settlement's own tables.
/// </summary>
internal sealed class JobRecords(RunningCircle circle)
{
    private sealed record Submission(ulong Block, ulong Epoch);
    private sealed record Moments(DateTimeOffset? Checked, DateTimeOffset Closed);

    /// <param name="ordered">Every job with the moment of its order.</param>
    /// <param name="from">A block before the first order.</param>
    /// <returns>Of the jobs that were paid.</returns>
    public async Task<IReadOnlyList<JobTimes>> ReadAsync(
        IReadOnlyDictionary<Bytes32, DateTimeOffset> ordered, ulong from, ulong to, CancellationToken cancellation)
    {
        var (opened, submitted, released, seeds) = (new Dictionary<Bytes32, ulong>(), new Dictionary<Bytes32, Submission>(), new Dictionary<Bytes32, ulong>(), new Dictionary<ulong, ulong>());
        foreach (var log in await new EthApi(circle.Rpc).GetLogsAsync(LogFilter.Range(from, to, circle.Deployment.Escrow), cancellation))
        {
            if (!EscrowAbi.Instance.TryDecodeLog(log, out var entry)) continue;
            switch (entry.Name)
            {
                case nameof(JobOpened): opened[entry.Values.GetBytes32("job")] = log.BlockNumber; break;
                case nameof(ResultSubmitted): submitted[entry.Values.GetBytes32("job")] = new(log.BlockNumber, (ulong)RecordWords.Number(entry.Values, "epoch")); break;
                case nameof(RewardReleased): released[entry.Values.GetBytes32("job")] = log.BlockNumber; break;
                case nameof(SeedRecorded): seeds[entry.Values.Get<ulong>("epoch")] = log.BlockNumber; break;
            }
        }
        var moments = await MomentsAsync(ordered.Keys, cancellation);
        return
        [
            .. from job in ordered.Keys
               where released.ContainsKey(job)
               let submission = submitted[job]
               select new JobTimes(
                   job, ordered[job], opened[job], submission.Block, submission.Epoch, seeds[Sampling.DecidingEpoch(submission.Epoch)],
                   moments[job].Checked, released[job], moments[job].Closed),
        ];
    }

    private async Task<IReadOnlyDictionary<Bytes32, Moments>> MomentsAsync(IEnumerable<Bytes32> jobs, CancellationToken cancellation)
    {
        await using var connection = new NpgsqlConnection(circle.Databases[Stack.Services.Settlement]);
        await connection.OpenAsync(cancellation);
        await using var command = new NpgsqlCommand(
            """
            select j.job, j.closed_at, (select min(d.received_at) from settlement.documents d where d.job = j.job and d.kind = @check)
            from settlement.jobs j where j.job = any(@jobs) and j.closed_at is not null
            """, connection);
        command.Parameters.AddWithValue("check", nameof(CheckAgreed));
        command.Parameters.AddWithValue("jobs", jobs.Select(job => job.ToArray()).ToArray());
        var moments = new Dictionary<Bytes32, Moments>();
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        while (await rows.ReadAsync(cancellation))
            moments[new Bytes32((byte[])rows[0])] = new Moments(
                await rows.IsDBNullAsync(2, cancellation) ? null : rows.GetFieldValue<DateTimeOffset>(2), rows.GetFieldValue<DateTimeOffset>(1));
        return moments;
    }
}
