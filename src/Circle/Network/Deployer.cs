using System.Text.Json;
using Assay.Circle.Stack;
using Assay.Ethereum;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.JsonRpc;
using Assay.Protocol.Chain;

namespace Assay.Circle.Network;

/// <summary>Who may change an escrow, where its seeds may come from, and between what its parameters stay.</summary>
public sealed record Governance(Address Authority, Address Beacon, EscrowParameters Least, EscrowParameters Most);

/// <summary>Creates the contracts as committed in contracts/abi.</summary>
/// <param name="create">Sends creation code and waits until it is in a block.</param>
public sealed class Deployer(Checkout checkout, Func<byte[], Task<Receipt>> create)
{
    /// <summary>From the account of a <see cref="Web3"/> with a signer.</summary>
    public Deployer(Web3 web3) : this(Checkout.Find(), code => web3.Sender!.SendAndWaitAsync(null, code)) { }

    /// <summary>A stablecoin of local chains whose holders sign instead of sending, and that anybody mints.</summary>
    public const string Token = "SignedToken";

    public Task<Receipt> TokenAsync() => CreateAsync(Token);

    /// <summary>The escrow, with the contracts whose code it runs before it. Without governance its terms never change, and seeds are block hashes.</summary>
    public async Task<Receipt> EscrowAsync(Address token, EscrowParameters terms, Governance? governance = null)
    {
        var (authority, beacon, least, most) = governance ?? new Governance(Address.Zero, Address.Zero, terms, terms);
        var court = await CreateAsync("Court");
        var registry = await CreateAsync("Registry", authority);
        var bank = await CreateAsync("Bank", token, registry.ContractAddress);
        var charter = await CreateAsync("Charter", authority, beacon);
        return await CreateAsync("Escrow", court.ContractAddress, bank.ContractAddress, charter.ContractAddress, terms, least, most);
    }

    /// <summary>OpenZeppelin's AccessManager, of which this account is the first admin.</summary>
    public Task<Receipt> AuthorityAsync(Address admin) => CreateAsync("AccessManager", admin);

    /// <summary>drand's quicknet. The chain needs EIP-2537.</summary>
    public Task<Receipt> BeaconAsync() => CreateAsync("Quicknet");

    /// <summary>One whose values are those that are brought to it.</summary>
    public Task<Receipt> ScriptedBeaconAsync() => CreateAsync("ScriptedBeacon");

    /// <summary>Any of the committed contracts, by its name.</summary>
    public async Task<Receipt> CreateAsync(string name, params object?[] arguments)
    {
        var json = Read(checkout, name);
        using var document = JsonDocument.Parse(json);
        return await create([.. Hex.Decode(document.RootElement.GetProperty("bytecode").GetString()!), .. ContractAbi.Parse(json).EncodeConstructor(arguments)]);
    }

    /// <summary>The interface of one of the contracts.</summary>
    public static ContractAbi AbiOf(Checkout checkout, string name) => ContractAbi.Parse(Read(checkout, name));

    private static string Read(Checkout checkout, string name) => File.ReadAllText(Path.Combine(checkout.Root, "contracts/abi", $"{name}.json"));
}
