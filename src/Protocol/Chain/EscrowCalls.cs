using Assay.Ethereum.Encoding;
using Assay.Ethereum.Primitives;

namespace Assay.Protocol.Chain;

// Items of the batched calls, as in contracts/interfaces/IEscrow.sol.

public sealed record OpenItem(Order Order, byte[] OrderSignature, Acceptance Acceptance, byte[] AcceptanceSignature);

public sealed record SubmitItem(Result Result, byte[] Signature);

/// <param name="CheckSignature">Empty when no check is brought.</param>
public sealed record ReleaseItem(Bytes32 Job, Opening Opening, Attestation Check, byte[] CheckSignature)
{
    public static ReleaseItem Unchecked(Bytes32 job, Opening opening) =>
        new(job, opening, new Attestation(job, 0, 0, Finding.None, Bytes32.Zero, Bytes32.Zero), []);
}

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
