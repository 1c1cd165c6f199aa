using System.Text.Json;
using Assay.Hosting.Database;
using Dapper;
using Npgsql;

namespace Assay.Hosting.Messaging;

/// <summary>Messages that leave if and only if the transaction that wrote them commits. Sent by <see cref="OutboxRelay{TDatabase}"/>.</summary>
public sealed class Outbox<TDatabase>(OutboxMessages<TDatabase> messages) where TDatabase : ServiceDatabase
{
    internal const string Channel = "assay_outbox";

    /// <param name="messageId">
    /// Give an id made from the content (<see cref="MessageIds"/>) where the same message may be written twice: the second is left out.
    /// </param>
    /// <exception cref="ArgumentException">The type was not named in <c>AddOutbox</c>.</exception>
    public async Task AddAsync(NpgsqlTransaction transaction, object message, Guid? messageId = null)
    {
        var type = messages.NameOf(message.GetType());
        var body = JsonSerializer.Serialize(message, message.GetType(), AssayJson.Options);
        // The notification is delivered at commit, so the relay never wakes for a row that it cannot see.
        await transaction.Connection!.ExecuteAsync(
            """
            insert into outbox (message_id, type, body) values (@Id, @type, @body) on conflict (message_id) do nothing;
            select pg_notify(@Channel, current_schema());
            """,
            new { Id = messageId ?? Guid.NewGuid(), type, body, Channel }, transaction);
    }
}

/// <summary>The message types a service sends, by full name; a row with another name is never turned into an object.</summary>
public sealed class OutboxMessages<TDatabase>(IEnumerable<Type> types) where TDatabase : ServiceDatabase
{
    private readonly Dictionary<string, Type> _types = types.ToDictionary(type => type.FullName!);

    public string NameOf(Type type) =>
        _types.ContainsKey(type.FullName!)
            ? type.FullName!
            : throw new ArgumentException($"{type.FullName} is not among the messages of the outbox of {typeof(TDatabase).Name}; name it in AddOutbox.");

    public Type? Find(string name) => _types.GetValueOrDefault(name);
}
