using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.Primitives;
using Assay.Hosting;

namespace Assay.Indexer.Sources;

/// <summary>Contracts of one chain that are indexed beside the escrow, as a JSON file says them.</summary>
/// <param name="Name">The schema in which the tables are read.</param>
/// <param name="Confirmations">Blocks on top of a block until it counts as final; null: what the node calls finalized.</param>
public sealed record SourceDefinition(string Name, long ChainId, string RpcUrl, ulong StartBlock, int? Confirmations, IReadOnlyList<SourceContract> Contracts)
{
    // Part of every digest: a release that lays tables out differently builds them anew.
    private const int Layout = 1;

    /// <summary>SHA-256 over everything that the tables' contents hang on; the address of the node and the finality are not part of it.</summary>
    public string Digest { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n',
        [$"{Layout} {ChainId} {StartBlock}", .. Contracts.SelectMany(contract => contract.Lines)]))));

    /// <summary>The schema that holds the tables of just this definition; readers go through the views of <see cref="Name"/>.</summary>
    public string Schema => $"{Name}_{Digest[..8]}";

    internal IReadOnlyList<EventTable> Tables { get; } = [.. Contracts.SelectMany(contract => contract.Tables)];

    internal EventTable FactoryTable(FactoryFile factory) => Contracts.First(contract => contract.Name == factory.Contract).TableOf(factory.Event);

    /// <exception cref="StartRefusedException">Not readable, or it contradicts itself; the message names the file.</exception>
    public static SourceDefinition Read(string file)
    {
        try
        {
            var json = JsonSerializer.Deserialize(File.ReadAllText(file), SourceJson.Default.SourceFile) ?? throw new FormatException("it is null");
            var folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
            var contracts = json.Contracts.Select(contract => SourceContract.Of(contract, folder)).ToList();
            var definition = new SourceDefinition(Identifier(json.Name), json.ChainId, json.RpcUrl, json.StartBlock, json.Confirmations, contracts);
            Check(definition);
            return definition;
        }
        catch (Exception e) when (e is IOException or JsonException or FormatException or AbiException or UnauthorizedAccessException)
        {
            throw new StartRefusedException($"Source {file}: {e.Message}");
        }
    }

    internal static string Identifier(string name) => Regex.IsMatch(name, "^[a-z][a-z0-9_]{0,39}$")
        ? name
        : throw new FormatException($"'{name}' is no name: expected up to 40 of a-z, 0-9 and _, a letter first");

    private static void Check(SourceDefinition definition)
    {
        if (definition.Name is "public" or "indexer" or "verifier" or "settlement" || definition.Name.StartsWith("pg_", StringComparison.Ordinal))
            throw new FormatException($"the name {definition.Name} is taken");
        if (definition.ChainId < 1)
            throw new FormatException("chainId must be 1 or more");
        if (!(Uri.TryCreate(definition.RpcUrl, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"))
            throw new FormatException("rpcUrl is not an http(s) address");
        if (definition.Confirmations < 0)
            throw new FormatException("confirmations must not be negative");
        if (definition.Tables.Count == 0)
            throw new FormatException("there is no event to index");
        foreach (var twice in definition.Tables.GroupBy(table => table.Name).Where(group => group.Count() > 1))
            throw new FormatException($"the table {twice.Key} would stand for two events");
        foreach (var table in definition.Tables)
            if (table.Name.Length > 63 || table.ColumnNames.Concat(EventTable.OwnColumns).Distinct().Count() < table.ColumnNames.Count + EventTable.OwnColumns.Count)
                throw new FormatException($"the table {table.Name} would have too long a name, or two columns of one name");
        foreach (var (contract, field) in definition.Contracts.SelectMany(contract => contract.Indexes.Select(field => (contract, field))))
            if (!contract.Events.Any(e => e.Inputs.Any(input => input.Name == field)))
                throw new FormatException($"{contract.Name}: no event has the field {field} that an index is asked for");
        foreach (var contract in definition.Contracts)
            contract.CheckFactory(definition.Contracts);
    }
}

/// <summary>Contracts of one ABI: at given addresses, or announced by the event of another contract.</summary>
/// <param name="Indexes">Fields by which rows are looked up; each gets an index once the past has been read.</param>
public sealed record SourceContract(string Name, IReadOnlyList<Address> Addresses, IReadOnlyList<AbiEvent> Events, FactoryFile? Factory, IReadOnlyList<string> Indexes)
{
    internal IReadOnlyList<EventTable> Tables { get; } = TablesOf(Name, Events);

    internal EventTable TableOf(string eventName) => Tables[Events.Index().First(e => e.Item.Name == eventName).Index];

    /// <summary>Every table has an index on those of its columns that the definition names.</summary>
    internal IEnumerable<(EventTable Table, string Column)> IndexedColumns => Events.Zip(Tables)
        .SelectMany(pair => Indexes.Where(name => pair.First.Inputs.Any(input => input.Name == name)).Select(name => (pair.Second, pair.Second.ColumnOf(name))));

    internal IEnumerable<string> Lines =>
    [
        $"{Name} {string.Join(',', Addresses.Select(address => address.ToLowerString()))} {Factory} {string.Join(',', Indexes)}",
        .. Tables.Select(table => $"{table.Name} {table.Topic} {table.Indexed}{table.Definition}"),
    ];

    internal static SourceContract Of(ContractFile file, string folder)
    {
        var name = SourceDefinition.Identifier(file.Name);
        if ((file.Addresses is { Count: > 0 }) == (file.Factory is not null))
            throw new FormatException($"{name} needs either addresses or a factory");
        var abi = ContractAbi.Parse(File.ReadAllText(Path.Combine(folder, file.Abi)));
        var events = file.Events is null ? abi.Events.Where(e => !e.Anonymous) : file.Events.Select(abi.Event);
        return new(name, [.. (file.Addresses ?? []).Select(Address.Parse)], [.. events], file.Factory, file.Indexes ?? []);
    }

    internal void CheckFactory(IReadOnlyList<SourceContract> contracts)
    {
        if (Factory is null)
            return;
        var parent = contracts.SingleOrDefault(contract => contract.Name == Factory.Contract && contract.Factory is null)
            ?? throw new FormatException($"{Name}: no contract {Factory.Contract} with addresses of its own");
        if (!parent.Events.Any(e => e.Name == Factory.Event && e.Inputs.Any(input => input.Name == Factory.Field && input.Type.Kind == AbiKind.Address)))
            throw new FormatException($"{Name}: {Factory.Contract} has no event {Factory.Event} with an address {Factory.Field}");
    }

    // Overloads share a name; the topic tells them apart.
    private static EventTable[] TablesOf(string contract, IReadOnlyList<AbiEvent> events) =>
    [
        .. events.Select(e => new EventTable(
            $"{contract}_{Sync.EventTables.SnakeCase(e.Name)}{(events.Count(other => other.Name == e.Name) > 1 ? $"_{e.Topic.ToString()[2..10]}" : "")}", e)),
    ];
}

public sealed record SourceFile(string Name, long ChainId, string RpcUrl, IReadOnlyList<ContractFile> Contracts, ulong StartBlock = 0, int? Confirmations = null);

/// <param name="Abi">A file, relative to the definition's: an ABI array or a compiler's artifact.</param>
/// <param name="Events">Names or signatures; null for all of the ABI.</param>
public sealed record ContractFile(
    string Name, string Abi, IReadOnlyList<string>? Addresses = null, IReadOnlyList<string>? Events = null, FactoryFile? Factory = null, IReadOnlyList<string>? Indexes = null);

/// <summary>Which field of whose event names a new contract.</summary>
public sealed record FactoryFile(string Contract, string Event, string Field);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, ReadCommentHandling = JsonCommentHandling.Skip,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(SourceFile))]
internal sealed partial class SourceJson : JsonSerializerContext;
