using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Assay.Ethereum.Primitives;
using Npgsql;

namespace Assay.Hosting.Options;

/// <summary>Section <c>Chain</c>: which chain, which contract, how deep is final.</summary>
public sealed class ChainOptions : IValidatableObject
{
    [Required, Description("JSON-RPC address of the node, http(s)://…")]
    public string RpcUrl { get; set; } = "";

    [Range(1, long.MaxValue, ErrorMessage = "is required, a number from 1"), Description("chain id that the node must report")]
    public long Id { get; set; }

    [Required, Description("address of the Escrow contract, 0x and 40 digits")]
    public string Escrow { get; set; } = "";

    [Range(0, long.MaxValue), Description("first block to read, the one that deployed the contract")]
    public long StartBlock { get; set; }

    [Range(0, 1_000_000), Description("blocks on top of a block until it counts as final")]
    public int Confirmations { get; set; } = 12;

    public Address EscrowAddress => Address.Parse(Escrow);

    public IEnumerable<ValidationResult> Validate(ValidationContext context)
    {
        if (RpcUrl != "" && !(Uri.TryCreate(RpcUrl, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"))
            yield return new("is not an http(s) address", [nameof(RpcUrl)]);
        if (Escrow != "" && !Address.TryParse(Escrow, out _))
            yield return new("is not an address", [nameof(Escrow)]);
    }
}

/// <summary>Section <c>Database</c>.</summary>
public sealed class DatabaseOptions : IValidatableObject
{
    [Required, Description("PostgreSQL connection string of the service's own role (Host=…;Username=…;Password=…;Database=…)")]
    public string ConnectionString { get; set; } = "";

    [Description("connection string of a read-only role for HTTP reads; empty = the one above")]
    public string ReadConnectionString { get; set; } = "";

    [Range(0, 3600), Description("seconds that a start waits for a server that does not answer")]
    public int StartSeconds { get; set; } = 30;

    public IEnumerable<ValidationResult> Validate(ValidationContext context)
    {
        if (!IsConnectionString(ConnectionString))
            yield return new("is not a connection string of PostgreSQL", [nameof(ConnectionString)]);
        if (!IsConnectionString(ReadConnectionString))
            yield return new("is not a connection string of PostgreSQL", [nameof(ReadConnectionString)]);
    }

    private static bool IsConnectionString(string text)
    {
        try
        {
            _ = new NpgsqlConnectionStringBuilder(text);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}

/// <summary>Section <c>Bus</c>.</summary>
public sealed class BusOptions : IValidatableObject
{
    [Description("amqp://user:password@host:port/vhost; empty = in-memory, for one process only")]
    public string Uri { get; set; } = "";

    [Range(1, 1000), Description("messages taken from a queue ahead of work, per queue")]
    public int Prefetch { get; set; } = 32;

    [Range(1, 1000), Description("messages of one queue handled at the same time")]
    public int Concurrency { get; set; } = 8;

    [Range(1, 100), Description("deliveries of one message before the broker itself gives up on it (a consumer that dies each time)")]
    public int DeliveryLimit { get; set; } = 20;

    [Range(0, 3600), Description("seconds that a start waits for a broker that does not answer")]
    public int StartSeconds { get; set; } = 30;

    public bool InMemory => Uri == "";

    public IEnumerable<ValidationResult> Validate(ValidationContext context)
    {
        if (Uri != "" && !(System.Uri.TryCreate(Uri, UriKind.Absolute, out var uri) && uri.Scheme is "amqp" or "amqps"))
            yield return new("is not an amqp(s) address", [nameof(Uri)]);
    }
}
