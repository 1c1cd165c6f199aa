using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Numerics;
using Assay.Ethereum.Transactions;
using Assay.Hosting.Options;

namespace Assay.Settlement;

public sealed class SettlementOptions
{
    public ChainOptions Chain { get; set; } = new();
    public DatabaseOptions Database { get; set; } = new();
    public BusOptions Bus { get; set; } = new();
    public RelayerOptions Relayer { get; set; } = new();
    public BooksOptions Books { get; set; } = new();
    public OrderOptions Orders { get; set; } = new();
    public RelayOptions Relays { get; set; } = new();
    public BeaconOptions Beacon { get; set; } = new();
}

/// <summary>Section <c>Beacon</c>: where drand's rounds are fetched, for versions of the parameters whose seeds come from it.</summary>
public sealed class BeaconOptions : IValidatableObject
{
    [Description("HTTP relays of drand, the chain's hash in their path, comma between them; empty: seeds from the beacon are left to others")]
    public string Urls { get; set; } = "";

    [Range(1, 60), Description("seconds that a relay may take to answer")]
    public int TimeoutSeconds { get; set; } = 5;

    internal IReadOnlyList<string> Servers => [.. Urls.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(url => url.TrimEnd('/'))];

    public IEnumerable<ValidationResult> Validate(ValidationContext context)
    {
        foreach (var url in Servers.Where(url => !Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https")))
            yield return new($"{url} is no http(s) address", [nameof(Urls)]);
    }
}

/// <summary>Section <c>Orders</c>: what one client can make us keep in mind.</summary>
public sealed class OrderOptions
{
    [Range(1, 365), Description("days until the expiry of an order at most")]
    public int MaxDays { get; set; } = 30;

    [Range(1, 1_000_000), Description("orders of one client at most that are taken and not open yet")]
    public int MaxWaiting { get; set; } = 1000;
}

/// <summary>Section <c>Relays</c>: words that others have signed and we carry at our gas.</summary>
public sealed class RelayOptions
{
    [Range(0, long.MaxValue), Description("least amount, in the token's smallest unit, of a deposit, withdrawal or claim that is carried")]
    public long MinAmount { get; set; } = 1_000_000;

    [Range(0, 1_000_000), Description("words of one account at most that are taken within a day")]
    public int MaxPerDay { get; set; } = 20;

    [Range(1, 64), Description("words under way at once; each takes a transaction of its own")]
    public int AtOnce { get; set; } = 4;

    [Range(0, 1_000_000_000), Description("thousandths of an ether that a day's words may cost; beyond it none is taken")]
    public int MaxDayMilliether { get; set; } = 1_000;

    internal BigInteger DayCap => MaxDayMilliether * BigInteger.Pow(10, 15);
}

/// <summary>Section <c>Relayer</c>: the key that pays gas, and how it sends.</summary>
public sealed class RelayerOptions : IValidatableObject
{
    [Required, Description("file of the relayer's key (V3 keystore)")]
    public string Keystore { get; set; } = "";

    [Required, Description("file with the keystore's password; one trailing line break is left out")]
    public string PasswordFile { get; set; } = "";

    [Range(1, 64), Description("transactions under way at once")]
    public int MaxInFlight { get; set; } = 16;

    [Range(1, 256), Description("items in one transaction at most; gas may make it fewer")]
    public int BatchSize { get; set; } = 32;

    [Range(0, 60_000), Description("milliseconds that a step waits for others to share its transaction")]
    public int LingerMilliseconds { get; set; } = 250;

    [Range(21_000, 16_000_000), Description("gas limit of one transaction at most")]
    public int GasCap { get; set; } = 16_000_000;

    [Range(0, 200), Description("percent added to a gas estimate")]
    public int GasMarginPercent { get; set; } = 25;

    [Range(1, 3600), Description("seconds until an unmined transaction is sent again")]
    public int ResendSeconds { get; set; } = 3;

    [Range(1, 86_400), Description("seconds until an unmined transaction is replaced with higher fees")]
    public int ReplaceSeconds { get; set; } = 30;

    [Range(1, 1_000_000), Description("gwei per gas at most; at this cap a transaction is only sent again")]
    public int MaxFeeGwei { get; set; } = 500;

    [Range(1, 1_000_000_000), Description("thousandths of an ether that an hour's fees may come to; beyond it nothing new is sent")]
    public int MaxHourMilliether { get; set; } = 20_000;

    [Range(1, 1_000_000_000), Description("thousandths of an ether that a day's fees may come to; beyond it nothing new is sent")]
    public int MaxDayMilliether { get; set; } = 100_000;

    public IEnumerable<ValidationResult> Validate(ValidationContext context)
    {
        if (ReplaceSeconds < ResendSeconds)
            yield return new("is shorter than ResendSeconds", [nameof(ReplaceSeconds)]);
        if (MaxDayMilliether < MaxHourMilliether)
            yield return new("is less than MaxHourMilliether", [nameof(MaxDayMilliether)]);
    }

    /// <param name="confirmations">Blocks above a receipt's until it counts as final.</param>
    internal SendPolicy Policy(int confirmations) => new()
    {
        MaxInFlight = MaxInFlight, Confirmations = confirmations, GasMarginPercent = GasMarginPercent, GasCap = (ulong)GasCap,
        ResendAfter = TimeSpan.FromSeconds(ResendSeconds), ReplaceAfter = TimeSpan.FromSeconds(ReplaceSeconds),
        MaxFeeCap = (BigInteger)MaxFeeGwei * 1_000_000_000,
        HourlyCap = MaxHourMilliether * BigInteger.Pow(10, 15), DailyCap = MaxDayMilliether * BigInteger.Pow(10, 15),
    };
}

/// <summary>Section <c>Books</c>: comparison of the own ledger with the contract.</summary>
public sealed class BooksOptions
{
    [Range(1, 86_400), Description("seconds between two comparisons with the contract")]
    public int CheckSeconds { get; set; } = 10;

    [Range(0, 3600), Description("seconds that a difference at one block may last (events still under way) before payouts stop")]
    public int PatienceSeconds { get; set; } = 20;
}
