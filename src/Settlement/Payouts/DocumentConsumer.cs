using Assay.Ethereum.Primitives;
using Assay.Hosting.Messaging;
using Assay.Protocol.Messages;
using MassTransit;

namespace Assay.Settlement.Payouts;

/// <summary>Keeps what the Verifier sends. What it means is decided by the plan, whenever it is looked at.</summary>
public sealed class DocumentConsumer(Inbox<SettlementDatabase> inbox, Wake wake) :
    IConsumer<OrderAccepted>, IConsumer<OrderUnplaced>, IConsumer<ResultSigned>, IConsumer<ResultOpened>, IConsumer<CheckAgreed>,
    IConsumer<AccusationSigned>, IConsumer<SeatCommitmentSigned>, IConsumer<SeatFailed>, IConsumer<AppealSigned>, IConsumer<CertificateSigned>
{
    public Task Consume(ConsumeContext<OrderAccepted> context) => KeepAsync(context, m => m.Job, m => m.Acceptance.Order);
    public Task Consume(ConsumeContext<OrderUnplaced> context) => KeepAsync(context, m => m.Job);
    public Task Consume(ConsumeContext<ResultSigned> context) => KeepAsync(context, m => m.Job, m => m.Result.Job);
    public Task Consume(ConsumeContext<ResultOpened> context) => KeepAsync(context, m => m.Job);
    public Task Consume(ConsumeContext<CheckAgreed> context) => KeepAsync(context, m => m.Job, m => m.Attestation.Job);
    public Task Consume(ConsumeContext<AccusationSigned> context) => KeepAsync(context, m => m.Job, m => m.Attestation.Job);
    public Task Consume(ConsumeContext<SeatCommitmentSigned> context) => KeepAsync(context, m => m.Job, m => m.Commitment.Job);
    public Task Consume(ConsumeContext<SeatFailed> context) => KeepAsync(context, m => m.Job, m => m.Failure.Job);
    public Task Consume(ConsumeContext<AppealSigned> context) => KeepAsync(context, m => m.Job, m => m.Pledge.Job);

    public Task Consume(ConsumeContext<CertificateSigned> context)
    {
        var m = context.Message;
        var whole = m.Attestations is { Count: > 0 } seats && m.Signatures?.Count == seats.Count && seats.All(a => a is not null) && m.Signatures.All(s => s is not null);
        if (!whole) throw new PoisonMessageException("A certificate has an attestation and a signature for each seat.");
        return KeepAsync(context, m => m.Job, [.. Enumerable.Range(0, m.Attestations.Count).Select(i => (Func<CertificateSigned, Bytes32>)(m => m.Attestations[i].Job))]);
    }

    private async Task KeepAsync<T>(ConsumeContext<T> context, Func<T, Bytes32> job, params Func<T, Bytes32>[] inside) where T : class
    {
        var message = context.Message;
        if (Array.Find(inside, i => i(message) != job(message)) is not null)
            throw new PoisonMessageException($"The {typeof(T).Name} of job {job(message)} carries a document of another job.");
        await inbox.HandleAsync(context.MessageId!.Value, "documents", transaction => Documents.AddAsync(transaction, job(message), message));
        wake.Now();
    }
}
