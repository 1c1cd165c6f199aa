using Assay.Ethereum.Encoding;
using Assay.Ethereum.Primitives;

namespace Assay.Protocol.Chain;

// Items of the batched calls, as in contracts/interfaces/IVocabulary.sol.

/// <summary>The acceptance travels without the order's digest, which the contract computes.</summary>
public sealed record OpenItem(Order Order, byte[] OrderSignature, Address Operator, Address NodeKey, ulong OpenBy, byte[] AcceptanceSignature)
{
    public static OpenItem Of(Order order, byte[] orderSignature, Acceptance acceptance, byte[] acceptanceSignature) =>
        new(order, orderSignature, acceptance.Operator, acceptance.NodeKey, acceptance.OpenBy, acceptanceSignature);
}

public sealed record SubmitItem(Job Job, Result Result, byte[] Signature);

/// <param name="Seat">Attempt of the re-executor whose attestation this is.</param>
/// <param name="Value">The re-executor's own value in a tolerance job; an exact one's is the opened value.</param>
/// <param name="CheckSignature">Empty when no check is brought.</param>
public sealed record ReleaseItem(Bytes32 Id, Job Job, Opening Opening, byte Seat, Bytes32 Value, byte[] CheckSignature)
{
    public static ReleaseItem Unchecked(Bytes32 id, Job job, Opening opening) => new(id, job, opening, 0, Bytes32.Zero, []);

    public static ReleaseItem Checked(Bytes32 id, Job job, Opening opening, Attestation check, byte[] checkSignature) =>
        new(id, job, opening, check.Seat, check.Value, checkSignature);
}

public sealed record JobItem(Bytes32 Id, Job Job);

public sealed record CommitItem(SeatCommitment Commitment, byte[] Signature);

/// <summary>The escrow's interface from the committed ABI.</summary>
public static class EscrowAbi
{
    public static ContractAbi Instance { get; } = ContractAbi.Parse(ReadResource("Escrow.json"));

    /// <summary>The escrow's own events; ERC-5267 adds one about the signing domain, which never changes here.</summary>
    public static IReadOnlyList<AbiEvent> Events { get; } = [.. Instance.Events.Where(e => e.Name != "EIP712DomainChanged")];

    private static string ReadResource(string name)
    {
        using var stream = typeof(EscrowAbi).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The resource {name} is missing from the build.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
