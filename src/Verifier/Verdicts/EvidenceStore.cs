using System.Text;
using Assay.Ethereum.Primitives;
using Assay.Hosting.Http;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Assay.Protocol.Work;
using Assay.Verifier.Redundancy;
using Assay.Verifier.Sampling;
using Dapper;
using Npgsql;

namespace Assay.Verifier.Verdicts;

/// <summary>Gathers, keeps and serves evidence bundles.</summary>
public sealed class EvidenceStore(VerifierDatabase database, VerifierBlobs blobs, EscrowTerms terms, VerifierOptions options, TimeProvider time)
{
    private sealed record Row(byte[] Digest, byte[] Bundle);

    /// <summary>Stores the bundle of a case and returns its SHA-256.</summary>
    public async Task<Bytes32> GatherAsync(
        NpgsqlTransaction transaction, JobView job, World world, IReadOnlyList<SignedAttestation?> seats, CancellationToken cancellation)
    {
        var content = new EvidenceContent(
            await TextAsync(job.Order.Policy, cancellation), await TextAsync(job.Order.Workload, cancellation), await OutputsAsync(job, seats, cancellation));
        var bundle = CanonicalJson.Serialize(EvidenceBuilder.Build(job, world, terms.Domain, seats, content));
        var digest = CanonicalJson.Digest(bundle);
        await transaction.Connection!.ExecuteAsync(
            "insert into evidence (digest, job, bundle, created_at) values (@digest, @Job, @bundle, @now) on conflict do nothing",
            new { digest, job.Job, bundle, now = time.GetUtcNow() }, transaction);
        return digest;
    }

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/evidence/{job}", (string job, EvidenceStore store) => store.GetAsync(job))
            .WithTags("Evidence").WithGroupName("verifier").Produces<EvidenceBundle>().ProducesProblem(404)
            .WithSummary("The evidence bundle of a case, canonical JSON; ?digest= is not needed, the newest certificate's is served.");

    private async Task<IResult> GetAsync(string job)
    {
        if (!Bytes32.TryParse(job, out var id)) throw new ProblemException(404, "unknown_job", "A job is named by 0x and 64 hexadecimal digits.");
        await using var connection = await database.OpenAsync();
        // What the verdict on the chain names comes first; before it, the newest.
        var row = await connection.QueryFirstOrDefaultAsync<Row>(
            """
            select e.digest, e.bundle from evidence e
            left join feed_live v on v.job = e.job and v.name = 'VerdictReached' and v.body->>'evidence' = '0x' || encode(e.digest, 'hex')
            where e.job = @id order by (v.job is not null) desc, e.created_at desc limit 1
            """, new { id });
        return row is null
            ? throw new ProblemException(404, "no_evidence", "There is no evidence on this job: no certificate was made.")
            : Results.Bytes(row.Bundle, "application/json", entityTag: new($"\"{Convert.ToHexStringLower(row.Digest)}\""));
    }

    private async Task<string?> TextAsync(Bytes32 digest, CancellationToken cancellation) =>
        await ReadAsync(digest, OrderDocuments.MaxBytes, cancellation) is { } bytes && Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(bytes)).AsSpan().SequenceEqual(bytes)
            ? Encoding.UTF8.GetString(bytes)
            : null;

    private async Task<IReadOnlyList<OutputsContent>> OutputsAsync(
        JobView job, IReadOnlyList<SignedAttestation?> seats, CancellationToken cancellation)
    {
        var roots = seats.Select(s => s?.OutputsRoot).Prepend(job.Chain.Claim?.OutputsRoot).OfType<Bytes32>().Distinct();
        var outputs = new List<OutputsContent>();
        long left = options.Blobs.EvidenceBytes;
        foreach (var root in roots)
        {
            if (await ReadAsync(root, left, cancellation) is not { } content) continue;
            outputs.Add(new OutputsContent(BlobAddress.Format(root), content));
            left -= content.Length;
        }
        return outputs;
    }

    // Absent, damaged or too large: the bundle then names the digest only.
    private async Task<byte[]?> ReadAsync(Bytes32 digest, long maxBytes, CancellationToken cancellation)
    {
        try
        {
            return await blobs.Store.GetAsync(digest, maxBytes, cancellation);
        }
        catch (BlobException e) when (e.Fault is BlobFault.NotFound or BlobFault.WrongDigest or BlobFault.TooLarge)
        {
            return null;
        }
    }
}

/// <summary>Documents and outputs that the bundle carries; null or absent where they were not in the store or are too large.</summary>
public sealed record EvidenceContent(string? Policy, string? Workload, IReadOnlyList<OutputsContent> Outputs);

public static class EvidenceBuilder
{
    public static EvidenceBundle Build(
        JobView job, World world, EscrowDomain domain, IReadOnlyList<SignedAttestation?> seats, EvidenceContent content)
    {
        var (opened, submitted, accused) = (job.Chain.Opened!, job.Chain.Submitted!, job.Chain.Accused!);
        var roster = new WatchedRoster(world.Roster.Places);
        var began = job.Chain.RoundBegan!.Value;
        var caseSeed = world.DecidingSeed(began.Epoch)!.Seed;
        SpotCheckEvidence? spotCheck = null;
        if (!accused.Bonded)
        {
            var seed = world.DecidingSeed(submitted.Epoch)!.Seed;
            spotCheck = SpotCheck(job, accused.Accuser, submitted.Epoch, seed, Draw.Picks(Draws.Subject(job.Chain, world.Roster, seed, world.Windows)!, roster, Draw.Attempts));
        }
        Draw.Picks(Draws.CaseSubject(job.Chain, world.Roster, caseSeed, world.Windows)!, roster, job.Chain.Draws);

        var claim = job.Chain.Claim;
        var opening = claim is null ? null : new Opening(claim.OutputsRoot, claim.Units, claim.Salt);
        var (verdict, value) = Ruling.Decide(
            job.Order.Comparison, world.Windows.Quorums, job.Chain.Round, [.. seats.Select(s => s?.Attestation)], opening is null ? null : Values.Value(opening.OutputsRoot, opening.Units));
        var acceptance = job.Acceptances.LastOrDefault(a => a.Acceptance.Operator == opened.Operator && a.Acceptance.NodeKey == opened.NodeKey);
        var result = job.Result is { } r && r.Result.Commitment == submitted.Commitment ? r : null;

        return new EvidenceBundle(
            EvidenceBundle.CurrentVersion, domain.ChainId, domain.Escrow, world.Windows.EpochBlocks, job.Job, new(job.Order, job.OrderSignature),
            new(opened.At.BlockNumber, opened.At.TransactionHash, opened.Operator, opened.NodeKey, opened.RatePpm, opened.RosterLength),
            new(submitted.At.BlockNumber, submitted.At.TransactionHash, submitted.Commitment, submitted.Manifest, submitted.Epoch, TimeOf(submitted.At, submitted.Epoch)),
            [.. Parties(job, world.Roster)], [.. roster.Seen],
            new(job.Chain.Round, world.Windows.Quorums, began.At.BlockNumber, began.At.TransactionHash, accused.Accuser, accused.Bonded, accused.Value,
                began.Epoch, began.RosterLength, Protocol.Chain.Sampling.DecidingEpoch(began.Epoch), caseSeed, job.Chain.Draws,
                job.Chain.Appealed?.Appellant ?? default, [.. job.Chain.FirstSeats.Select(s => s.Operator)],
                [.. job.Chain.Seats.Select((seat, i) => SeatOf(job, seat, i, seats[i], opening, content))], TimeOf(began.At, began.Epoch)),
            content.Outputs, verdict, value,
            acceptance is null ? null : new(acceptance.Acceptance, acceptance.Signature), result is null ? null : new(result.Result, result.Signature),
            result?.Manifest, opening, content.Policy, content.Workload,
            Protocol.Chain.Sampling.IsBeacons(submitted.Epoch) ? world.Windows.EpochSeconds : null, spotCheck);
    }

    // Epochs of blocks follow from the block's number.
    private static ulong? TimeOf(ChainPosition at, ulong epoch) => Protocol.Chain.Sampling.IsBeacons(epoch) ? at.BlockTime : null;

    private static SpotCheckEvidence SpotCheck(JobView job, Address accuser, ulong epoch, Bytes32 seed, IReadOnlyList<Address> picks)
    {
        var attempt = picks.ToList().IndexOf(accuser);
        var answer = job.Attestations.LastOrDefault(a => a.Attestation.Round == 0 && a.Operator == accuser && a.Attestation.Seat == attempt);
        var seal = job.SealOf(0, attempt, accuser);
        return new(
            Protocol.Chain.Sampling.DecidingEpoch(epoch), seed, answer is null ? null : (byte)attempt,
            answer is null || seal is null ? null : new(seal.Commitment, seal.Signature), answer is null ? null : TestimonyOf(answer));
    }

    private static IEnumerable<Party> Parties(JobView job, Roster roster) =>
        job.Chain.Seats.Select(s => s.Operator).Concat(job.Chain.Partial).Append(job.Operator).Distinct().Order()
            .Where(who => roster.SignerOf(who) is not null)
            .Select(who => new Party(who, roster.SignerOf(who)!.Value, roster.ClusterOf(who)!.Value));

    private static SeatEvidence SeatOf(JobView job, Seat seat, int index, SignedAttestation? answer, Opening? opening, EvidenceContent content)
    {
        var seal = job.SealOf(job.Chain.Round, index, seat.Operator);
        return new(
            seat.Operator, seat.Commitment!.Value, seal is null ? null : new(seal.Commitment, seal.Signature),
            answer is null ? null : TestimonyOf(answer), answer is null ? null : Report(job.Order, answer.OutputsRoot, answer.Units, opening, content));
    }

    /// <summary>What the comparison of a seat's outputs with the claim's finds; null where there is none, it lacks content, or what is to measure cannot be read.</summary>
    internal static ReportFact? Report(Order order, Bytes32 root, ulong units, Opening? opening, EvidenceContent content)
    {
        if (order.Comparison != Comparison.Tolerance || opening is null || content.Policy is not { } policy
            || Find(content, opening.OutputsRoot) is not { } claim || Find(content, root) is not { } own) return null;
        try
        {
            return ReportFact.Of(ResultComparer.Compare(ComparisonPolicy.Parse(Encoding.UTF8.GetBytes(policy)), claim, opening.Units, own, units));
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static byte[]? Find(EvidenceContent content, Bytes32 root) =>
        content.Outputs.FirstOrDefault(o => o.Digest == BlobAddress.Format(root))?.Content;

    private static Testimony TestimonyOf(SignedAttestation answer) =>
        new(new(answer.Attestation, answer.Signature), answer.OutputsRoot, answer.Units, answer.Salt);
}
