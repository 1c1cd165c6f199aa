using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;

namespace Assay.Protocol.Messages;

// One record per event of contracts/interfaces/IVocabulary.sol; names and fields are the event's own. Of the words that the contract packs (terms, course) a
// record has those numbers that no other of its fields tells.

public sealed record JobOpened(
    ChainPosition At, Bytes32 Job, Address Client, Address Operator, Address NodeKey, Bytes32 Workload, Bytes32 Policy,
    Comparison Comparison, Amount UnitPrice, Amount MaxPrice, Amount Fee, uint RunWindow, Bytes32 Nonce, uint RatePpm, uint RosterLength,
    uint Version, bool Bound = false) : IJobEvent;

/// <summary>Right before the <see cref="JobOpened"/> of an order that names a payer, a pool or a witness.</summary>
public sealed record JobBound(ChainPosition At, Bytes32 Job, Address Payer, uint Pool, Address Witness) : IJobEvent;

public sealed record ResultSubmitted(
    ChainPosition At, Bytes32 Job, Address Operator, Bytes32 Commitment, Bytes32 Manifest, ulong Epoch) : IJobEvent;

public sealed record SeedRecorded(ChainPosition At, ulong Epoch, Bytes32 Seed) : IChainEvent;

public sealed record RewardReleased(
    ChainPosition At, Bytes32 Job, Address Operator, Outcome Outcome, Bytes32 OutputsRoot, ulong Units, Amount Price, Address Reexecutor) : IJobEvent;

public sealed record JobRefunded(
    ChainPosition At, Bytes32 Job, Address Client, Outcome Outcome, Amount Refund, Amount Penalty) : IJobEvent;

public sealed record ResultAccused(
    ChainPosition At, Bytes32 Job, Address Accuser, Bytes32 Value, bool Bonded, ulong Epoch, uint RosterLength) : IJobEvent;

/// <param name="Appellant">Zero: the first round was split.</param>
public sealed record ResultAppealed(ChainPosition At, Bytes32 Job, Address Appellant, ulong Epoch, uint RosterLength) : IJobEvent;

public sealed record AppealLapsed(ChainPosition At, Bytes32 Job) : IJobEvent;

public sealed record SeatsDrawn(ChainPosition At, Bytes32 Job, byte Round, IReadOnlyList<Address> Seats, ulong CommitBy) : IJobEvent;

public sealed record SeatRefilled(
    ChainPosition At, Bytes32 Job, byte Round, byte Seat, Address From, Address To, bool Failed, ulong CommitBy) : IJobEvent;

public sealed record SeatCommitted(ChainPosition At, Bytes32 Job, byte Round, byte Seat, Address Operator, Bytes32 Commitment) : IJobEvent;

public sealed record SeatsSealed(ChainPosition At, Bytes32 Job, byte Round, ulong RevealBy) : IJobEvent;

public sealed record ClaimOpened(ChainPosition At, Bytes32 Job, Bytes32 OutputsRoot, ulong Units, Bytes32 Salt) : IJobEvent;

public sealed record VerdictReached(ChainPosition At, Bytes32 Job, byte Round, Verdict Verdict, Bytes32 Value, Bytes32 Evidence) : IJobEvent;

public sealed record StakeSlashed(
    ChainPosition At, Bytes32 Job, Address Operator, Amount Amount, Amount Compensation, Amount AccuserReward, Amount Insured) : IJobEvent;

/// <summary>An item of a batch that the contract left out; the job itself is unchanged.</summary>
public sealed record ItemSkipped(ChainPosition At, Bytes32 Job, ItemAction Action, Skip Code) : IJobEvent;

public sealed record LedgerMoved(
    ChainPosition At, Bytes32 Job, Address Account, Book Book, Reason Reason, Amount Amount, Amount Balance) : IJobEvent;

public sealed record OperatorRegistered(ChainPosition At, Address Operator, Address Signer, Address Payout, Address Owner = default) : IChainEvent;

public sealed record OperatorJoined(ChainPosition At, Address Operator, uint Place, Address Cluster) : IChainEvent;

public sealed record OperatorRetired(ChainPosition At, Address Operator, uint Place, bool Jailed) : IChainEvent;

public sealed record OperatorStruck(ChainPosition At, Address Operator, Bytes32 Job, Outcome Outcome, uint Count) : IJobEvent;

public sealed record UnbondingRequested(ChainPosition At, Address Operator, Amount Amount, ulong UnbondsAt) : IChainEvent;

public sealed record NonceCancelled(ChainPosition At, Address Client, Bytes32 Nonce) : IChainEvent;

/// <summary>Jobs are opened under this version of the parameters from now on; a version never changes.</summary>
public sealed record VersionAdded(ChainPosition At, uint Version) : IChainEvent;

public sealed record PauseSet(ChainPosition At, bool Paused) : IChainEvent;

public sealed record BeaconMissed(ChainPosition At, ulong Epoch, ulong SourceBlock) : IChainEvent;

public sealed record SpendingApproved(ChainPosition At, Address Payer, Address Spender, Amount PerJob, Amount PerDay, ulong Until) : IChainEvent;

public sealed record PoolOwned(ChainPosition At, uint Pool, Address Owner) : IChainEvent;

public sealed record PoolMemberSet(ChainPosition At, uint Pool, Address Account, bool Orders, bool Works) : IChainEvent;

public sealed record RuntimeRegistered(ChainPosition At, byte Number, Bytes32 Runtime, bool Deterministic) : IChainEvent;
