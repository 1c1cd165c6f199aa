using System.Text.Json;
using Assay.Hosting;
using Assay.Hosting.Messaging;
using Assay.Protocol.Messages;
using MassTransit;
using Npgsql;

namespace Assay.Indexer.Tests;

/// <summary>Takes every announcement there is, as a service with one queue would.</summary>
public abstract class EveryEventConsumer :
    IConsumer<JobOpened>, IConsumer<ResultSubmitted>, IConsumer<SeedRecorded>, IConsumer<RewardReleased>, IConsumer<JobRefunded>, IConsumer<ResultAccused>,
    IConsumer<ResultAppealed>, IConsumer<AppealLapsed>, IConsumer<SeatsDrawn>, IConsumer<SeatRefilled>, IConsumer<SeatCommitted>, IConsumer<SeatsSealed>, IConsumer<ClaimOpened>, IConsumer<VerdictReached>,
    IConsumer<StakeSlashed>, IConsumer<ItemSkipped>, IConsumer<LedgerMoved>, IConsumer<OperatorRegistered>, IConsumer<OperatorJoined>,
    IConsumer<OperatorRetired>, IConsumer<OperatorStruck>, IConsumer<UnbondingRequested>, IConsumer<NonceCancelled>,
    IConsumer<VersionAdded>, IConsumer<PauseSet>, IConsumer<BeaconMissed>,
    IConsumer<JobBound>, IConsumer<SpendingApproved>, IConsumer<PoolOwned>, IConsumer<PoolMemberSet>, IConsumer<RuntimeRegistered>,
    IConsumer<BlocksOrphaned>, IConsumer<ChainAdvanced>
{
    protected abstract Task TakeAsync(Guid id, IChainEvent e);
    protected abstract Task TakeAsync(Guid id, BlocksOrphaned orphaned);

    private Task TakeAsync<T>(ConsumeContext<T> context) where T : class, IChainEvent => TakeAsync(context.MessageId!.Value, context.Message);

    public Task Consume(ConsumeContext<JobOpened> context) => TakeAsync(context);
    public Task Consume(ConsumeContext<ResultSubmitted> context) => TakeAsync(context);
    public Task Consume(ConsumeContext<SeedRecorded> context) => TakeAsync(context);
    public Task Consume(ConsumeContext<RewardReleased> context) => TakeAsync(context);
    public Task Consume(ConsumeContext<JobRefunded> context) => TakeAsync(context);
    public Task Consume(ConsumeContext<ResultAccused> context) => TakeAsync(context);
    public Task Consume(ConsumeContext<ResultAppealed> context) => TakeAsync(context);
    public Task Consume(ConsumeContext<AppealLapsed> context) => TakeAsync(context);
    public Task Consume(ConsumeContext<SeatsDrawn> context) => TakeAsync(context);
    public Task Consume(ConsumeContext<SeatRefilled> context) => TakeAsync(context);
    public Task Consume(ConsumeContext<SeatCommitted> context) => TakeAsync(context);
    public Task Consume(ConsumeContext<SeatsSealed> context) => TakeAsync(context);
    public Task Consume(ConsumeContext<ClaimOpened> context) => TakeAsync(context);
    public Task Consume(ConsumeContext<VerdictReached> context) => TakeAsync(context);
    public Task Consume(ConsumeContext<StakeSlashed> context) => TakeAsync(context);
    public Task Consume(ConsumeContext<ItemSkipped> context) => TakeAsync(context);
    public Task Consume(ConsumeContext<LedgerMoved> context) => TakeAsync(context);
    public Task Consume(ConsumeContext<OperatorRegistered> context) => TakeAsync(context);
    public Task Consume(ConsumeContext<OperatorJoined> context) => TakeAsync(context);
    public Task Consume(ConsumeContext<OperatorRetired> context) => TakeAsync(context);
    public Task Consume(ConsumeContext<OperatorStruck> context) => TakeAsync(context);
    public Task Consume(ConsumeContext<UnbondingRequested> context) => TakeAsync(context);
    public Task Consume(ConsumeContext<NonceCancelled> context) => TakeAsync(context);
    public Task Consume(ConsumeContext<VersionAdded> context) => TakeAsync(context);
    public Task Consume(ConsumeContext<PauseSet> context) => TakeAsync(context);
    public Task Consume(ConsumeContext<BeaconMissed> context) => TakeAsync(context);
    public Task Consume(ConsumeContext<JobBound> context) => TakeAsync(context);
    public Task Consume(ConsumeContext<SpendingApproved> context) => TakeAsync(context);
    public Task Consume(ConsumeContext<PoolOwned> context) => TakeAsync(context);
    public Task Consume(ConsumeContext<PoolMemberSet> context) => TakeAsync(context);
    public Task Consume(ConsumeContext<RuntimeRegistered> context) => TakeAsync(context);
    public Task Consume(ConsumeContext<BlocksOrphaned> context) => TakeAsync(context.MessageId!.Value, context.Message);
    public Task Consume(ConsumeContext<ChainAdvanced> context) => Task.CompletedTask;
}

/// <summary>Notes what comes.</summary>
public sealed class HearingConsumer(Heard heard) : EveryEventConsumer
{
    protected override Task TakeAsync(Guid id, IChainEvent e)
    {
        heard.Events.Enqueue((id, e.At.Sequence, e.GetType().Name));
        return Task.CompletedTask;
    }

    protected override Task TakeAsync(Guid id, BlocksOrphaned orphaned)
    {
        heard.Events.Enqueue((id, orphaned.Sequence, nameof(BlocksOrphaned)));
        return Task.CompletedTask;
    }
}

/// <summary>Keeps what comes in a feed, as services do.</summary>
public sealed class FeedingConsumer(Heard heard, Inbox<ListenerDatabase> inbox, Feed<ListenerDatabase> feed) : EveryEventConsumer
{
    protected override Task TakeAsync(Guid id, IChainEvent e) => OnceAsync(id, e.At.Sequence, e.GetType().Name, transaction => feed.AppendAsync(transaction, new(
        e.At.Sequence, e.At.BlockNumber, e.At.BlockHash, e.At.BlockTime, e.At.LogIndex, (e as IJobEvent)?.Job, e.GetType().Name,
        JsonSerializer.Serialize(e, e.GetType(), AssayJson.Options))));

    protected override Task TakeAsync(Guid id, BlocksOrphaned orphaned) => OnceAsync(id, orphaned.Sequence, nameof(BlocksOrphaned), async transaction =>
    {
        foreach (var hash in orphaned.BlockHashes)
            await feed.OrphanAsync(transaction, hash, orphaned.Sequence);
    });

    private async Task OnceAsync(Guid id, ulong sequence, string name, Func<NpgsqlTransaction, Task> work)
    {
        await inbox.HandleAsync(id, "feed", work);
        heard.Events.Enqueue((id, sequence, name));
    }
}
