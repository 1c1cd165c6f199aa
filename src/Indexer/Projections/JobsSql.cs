namespace Assay.Indexer.Projections;

internal static class JobsSql
{
    /// <param name="keys">Condition on the job, e.g. <c>= any(@Jobs)</c>.</param>
    public static string Refresh(string keys) =>
        $"""
        delete from jobs where job {keys};

        insert into jobs
        select {Columns}
        {From(keys)};
        """;

    /// <summary>The rows of <c>jobs</c> under the names of its columns, where <c>live</c> is another view of the events.</summary>
    public static string Past => $"select (jobs_row).* from (select row({Columns})::jobs as jobs_row {From("is not null")}) jobs_rows";

    private const string Columns =
        $"""
            o.job, o.client, o.operator, o.node_key, o.workload, o.policy, o.comparison, o.unit_price, o.max_price, o.fee, o.run_window, o.nonce,
            case
                when slash.sequence is not null then 'Slashed'
                when refund.sequence is not null then 'Refunded'
                when reward.sequence is not null then 'Released'
                when appeal.sequence is not null and lapsed.sequence is null and (verdict.round = 1 or verdict.verdict <> 'Convicted') then 'Appealed'
                when verdict.verdict = 'Convicted' or lapsed.sequence is not null then 'Convicted'
                when accusation.sequence is not null then 'Accused'
                when result.sequence is not null then 'Submitted'
                else 'Open'
            end,
            case when slash.sequence is not null then 'WrongResult' else coalesce(refund.outcome, reward.outcome, 'None') end,
            o.block_number, o.log_index, opened.block_time, opened.transaction_hash,
            result.block_time, result.transaction_hash, result.commitment, result.manifest, result.epoch, o.rate_ppm, o.roster_length,
            accusation.accuser, accusation.block_time, accusation.transaction_hash,
            verdict.verdict, verdict.evidence, verdict.block_time, verdict.transaction_hash,
            coalesce(reward.outputs_root, claim.outputs_root), coalesce(reward.units, claim.units), reward.price, reward.reexecutor,
            refund.refund, refund.penalty,
            slash.amount, slash.compensation, slash.accuser_reward, slash.insured,
            coalesce(slash.block_number, refund.block_number, reward.block_number),
            coalesce(slash.block_time, refund.block_time, reward.block_time),
            coalesce(slash.transaction_hash, refund.transaction_hash, reward.transaction_hash),
            o.version,
            coalesce(bound.payer, {Zero}), coalesce(bound.pool, 0), coalesce(bound.witness, {Zero}), coalesce(nullif(bound.payer, {Zero}), o.client)
        """;

    private static string From(string keys) =>
        $"""
        from job_opened o
        join live opened using (sequence)
        left join lateral ({Latest("job_bound")}) bound on true
        left join lateral ({Latest("result_submitted")}) result on true
        left join lateral ({Latest("result_accused")}) accusation on true
        left join lateral ({Latest("claim_opened")}) claim on true
        left join lateral ({Latest("verdict_reached")}) verdict on true
        left join lateral ({Latest("result_appealed")}) appeal on true
        left join lateral ({Latest("appeal_lapsed")}) lapsed on true
        left join lateral ({Latest("reward_released")}) reward on true
        left join lateral ({Latest("job_refunded")}) refund on true
        left join lateral ({Latest("stake_slashed")}) slash on true
        where o.job {keys}
        """;

    private const string Zero = @"'\x0000000000000000000000000000000000000000'";

    private static string Latest(string table) =>
        $"""
        select t.*, live.block_time, live.transaction_hash from {table} t join live using (sequence)
        where t.job = o.job order by t.block_number desc, t.log_index desc limit 1
        """;
}
