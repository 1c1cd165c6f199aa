using System.Text.Json;
using Assay.Ethereum.Primitives;
using Assay.Hosting;
using Assay.Hosting.Messaging;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Assay.Protocol.Nodes;
using Dapper;
using Npgsql;

namespace Assay.Verifier.Redundancy;

/// <summary>Reads all that is known of a job.</summary>
public sealed class JobStore(Feed<VerifierDatabase> feed, VerifierBlobs blobs, OrderDocuments documents)
{
    private sealed record JobRow(string? Order, byte[]? Signature);
    private sealed record AcceptanceRow(string Body, byte[] Signature, DateTime ReceivedAt, long AfterSequence, bool Refused);
    private sealed record ResultRow(Address Operator, string Body, byte[] Signature, string Manifest);
    private sealed record OpeningRow(Bytes32 Commitment, string Body);
    private sealed record SealRow(Address Operator, string Body, byte[] Signature);
    private sealed record AttestationRow(
        Address Operator, Bytes32 Claim, string Body, byte[] Signature, Bytes32 OutputsRoot, string Units, Bytes32 Salt);
    private sealed record WorkRow(
        string Id, string Kind, Address Operator, int Round, int Seat, int Number, string State, DateTime CreatedAt, DateTime? ClosedAt);

    /// <summary>Null while the order itself is unknown: another relayer's job.</summary>
    public async Task<JobView?> LoadAsync(NpgsqlTransaction transaction, Bytes32 job)
    {
        var events = (await feed.LiveAsync(job, transaction)).Select(ReadEvent).ToList();
        await using var rows = await transaction.Connection!.QueryMultipleAsync(
            """
            select order_body::text as Order, order_signature as Signature from jobs where job = @job;
            select body::text, signature, received_at as ReceivedAt, after_sequence as AfterSequence, refused
                from acceptances where job = @job order by number;
            select operator, body::text, signature, manifest from results where job = @job;
            select commitment, body::text from openings where job = @job;
            select operator, body::text, signature from seals where job = @job order by round, seat, received_at;
            select operator, claim, body::text, signature, outputs_root as OutputsRoot, units::text, salt
                from attestations where job = @job order by round, seat, received_at;
            select id, kind, operator, round, seat, number, state, created_at as CreatedAt, closed_at as ClosedAt
                from work where job = @job order by number, created_at;
            """, new { job }, transaction);
        var head = await rows.ReadSingleOrDefaultAsync<JobRow>();
        if (head?.Order is null) return null;

        var chain = JobFold.Fold(job, events);
        var acceptances = (await rows.ReadAsync<AcceptanceRow>()).Select(a => new SignedAcceptance(
            Read<Acceptance>(a.Body), a.Signature, a.ReceivedAt, (ulong)a.AfterSequence, a.Refused)).ToList();
        var results = (await rows.ReadAsync<ResultRow>()).Select(r => new SignedResult(r.Operator, Read<Result>(r.Body), r.Signature, r.Manifest)).ToList();
        var openings = (await rows.ReadAsync<OpeningRow>()).ToList();
        var seals = (await rows.ReadAsync<SealRow>()).Select(s => new SignedSeal(s.Operator, Read<SeatCommitment>(s.Body), s.Signature)).ToList();
        var attestations = (await rows.ReadAsync<AttestationRow>()).Select(a => new SignedAttestation(
            a.Operator, Read<Attestation>(a.Body), a.Signature, a.OutputsRoot, ulong.Parse(a.Units), a.Salt, a.Claim)).ToList();
        var work = (await rows.ReadAsync<WorkRow>()).Select(w => new Asked(
            w.Id, Enum.Parse<WorkKind>(w.Kind), w.Operator, (byte)w.Round, (byte)w.Seat, w.Number, Enum.Parse<WorkState>(w.State),
            w.CreatedAt, w.ClosedAt)).ToList();

        var order = Read<Order>(head.Order);
        var opening = openings.FirstOrDefault(o => o.Commitment == chain.Submitted?.Commitment) is { } row ? Read<Opening>(row.Body) : null;
        return new JobView(
            job, order, head.Signature!, chain.State == JobState.None ? await documents.FindFaultAsync(order) : null, chain, OpenRefusedAt(events),
            acceptances, results.FirstOrDefault(r => r.Operator == chain.Opened?.Operator),
            opening, opening is not null && await blobs.Store.ExistsAsync(opening.OutputsRoot), seals, attestations, work);
    }

    public static IJobEvent ReadEvent(LiveEvent row) =>
        (IJobEvent)(JsonSerializer.Deserialize(row.Body, ChainEvents.Types[row.Name], AssayJson.Options)
            ?? throw new JsonException($"The body of {row.Name} is null."));

    public static T Read<T>(string body) =>
        JsonSerializer.Deserialize<T>(body, AssayJson.Options) ?? throw new JsonException($"The body of a {typeof(T).Name} is null.");

    // Codes that speak against the pair of this order and this operator, not against the order.
    private static ulong? OpenRefusedAt(IEnumerable<IJobEvent> events) => events.OfType<ItemSkipped>()
        .Where(e => e is
        {
            Action: ItemAction.Open,
            Code: Skip.BadOperatorSignature or Skip.WrongOperator or Skip.NotEligible or Skip.NotInPool or Skip.Admission or Skip.Expired,
        })
        .Select(e => (ulong?)e.At.Sequence)
        .Max();
}
