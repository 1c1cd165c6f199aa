using System.Text.Json;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Primitives;
using Assay.Hosting;
using Assay.Hosting.Messaging;
using Assay.Protocol.Messages;
using Dapper;
using Npgsql;

namespace Assay.Settlement.Payouts;

/// <summary>Table <c>documents</c>: every distinct thing the Verifier sent for a job. The same twice is one row, the order of arrival is kept.</summary>
public static class Documents
{
    // Bounds what one job can make us read; a healthy case has fewer than ten of any kind.
    private const int MaxPerKind = 64;
    private const int MaxBytes = 16 * 1024;

    public sealed record Row(Bytes32 Job, string Kind, string Body);

    /// <exception cref="PoisonMessageException">Too large, or too many of this kind for the job.</exception>
    public static async Task AddAsync<T>(NpgsqlTransaction transaction, Bytes32 job, T document) where T : class
    {
        var kind = typeof(T).Name;
        var body = JsonSerializer.Serialize(document, AssayJson.Options);
        if (body.Length > MaxBytes) throw new PoisonMessageException($"A {kind} of {body.Length} characters; at most {MaxBytes} are taken.");
        var count = await transaction.Connection!.ExecuteScalarAsync<long>(
            "select count(*) from documents where job = @job and kind = @kind", new { job, kind }, transaction);
        if (count >= MaxPerKind) throw new PoisonMessageException($"Job {job} already has {count} documents of kind {kind}.");
        await transaction.Connection!.ExecuteAsync(
            "insert into documents (job, kind, digest, body) values (@job, @kind, @digest, @body::jsonb) on conflict do nothing",
            new { job, kind, digest = Keccak256.Hash(body), body }, transaction);
    }

    /// <param name="rows">Newest first.</param>
    public static SignedDocuments Read(IEnumerable<Row> rows)
    {
        var byKind = rows.ToLookup(r => r.Kind, r => r.Body);
        IReadOnlyList<T> All<T>() => [.. byKind[typeof(T).Name].Select(body => JsonSerializer.Deserialize<T>(body, AssayJson.Options)!)];
        return new SignedDocuments
        {
            Acceptances = All<OrderAccepted>(),
            Results = All<ResultSigned>(),
            Openings = All<ResultOpened>(),
            Checks = All<CheckAgreed>(),
            Accusations = All<AccusationSigned>(),
            SeatCommitments = All<SeatCommitmentSigned>(),
            Failures = All<SeatFailed>(),
            Appeals = All<AppealSigned>(),
            Certificates = All<CertificateSigned>(),
            Unplaced = All<OrderUnplaced>() is [var unplaced, ..] ? unplaced : null,
        };
    }
}
