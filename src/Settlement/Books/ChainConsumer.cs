using System.Text.Json;
using Assay.Hosting;
using Assay.Hosting.Messaging;
using Assay.Protocol.Messages;
using Assay.Settlement.Payouts;
using Dapper;
using MassTransit;
using Npgsql;

namespace Assay.Settlement.Books;

/// <summary>Keeps the chain as the Indexer reads it. Every row is idempotent by its place in the chain, so that no inbox is needed.</summary>
public sealed class ChainConsumer(SettlementDatabase database, Feed<SettlementDatabase> feed, Wake wake) :
    IConsumer<JobBound>, IConsumer<JobOpened>, IConsumer<ResultSubmitted>, IConsumer<SeedRecorded>, IConsumer<RewardReleased>, IConsumer<JobRefunded>,
    IConsumer<ResultAccused>, IConsumer<ResultAppealed>, IConsumer<AppealLapsed>, IConsumer<SeatsDrawn>, IConsumer<SeatRefilled>, IConsumer<SeatCommitted>, IConsumer<SeatsSealed>,
    IConsumer<ClaimOpened>, IConsumer<VerdictReached>, IConsumer<StakeSlashed>, IConsumer<LedgerMoved>,
    IConsumer<BlocksOrphaned>, IConsumer<ChainAdvanced>
{
    public Task Consume(ConsumeContext<ResultSubmitted> context) => AppendAsync(context);
    public Task Consume(ConsumeContext<SeedRecorded> context) => AppendAsync(context);
    public Task Consume(ConsumeContext<RewardReleased> context) => AppendAsync(context);
    public Task Consume(ConsumeContext<JobRefunded> context) => AppendAsync(context);
    public Task Consume(ConsumeContext<ResultAccused> context) => AppendAsync(context);
    public Task Consume(ConsumeContext<ResultAppealed> context) => AppendAsync(context);
    public Task Consume(ConsumeContext<AppealLapsed> context) => AppendAsync(context);
    public Task Consume(ConsumeContext<SeatsDrawn> context) => AppendAsync(context);
    public Task Consume(ConsumeContext<SeatRefilled> context) => AppendAsync(context);
    public Task Consume(ConsumeContext<SeatCommitted> context) => AppendAsync(context);
    public Task Consume(ConsumeContext<SeatsSealed> context) => AppendAsync(context);
    public Task Consume(ConsumeContext<ClaimOpened> context) => AppendAsync(context);
    public Task Consume(ConsumeContext<VerdictReached> context) => AppendAsync(context);
    public Task Consume(ConsumeContext<StakeSlashed> context) => AppendAsync(context);
    public Task Consume(ConsumeContext<JobBound> context) => AppendAsync(context);

    public Task Consume(ConsumeContext<JobOpened> context) => CommitAsync(async transaction =>
    {
        await feed.AppendAsync(transaction, Row(context.Message));
        await Jobs.OpenedAsync(transaction, context.Message.Job);
    });

    public Task Consume(ConsumeContext<LedgerMoved> context) => CommitAsync(transaction => Ledger.AppendAsync(transaction, context.Message));

    public Task Consume(ConsumeContext<BlocksOrphaned> context) => CommitAsync(async transaction =>
    {
        foreach (var hash in context.Message.BlockHashes) await feed.OrphanAsync(transaction, hash, context.Message.Sequence);
        await Jobs.ReopenAsync(transaction, context.Message.BlockHashes);
    });

    public Task Consume(ConsumeContext<ChainAdvanced> context) => CommitAsync(transaction =>
        feed.AdvanceAsync(transaction, context.Message.HeadNumber, context.Message.HeadTime, context.Message.FinalisedNumber));

    private Task AppendAsync<T>(ConsumeContext<T> context) where T : class, IChainEvent =>
        CommitAsync(transaction => feed.AppendAsync(transaction, Row(context.Message)));

    private async Task CommitAsync(Func<NpgsqlTransaction, Task> work)
    {
        await database.InTransactionAsync(work);
        wake.Now();
    }

    private static ChainEventRow Row<T>(T e) where T : class, IChainEvent => new(
        e.At.Sequence, e.At.BlockNumber, e.At.BlockHash, e.At.BlockTime, e.At.LogIndex, (e as IJobEvent)?.Job, typeof(T).Name,
        JsonSerializer.Serialize(e, AssayJson.Options));
}
