using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;

namespace Assay.Indexer.Api;

internal sealed record JobRow(
    Bytes32 Job, Address Client, Address Operator, Address NodeKey, Bytes32 Workload, Bytes32 Policy, string Comparison,
    Amount UnitPrice, Amount MaxPrice, Amount Fee, long RunWindow, long RatePpm, long RosterLength, long Version, string State, string Outcome, bool Final,
    long OpenedBlock, int OpenedLogIndex, long OpenedAt, Bytes32 OpenedTransaction,
    long? SubmittedAt, Bytes32? SubmittedTransaction, Bytes32? Commitment, Bytes32? Manifest, ulong? Epoch, Bytes32? Seed,
    Address? Accuser, long? AccusedAt, Bytes32? AccusedTransaction,
    string? Verdict, Bytes32? Evidence, long? VerdictAt, Bytes32? VerdictTransaction,
    Bytes32? OutputsRoot, ulong? Units, Amount? Price, Address? Reexecutor, Amount? Refund, Amount? Penalty,
    Amount? Slashed, Amount? Compensation, Amount? AccuserReward, Amount? Insured,
    long? EndedBlock, long? EndedAt, Bytes32? EndedTransaction, Address Payer, long Pool, Address Witness)
{
    // The seed of the epoch after the submission's decides over sampling.
    public const string Select =
        """
        select j.job as "Job", j.client as "Client", j.operator as "Operator", j.node_key as "NodeKey", j.workload as "Workload", j.policy as "Policy",
            j.comparison as "Comparison", j.unit_price::text as "UnitPrice", j.max_price::text as "MaxPrice", j.fee::text as "Fee",
            j.run_window as "RunWindow", j.rate_ppm as "RatePpm", j.roster_length as "RosterLength", j.version as "Version", j.state as "State", j.outcome as "Outcome", coalesce(j.ended_block <= c.finalised_number, false) as "Final",
            j.opened_block as "OpenedBlock", j.opened_log_index as "OpenedLogIndex", j.opened_at as "OpenedAt", j.opened_transaction as "OpenedTransaction",
            j.submitted_at as "SubmittedAt", j.submitted_transaction as "SubmittedTransaction", j.commitment as "Commitment", j.manifest as "Manifest",
            j.epoch::text as "Epoch", seed.seed as "Seed",
            j.accuser as "Accuser", j.accused_at as "AccusedAt", j.accused_transaction as "AccusedTransaction",
            j.verdict as "Verdict", j.evidence as "Evidence", j.verdict_at as "VerdictAt", j.verdict_transaction as "VerdictTransaction",
            j.outputs_root as "OutputsRoot", j.units::text as "Units", j.price::text as "Price", j.reexecutor as "Reexecutor",
            j.refund::text as "Refund", j.penalty::text as "Penalty", j.slashed::text as "Slashed", j.compensation::text as "Compensation",
            j.accuser_reward::text as "AccuserReward", j.insured::text as "Insured",
            j.ended_block as "EndedBlock", j.ended_at as "EndedAt", j.ended_transaction as "EndedTransaction",
            j.payer as "Payer", j.pool as "Pool", j.witness as "Witness"
        from jobs j cross join chain c
        left join lateral (select s.seed from seed_recorded s join live using (sequence) where s.epoch = j.epoch + 1) seed on true
        """;

    public JobView View() => new(
        Job, Client, Operator, NodeKey, Workload, Policy, Enum.Parse<Comparison>(Comparison), UnitPrice, MaxPrice, Fee, (uint)RunWindow, (uint)RatePpm, (uint)RosterLength, (uint)Version,
        Enum.Parse<JobState>(State), Enum.Parse<Outcome>(Outcome), Seed is { } seed ? Sampling.IsSampled(seed, Job, (uint)RatePpm) : null, Final,
        (ulong)OpenedBlock, (ulong)OpenedAt, OpenedTransaction, (ulong?)SubmittedAt, SubmittedTransaction, Commitment, Manifest, Epoch,
        Accuser, (ulong?)AccusedAt, AccusedTransaction, Verdict is null ? null : Enum.Parse<Verdict>(Verdict), Evidence, (ulong?)VerdictAt, VerdictTransaction,
        OutputsRoot, Units, Price, Reexecutor is { IsZero: false } reexecutor ? reexecutor : null, Refund, Penalty, Slashed, Compensation, AccuserReward, Insured,
        (ulong?)EndedAt, EndedTransaction,
        !Payer.IsZero || Pool != 0 || !Witness.IsZero, Payer is { IsZero: false } ? Payer : null, Pool == 0 ? null : (uint)Pool, Witness is { IsZero: false } ? Witness : null);
}
