using Assay.Hosting.Messaging;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using MassTransit;

namespace Assay.Verifier.Redundancy;

/// <summary>What Settlement says: orders that it took, and acceptances that the contract would refuse.</summary>
public sealed class VerifierOrderConsumer(Inbox<VerifierDatabase> inbox, Facts facts, EscrowTerms terms, Wakeup wakeup) :
    IConsumer<OrderReceived>, IConsumer<OpenRefused>
{
    public async Task Consume(ConsumeContext<OrderReceived> context)
    {
        var received = context.Message;
        if (terms.Domain.Digest(received.Order) != received.Job)
            throw new PoisonMessageException($"The order's digest is not its job id {received.Job}.");
        await inbox.HandleAsync(context.MessageId!.Value, "order", transaction => facts.OrderAsync(transaction, received), context.CancellationToken);
        wakeup.Loop.Set();
    }

    public async Task Consume(ConsumeContext<OpenRefused> context)
    {
        await inbox.HandleAsync(
            context.MessageId!.Value, "open-refused", transaction => facts.OpenRefusedAsync(transaction, context.Message), context.CancellationToken);
        wakeup.Loop.Set();
    }
}

/// <summary>The chain as the Indexer reads it.</summary>
public sealed class VerifierChainConsumer(VerifierDatabase database, Inbox<VerifierDatabase> inbox, Facts facts, Wakeup wakeup) :
    IConsumer<JobBound>, IConsumer<JobOpened>, IConsumer<ResultSubmitted>, IConsumer<RewardReleased>, IConsumer<JobRefunded>, IConsumer<ResultAccused>,
    IConsumer<ResultAppealed>, IConsumer<AppealLapsed>, IConsumer<SeatsDrawn>, IConsumer<SeatRefilled>, IConsumer<SeatCommitted>, IConsumer<SeatsSealed>, IConsumer<ClaimOpened>,
    IConsumer<VerdictReached>, IConsumer<StakeSlashed>, IConsumer<ItemSkipped>, IConsumer<LedgerMoved>, IConsumer<SeedRecorded>,
    IConsumer<OperatorRegistered>, IConsumer<OperatorJoined>, IConsumer<OperatorRetired>, IConsumer<PoolMemberSet>, IConsumer<BlocksOrphaned>, IConsumer<ChainAdvanced>
{
    public Task Consume(ConsumeContext<JobBound> context) => EventAsync(context);
    public Task Consume(ConsumeContext<JobOpened> context) => EventAsync(context);
    public Task Consume(ConsumeContext<ResultSubmitted> context) => EventAsync(context);
    public Task Consume(ConsumeContext<RewardReleased> context) => EventAsync(context);
    public Task Consume(ConsumeContext<JobRefunded> context) => EventAsync(context);
    public Task Consume(ConsumeContext<ResultAccused> context) => EventAsync(context);
    public Task Consume(ConsumeContext<ResultAppealed> context) => EventAsync(context);
    public Task Consume(ConsumeContext<AppealLapsed> context) => EventAsync(context);
    public Task Consume(ConsumeContext<SeatsDrawn> context) => EventAsync(context);
    public Task Consume(ConsumeContext<SeatRefilled> context) => EventAsync(context);
    public Task Consume(ConsumeContext<SeatCommitted> context) => EventAsync(context);
    public Task Consume(ConsumeContext<SeatsSealed> context) => EventAsync(context);
    public Task Consume(ConsumeContext<ClaimOpened> context) => EventAsync(context);
    public Task Consume(ConsumeContext<VerdictReached> context) => EventAsync(context);
    public Task Consume(ConsumeContext<StakeSlashed> context) => EventAsync(context);
    public Task Consume(ConsumeContext<ItemSkipped> context) => EventAsync(context);
    public Task Consume(ConsumeContext<LedgerMoved> context) => EventAsync(context);
    public Task Consume(ConsumeContext<SeedRecorded> context) => EventAsync(context);
    public Task Consume(ConsumeContext<OperatorRegistered> context) => EventAsync(context);
    public Task Consume(ConsumeContext<OperatorJoined> context) => EventAsync(context);
    public Task Consume(ConsumeContext<OperatorRetired> context) => EventAsync(context);
    public Task Consume(ConsumeContext<PoolMemberSet> context) => EventAsync(context);

    public async Task Consume(ConsumeContext<BlocksOrphaned> context)
    {
        await inbox.HandleAsync(
            context.MessageId!.Value, "chain", transaction => facts.OrphansAsync(transaction, context.Message), context.CancellationToken);
        wakeup.Loop.Set();
    }

    // Each number only grows, so a repetition needs no inbox.
    public Task Consume(ConsumeContext<ChainAdvanced> context) =>
        database.InTransactionAsync(transaction => facts.AdvanceAsync(transaction, context.Message), context.CancellationToken);

    private async Task EventAsync<T>(ConsumeContext<T> context) where T : class, IChainEvent
    {
        await inbox.HandleAsync(
            context.MessageId!.Value, "chain", transaction => facts.EventAsync(transaction, context.Message), context.CancellationToken);
        if (context.Message is not LedgerMoved) wakeup.Loop.Set();
    }
}
