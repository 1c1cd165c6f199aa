using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Assay.Hosting.Options;
using Assay.Verifier.Redundancy;

namespace Assay.Verifier;

public sealed class VerifierOptions
{
    public ChainOptions Chain { get; set; } = new();
    public DatabaseOptions Database { get; set; } = new();
    public BusOptions Bus { get; set; } = new();
    public NodeOptions Nodes { get; set; } = new();
    public BlobOptions Blobs { get; set; } = new();
}

/// <summary>Section <c>Nodes</c>: how work is brought to nodes.</summary>
public sealed class NodeOptions : IValidatableObject
{
    [Range(1, 3600), Description("seconds after which an unanswered offer goes to the next operator")]
    public int OfferSeconds { get; set; } = 10;

    [Range(1, 3600), Description("seconds after which leased work that is unanswered is leased again")]
    public int LeaseSeconds { get; set; } = 20;

    [Range(0, 86400), Description("seconds for which an operator that let an offer lapse is passed over")]
    public int RestSeconds { get; set; } = 60;

    [Range(1, 3600), Description("seconds since its last request for which a node counts as present")]
    public int SeenSeconds { get; set; } = 20;

    [Range(0, 3600), Description("seconds after an order's expiry until it is given up")]
    public int SettleSeconds { get; set; } = 10;

    [Range(0, 3600), Description("seconds that who is asked to open gets at least before what it keeps closed counts against it")]
    public int RevealGraceSeconds { get; set; } = 15;

    [Range(1, 100_000), Description("requests per second of one operator or client")]
    public int RequestsPerSecond { get; set; } = 100;

    [Range(1024, 16 << 20), Description("largest body of a request, blobs aside, in bytes")]
    public int MaxBodyBytes { get; set; } = 64 << 10;

    [Range(20, 60_000), Description("longest pause between two looks at waiting jobs, in milliseconds")]
    public int PollMilliseconds { get; set; } = 300;

    public VerifierPolicy Policy => new(
        TimeSpan.FromSeconds(OfferSeconds), TimeSpan.FromSeconds(RestSeconds), TimeSpan.FromSeconds(SeenSeconds),
        TimeSpan.FromSeconds(SettleSeconds), TimeSpan.FromSeconds(RevealGraceSeconds));

    public IEnumerable<ValidationResult> Validate(ValidationContext context)
    {
        if (SeenSeconds < OfferSeconds)
            yield return new("must not be shorter than OfferSeconds, or no node would count as present while it considers an offer", [nameof(SeenSeconds)]);
    }
}

/// <summary>Section <c>Blobs</c>: the content store.</summary>
public sealed class BlobOptions : IValidatableObject
{
    [Required, Description("directory of the blobs")]
    public string Directory { get; set; } = "";

    [Range(1, 1L << 40), Description("largest blob that is taken, in bytes")]
    public long MaxBytes { get; set; } = 16 << 20;

    [Description("file of the key with which the store signs what it holds, for orders that name it as their witness (V3 keystore); empty: it signs nothing")]
    public string Keystore { get; set; } = "";

    [Description("file with the keystore's password; one trailing line break is left out")]
    public string PasswordFile { get; set; } = "";

    [Range(0, 1 << 19), Description("bytes of outputs that an evidence bundle carries in all; larger ones are named by digest only")]
    public int EvidenceBytes { get; set; } = 256 << 10;

    public IEnumerable<ValidationResult> Validate(ValidationContext context)
    {
        if (Keystore.Length > 0 != PasswordFile.Length > 0)
            yield return new("Keystore and PasswordFile are given together or not at all", [nameof(Keystore)]);
    }
}
