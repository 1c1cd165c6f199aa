using Assay.Hosting.Database;
using Dapper;
using Npgsql;

namespace Assay.Hosting.Messaging;

/// <summary>Lets a consumer's effect happen once although its message may come many times.</summary>
public sealed class Inbox<TDatabase>(TDatabase database) where TDatabase : ServiceDatabase
{
    /// <summary>Runs <paramref name="work"/> in the transaction that records the message. False: it was recorded before and nothing was done.</summary>
    /// <param name="consumer">Name of the effect; one message may have several.</param>
    /// <remarks>Two deliveries at once: the second waits for the first and then does nothing, or does the work if the first rolled back.</remarks>
    public Task<bool> HandleAsync(Guid messageId, string consumer, Func<NpgsqlTransaction, Task> work, CancellationToken cancellation = default) =>
        database.InTransactionAsync(async transaction =>
        {
            var inserted = await transaction.Connection!.ExecuteAsync(new CommandDefinition(
                "insert into inbox (message_id, consumer) values (@messageId, @consumer) on conflict do nothing",
                new { messageId, consumer }, transaction, cancellationToken: cancellation));
            if (inserted == 0)
                return false;
            await work(transaction);
            return true;
        }, cancellation);
}
