using System.Text.Json.Serialization;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.Primitives;

namespace Assay.Protocol.Chain;

// What is signed (EIP-712), field for field as in contracts/interfaces/IVocabulary.sol.

/// <param name="Operator">Zero: any operator.</param>
/// <param name="Workload">SHA-256 of the canonical job manifest.</param>
/// <param name="Policy">SHA-256 of the canonical comparison policy.</param>
/// <param name="RunWindow">Seconds from opening to result.</param>
/// <param name="Nonce">Bitmap nonce of the client, any 256-bit number.</param>
/// <param name="Expiry">Unix seconds, last moment to open.</param>
[Eip712Type(
    "Order(address client,address operator,bytes32 workload,bytes32 policy,uint8 comparison," +
    "uint96 unitPrice,uint96 maxPrice,uint96 maxFee,uint32 runWindow,uint256 nonce,uint64 expiry," +
    "address payer,uint32 pool,uint8 runtime,address witness)")]
public sealed record Order(
    Address Client, Address Operator, Bytes32 Workload, Bytes32 Policy, Comparison Comparison,
    Amount UnitPrice, Amount MaxPrice, Amount MaxFee, uint RunWindow, Bytes32 Nonce, ulong Expiry)
{
    /// <summary>Whose money it is, by a standing approval for the client; zero: the client's own.</summary>
    public Address Payer { get; init; }

    /// <summary>Number of the pool whose members only may order and work; zero: everybody.</summary>
    public uint Pool { get; init; }

    /// <summary>Number of the registered runtime that gives the same bytes everywhere, needed for exact comparison; zero: none.</summary>
    public byte Runtime { get; init; }

    /// <summary>Key that has to sign that the content is stored; zero: none.</summary>
    public Address Witness { get; init; }

    /// <summary>Whose balance the order takes.</summary>
    [JsonIgnore]
    public Address Purse => Payer.IsZero ? Client : Payer;
}

/// <param name="Order">EIP-712 digest of the order, which is the job id.</param>
/// <param name="OpenBy">Unix seconds, last moment to open.</param>
[Eip712Type("Acceptance(bytes32 order,address operator,address nodeKey,uint64 openBy)")]
public sealed record Acceptance(Bytes32 Order, Address Operator, Address NodeKey, ulong OpenBy);

/// <param name="Manifest">SHA-256 of the run manifest: signed, never compared.</param>
[Eip712Type("Result(bytes32 job,bytes32 commitment,bytes32 manifest)")]
public sealed record Result(Bytes32 Job, Bytes32 Commitment, Bytes32 Manifest);

/// <summary>The order's witness says that it holds the content that the commitment stands for.</summary>
[Eip712Type("Stored(bytes32 job,bytes32 commitment)")]
public sealed record Stored(Bytes32 Job, Bytes32 Commitment);

/// <summary>Client and operator end an open job together.</summary>
/// <param name="Expiry">Unix seconds, last moment to carry it.</param>
[Eip712Type("Cancel(bytes32 job,uint64 expiry)")]
public sealed record Cancel(Bytes32 Job, ulong Expiry);

/// <summary>The payer lets the spender order at its cost.</summary>
/// <param name="PerDay">Of one day in UTC, whatever comes back of it.</param>
/// <param name="Until">Unix seconds, last moment to open such an order.</param>
[Eip712Type("Spending(address payer,address spender,uint96 perJob,uint96 perDay,uint40 until,uint256 nonce,uint64 expiry)")]
public sealed record Spending(Address Payer, Address Spender, Amount PerJob, Amount PerDay, ulong Until, Bytes32 Nonce, ulong Expiry);

/// <summary>The account takes back what it has signed with the nonce <paramref name="Spent"/>.</summary>
[Eip712Type("Void(address account,uint256 spent,uint64 expiry)")]
public sealed record Void(Address Account, Bytes32 Spent, ulong Expiry);

/// <summary>Pays an account's available balance out, once.</summary>
[Eip712Type("Withdraw(address account,address to,uint256 amount,uint256 nonce,uint64 expiry)")]
public sealed record Withdraw(Address Account, Address To, Amount Amount, Bytes32 Nonce, ulong Expiry);

/// <summary>Pays what an operator has earned to where its payout address says, once.</summary>
[Eip712Type("Claim(address operator,address to,uint256 nonce,uint64 expiry)")]
public sealed record EarningsClaim(Address Operator, Address To, Bytes32 Nonce, ulong Expiry);

/// <summary>EIP-3009: lets the receiver alone fetch tokens of the signer, once. Signed in the domain of the token.</summary>
/// <param name="ValidAfter">Unix seconds; good after it.</param>
/// <param name="ValidBefore">Unix seconds; good before it.</param>
[Eip712Type("ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)")]
public sealed record ReceiveWithAuthorization(Address From, Address To, Amount Value, ulong ValidAfter, ulong ValidBefore, Bytes32 Nonce);

/// <summary>Round 0 is the spot check (seat = attempt), 1 and 2 are those of the case.</summary>
/// <param name="Value">The signer's own value.</param>
/// <param name="Salt">Opens the signer's sealed commitment; zero in round 0.</param>
[Eip712Type("Attestation(bytes32 job,uint8 round,uint8 seat,uint8 finding,bytes32 value,bytes32 salt)")]
public sealed record Attestation(Bytes32 Job, byte Round, byte Seat, Finding Finding, Bytes32 Value, Bytes32 Salt);

[Eip712Type("SeatCommitment(bytes32 job,uint8 round,uint8 seat,bytes32 commitment)")]
public sealed record SeatCommitment(Bytes32 Job, byte Round, byte Seat, Bytes32 Commitment);

/// <summary>The account's money stands for this result being wrong (round 1) or for a second round (2).</summary>
[Eip712Type("Pledge(bytes32 job,address account,uint8 round)")]
public sealed record Pledge(Bytes32 Job, Address Account, byte Round);

/// <param name="OutputsRoot">SHA-256 of the canonical outputs, also their address in the blob store.</param>
/// <param name="Units">Metered work, e.g. samples classified.</param>
public sealed record Opening(Bytes32 OutputsRoot, ulong Units, Bytes32 Salt);
