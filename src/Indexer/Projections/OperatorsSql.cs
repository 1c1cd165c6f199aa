namespace Assay.Indexer.Projections;

internal static class OperatorsSql
{
    /// <param name="keys">Condition on the operator.</param>
    public static string Refresh(string keys) =>
        $"""
        delete from operators where operator {keys};

        insert into operators
        select {Columns}
        {From(keys)};
        """;

    /// <inheritdoc cref="JobsSql.Past"/>
    public static string Past => $"select (operators_row).* from (select row({Columns})::operators as operators_row {From("is not null")}) operators_rows";

    private static readonly string Columns =
        $"""
            o.operator, o.signer, o.payout, o.block_number, joined.place, joined.cluster,
            joined.sequence is not null and (retired.sequence is null or {After("joined", "retired")}),
            coalesce(retired.jailed and not {After("joined", "retired")}, false),
            unbonding.amount, unbonding.unbonds_at, work.exposure, record.clean, struck.no_shows, struck.strikes,
            work.jobs, work.released, work.refunded, work.slashed
        """;

    private static string From(string keys) =>
        $"""
        from operator_registered o
        join live using (sequence)
        left join lateral ({Latest("operator_joined")}) joined on true
        left join lateral ({Latest("operator_retired")}) retired on true
        cross join lateral ({Work}) work
        cross join lateral ({Record}) record
        cross join lateral ({Struck}) struck
        cross join lateral ({Unbonding}) unbonding
        where o.operator {keys}
        """;

    private static string After(string a, string b) => $"({a}.block_number, {a}.log_index) > ({b}.block_number, {b}.log_index)";

    private static string Latest(string table) =>
        $"select t.* from {table} t join live using (sequence) where t.operator = o.operator order by t.block_number desc, t.log_index desc limit 1";

    private const string Work =
        """
        select
            coalesce(sum(j.max_price) filter (where j.state in ('Open', 'Submitted', 'Accused', 'Convicted', 'Appealed')), 0) as exposure,
            count(*) as jobs,
            count(*) filter (where j.state = 'Released') as released,
            count(*) filter (where j.state = 'Refunded') as refunded,
            count(*) filter (where j.state = 'Slashed') as slashed
        from jobs j where j.operator = o.operator
        """;

    // A slash sets the record of clean checks back to nothing.
    private const string Record =
        """
        select count(*) as clean from reward_released r join live using (sequence)
        where r.operator = o.operator and r.outcome in ('Checked', 'Cleared') and not exists (
            select from stake_slashed s join live using (sequence)
            where s.operator = o.operator and (s.block_number, s.log_index) > (r.block_number, r.log_index))
        """;

    // Rejoining forgives no-shows; strikes for silence as a re-executor or seat stay.
    private const string Struck =
        """
        select
            coalesce((array_agg(s.count order by s.block_number desc, s.log_index desc)
                filter (where s.outcome in ('NoShow', 'Unavailable')
                    and (joined.sequence is null or (s.block_number, s.log_index) > (joined.block_number, joined.log_index))))[1], 0) as no_shows,
            coalesce((array_agg(s.count order by s.block_number desc, s.log_index desc)
                filter (where s.outcome not in ('NoShow', 'Unavailable')))[1], 0) as strikes
        from operator_struck s join live using (sequence) where s.operator = o.operator
        """;

    // What was requested since the last withdrawal, cut wherever the bond fell below it.
    private const string Unbonding =
        """
        with withdrawn as (
            select m.block_number, m.log_index from ledger_moved m join live using (sequence)
            where m.account = o.operator and m.book = 'Bond' and m.reason = 'BondWithdrawal' order by 1 desc, 2 desc limit 1
        ), requested as (
            select u.amount, u.unbonds_at, u.block_number, u.log_index from unbonding_requested u join live using (sequence)
            where u.operator = o.operator and not exists (
                select from withdrawn w where (w.block_number, w.log_index) > (u.block_number, u.log_index))
        ), cut as (
            select m.balance + coalesce((select sum(r.amount) from requested r where (r.block_number, r.log_index) > (m.block_number, m.log_index)), 0) as most
            from ledger_moved m join live using (sequence)
            where m.account = o.operator and m.book = 'Bond' and m.amount < 0
                and (m.block_number, m.log_index) > (select r.block_number, r.log_index from requested r order by 1, 2 limit 1)
        )
        select
            least(coalesce((select sum(amount) from requested), 0), (select min(most) from cut)) as amount,
            (select unbonds_at from requested order by block_number desc, log_index desc limit 1) as unbonds_at
        """;
}
