// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Course, Terms} from "../libraries/Words.sol";

/// @title The words that every part shares: types, events and errors
interface IVocabulary {
    // ---------------------------------------------------------------- types

    /// @notice Where a job is. Released, Refunded and Slashed are final.
    enum State { None, Open, Submitted, Accused, Convicted, Appealed, Released, Refunded, Slashed }

    /// @notice Why a job ended; the same code stands in the event, the message, the table and on the page.
    enum Outcome {
        None,
        Delivered,     // released, not sampled
        Checked,       // released with the drawn re-executor's agreement
        Unchecked,     // released after the long review, every drawn re-executor silent
        Cleared,       // released because the deciding seats confirmed the result
        NoShow,        // refunded, no result in the run window
        Unavailable,   // refunded, result never opened
        Inconclusive,  // refunded, the second round did not agree or the case lapsed
        WrongResult,   // slashed, the seats agreed on another result
        Cancelled      // refunded, client and operator agreed to end it
    }

    /// @notice Where seeds come from: the hash of an epoch's last block, or a public beacon's value after an epoch's last second.
    enum Randomness { BlockHash, Beacon }

    /// @notice How two results are compared: byte for byte, or within the bounds of the policy.
    enum Comparison { Exact, Tolerance }

    /// @notice What an attestation says. Exact: always Value. Tolerance: Match, Mismatch or Malformed against the opened claim. Failed: the seat could not run
    /// the job, which is no fault.
    enum Finding { None, Value, Match, Mismatch, Malformed, Failed }

    enum Verdict { None, Cleared, Convicted, Inconclusive }

    /// @notice The sub-accounts of the ledger. The two pools belong to the contract's own address. Reserved is what a client's jobs in flight hold, the max
    /// price and the fee of each: it has no lines, for it follows from JobOpened and the jobs' ends.
    enum Book { Available, Reserved, Bond, Locked, Earned, CheckPool, InsurancePool }

    /// @notice Why money moved.
    enum Reason {
        None, Deposit, Withdrawal, Bonding, BondWithdrawal, Reservation, Payment, Remainder, Checks, KeeperPart,
        CheckPay, Refund, Penalty, Slash, Compensation, AccuserReward, Insurance, CaseLock, CaseUnlock, SeatPay, Claim, Donation
    }

    /// @notice Why an item of a batch was left out. A batch of one reverts with `Skipped(code)` instead. Codes are checked in the order in which the
    /// function's notice names them, so that an item is always left out for the same reason.
    enum Skip {
        None, WrongState, Expired, NonceUsed, BadClientSignature, BadOperatorSignature, BadNodeSignature, WrongOperator, NotEligible, Admission,
        InsufficientFunds, FeeTooLow, BadTerms, TooEarly, TooLate, SeedMissing, CheckMissing, BadOpening, BadAttestation, RosterTooSmall, WrongRecord,
        NotInPool, NotAllowed, NotDeterministic, BadWitness
    }

    enum Action { None, Open, Submit, Release, Expire, Slash, Lapse, CommitSeat, Cancel }

    /// @notice Signed by the client. Its EIP-712 digest is the job id, so an order is one job on one chain and one contract.
    struct Order {
        address client;         // signs
        address operator;       // zero: any
        bytes32 workload;       // SHA-256 of the canonical job manifest
        bytes32 policy;         // SHA-256 of the canonical comparison policy
        Comparison comparison;  // kind of that policy
        uint96 unitPrice;
        uint96 maxPrice;
        uint96 maxFee;          // at most this for verification and keeper
        uint32 runWindow;
        uint256 nonce;          // bitmap nonce of the client
        uint64 expiry;          // last second at which it may be opened
        address payer;          // its money, by a standing approval for the client; zero: the client's own
        uint32 pool;            // whose members only may order and work; zero: everybody
        uint8 runtime;          // number of the registered runtime that gives the same bytes everywhere, for exact comparison; zero: none
        address witness;        // key that has to sign that the content is stored; zero: none
    }

    /// @notice Signed by the operator's `signer`: the inputs were fetched and match their digests.
    struct Acceptance {
        bytes32 order;          // job id: EIP-712 digest of the order
        address operator;
        address nodeKey;        // signs the Result
        uint64 openBy;          // last second at which it may be opened
    }

    /// @notice Signed by the acceptance's node key.
    struct Result {
        bytes32 job;
        bytes32 commitment;     // keccak256(abi.encode(salt, value)), value = keccak256(abi.encode(outputsRoot, units))
        bytes32 manifest;       // SHA-256 of the run manifest (device, provider, versions); signed, never compared
    }

    /// @notice Signed by the order's witness: it holds the content that the commitment stands for.
    struct Stored {
        bytes32 job;
        bytes32 commitment;
    }

    /// @notice Signed by the client and by the operator's `signer`: the open job ends, and the money goes back.
    struct Cancel {
        bytes32 job;
        uint64 expiry;          // last second at which it may be carried
    }

    /// @notice Signed by `payer`: `spender` may order at the payer's cost. Replaces what was said before about the same spender; zeros revoke it.
    struct Spending {
        address payer;
        address spender;        // client of such orders
        uint96 perJob;          // most of max price and fee
        uint96 perDay;          // most of them on one day (UTC), whatever comes back of them
        uint40 until;           // last second at which such an order may be opened
        uint256 nonce;          // bitmap nonce of the payer
        uint64 expiry;          // last second at which this may be carried
    }

    /// @notice Signed by `account`: what it has signed with `spent`, or will, is worthless.
    struct Void {
        address account;
        uint256 spent;          // bitmap nonce of the account
        uint64 expiry;          // last second at which it may be carried
    }

    /// @notice Signed by the `signer` of the drawn operator. Round 0 is the spot check, `seat` the attempt; rounds 1 and 2 are the case's, `seat` its seat.
    struct Attestation {
        bytes32 job;
        uint8 round;
        uint8 seat;
        Finding finding;
        bytes32 value;          // the signer's own value
        bytes32 salt;           // opens the seat's commitment; zero in round 0
    }

    /// @notice Signed by the `signer` of the seat's operator. `round` is 1 or 2.
    struct SeatCommitment {
        bytes32 job;
        uint8 round;
        uint8 seat;
        bytes32 commitment;     // keccak256(abi.encode(job, round, seat, salt, value)): nobody else's words open it
    }

    /// @notice Signed by `account`, or by its `signer` if it is an operator: its money stands for this job being wrong (round 1) or for a second round (2).
    struct Pledge {
        bytes32 job;
        address account;        // an operator pledges its bond, anybody else what it has available
        uint8 round;
    }

    /// @notice Signed by `account`: pays `amount` of its available balance to `to`, once.
    struct Withdraw {
        address account;
        address to;
        uint256 amount;
        uint256 nonce;          // bitmap nonce of the account, the same as for its orders
        uint64 expiry;          // last second at which it may be carried
    }

    /// @notice Signed by the operator's payout address, never by its hot key: pays all that `operator` has earned by then to `to`, once.
    struct Claim {
        address operator;
        address to;
        uint256 nonce;          // bitmap nonce of the payout address
        uint64 expiry;          // last second at which it may be carried
    }

    /// @notice Opens a result's commitment.
    struct Opening { bytes32 outputsRoot; uint64 units; bytes32 salt; }

    /// @notice The acceptance without the order's digest, which the contract computes.
    struct OpenItem { Order order; bytes orderSignature; address operator; address nodeKey; uint64 openBy; bytes acceptanceSignature; }
    /// @notice Of a job with a witness the witness' 65 bytes over Stored follow those of the node key in `signature`.
    struct SubmitItem { Job job; Result result; bytes signature; }
    /// @notice The re-executor's attestation without what the contract knows of it: `seat` is the attempt, `value` its own value for a tolerance job (an exact
    /// one's is the opened value). No check: empty signature.
    struct ReleaseItem { bytes32 id; Job job; Opening opening; uint8 seat; bytes32 value; bytes checkSignature; }
    struct JobItem { bytes32 id; Job job; }
    struct PoolMember { address account; bool orders; bool works; }
    struct CancelItem { bytes32 id; Job job; uint64 expiry; bytes clientSignature; bytes operatorSignature; }
    struct CommitItem { SeatCommitment commitment; bytes signature; }

    /// @notice One version of the parameters. It never changes; a job keeps the one that it was opened under for its whole life. A version's number is a count from
    /// 1, plus 2^15 if its seeds come from the beacon.
    struct Parameters {
        uint32 floorPpm;            // f: least share of jobs that is sampled
        uint16 recordNumerator;     // c
        uint16 recordOffset;        // a; rate = min(1, max(f, c / (k + a))), k = clean checks; c >= a
        uint16 epochBlocks;
        uint16 minRoster;           // clusters with an active place needed to open a job
        uint32 maxRunWindow;
        uint32 reviewWindow;
        uint32 checkWindow;         // after each such window the next re-executor may answer, MAX_ATTEMPTS in all
        uint32 longReview;
        uint32 openWindow;
        uint32 commitWindow;        // per draw or refill of seats
        uint32 revealWindow;        // after the last commitment
        uint32 verdictWindow;       // after the accusation
        uint32 appealVerdictWindow; // after the beginning of the second round
        uint32 appealWindow;        // after the conviction
        uint32 unbondingDelay;
        uint32 noShowPpm;           // of the max price
        uint32 noShowsToJail;
        uint32 seatPenaltyPpm;      // of the max price
        uint32 accuserPpm;          // of the slash, at most 100,000
        uint8 firstSeats;           // all of one mind decide
        uint8 secondSeats;
        uint8 convictQuorum;        // of the second round's seats, on one value
        uint8 clearQuorum;          // of the second round's seats, on the opened value
        uint96 minBond;
        uint96 keeperPart;
        uint32 epochSeconds;        // of the beacon's epochs
        Randomness randomness;
    }

    /// @notice A job as every call about it carries it. The chain keeps its digest and its state only, so whoever calls brings the record, which anybody can
    /// put together from the events JobOpened and ResultSubmitted. Words packed by hand are opaque to the ABI: contracts/libraries/Words.sol says where in them
    /// each number is.
    struct Job {
        address client;
        address payer;            // zero: the client
        address operator;
        address nodeKey;          // signs the result
        address witness;          // zero: none
        Terms terms;              // unit price, max price, run window, sampling rate, comparison
        Course course;            // fee, times, epoch, length of the roster, version of the parameters
        bytes32 commitment;       // zero until the result
    }

    /// @notice What an accusation set off. Empty (zeros) for a job that was never accused.
    struct Case {
        address accuser;
        bool bonded;              // accused by a pledge, not as the drawn re-executor
        uint96 accuserLock;       // zero after a conviction, unless bonded
        uint96 operatorLock;      // both rounds' seats and the slash, as far as the bond held; after a conviction what is left of the slash
        uint8 round;              // that runs or was the last
        Verdict first;            // of the first round; Inconclusive is a split
        bool claimOpened;
        bytes32 claim;            // opened value
        uint64 slashableAt;       // zero until a conviction
        address appellant;        // zero: nobody
        uint96 appealLock;
    }

    /// @notice One round of a case. Empty (zeros) before it begins.
    struct Round {
        uint64 startedAt;
        uint64 epoch;             // the seed of the next one draws its seats
        uint32 rosterLength;
        uint64 commitBy;
        uint64 revealBy;          // zero until the last commitment
        uint8 draws;              // places drawn so far, refills included
        address[] seats;
        bytes32[] commitments;    // what the seats said, once the first round has ended without acquittal
    }

    struct Operator {
        address signer;           // hot key: acceptances, attestations, seat commitments
        address payout;           // one cluster with whoever has the same
        uint96 bond;
        uint96 unbonding;
        uint64 unbondsAt;
        uint96 exposure;
        uint96 locked;
        uint96 earned;
        uint32 clean;             // confirmed clean checks
        uint32 noShows;
        uint32 strikes;           // silent as re-executor or seat
        bool active;              // holds a place in the roster
        uint32 place;             // index in the roster, meaningful while active
    }

    /// @notice One place of the append-only roster.
    struct Place {
        address operator;
        uint24 cluster;           // a number for operators of one payout address or declared owner
        uint40 retiredAt;         // block number, zero while active
        uint32 leftAt;            // seconds, zero while active
    }

    // ---------------------------------------------------------------- events

    /// @notice One movement of one book, with the resulting balance. Summed alone, these events rebuild every balance but Reserved. The movements of one
    /// transaction, with what its jobs began or ceased to reserve, sum to the tokens that it brought in or paid out.
    /// @param job The job it belongs to; zero for deposits, bonds, and for what a batch of releases sums: the keeper's parts and the pools.
    /// @param account The client or operator; the contract itself for the two pools.
    event LedgerMoved(bytes32 indexed job, address indexed account, Book book, Reason reason, int256 amount, uint256 balance);

    /// @notice An operator exists from now on; its signer and payout address never change.
    /// @param owner As it declared; zero: none.
    event OperatorRegistered(address indexed operator, address signer, address payout, address owner);
    /// @notice The operator holds a new place of the roster and may be drawn from.
    /// @param cluster The payout address or owner that its cluster was first known by.
    event OperatorJoined(address indexed operator, uint32 place, address cluster);
    /// @notice The operator's place is retired in this block, by jail, by unbonding below the minimum, or because half of the minimum was lost.
    event OperatorRetired(address indexed operator, uint32 place, bool jailed);
    /// @notice The operator was absent. NoShow and Unavailable count towards jail; Unchecked (silent re-executor) and Inconclusive (silent seat) are strikes.
    event OperatorStruck(address indexed operator, bytes32 indexed job, Outcome outcome, uint32 count);
    /// @notice `amount` joined the unbonding stake, all of which may leave from `unbondsAt`.
    event UnbondingRequested(address indexed operator, uint96 amount, uint64 unbondsAt);
    /// @notice The account's nonce can no longer open a job, nor carry a Withdraw or a Claim: it was cancelled, or one of these two has used it.
    event NonceCancelled(address indexed client, uint256 nonce);

    /// @notice Max price and fee are reserved and the operator has the run window; rate and roster length of the result's sampling are frozen.
    event JobOpened(bytes32 indexed job, address indexed client, address indexed operator, address nodeKey, bytes32 workload, bytes32 policy, uint256 nonce,
        Terms terms, Course course);
    /// @notice Of a job whose order names a payer, a pool or a witness; zero is none. Comes right before its JobOpened.
    event JobBound(bytes32 indexed job, address indexed payer, uint32 indexed pool, address witness);
    /// @notice The spender may order at the payer's cost; zeros: no more.
    event SpendingApproved(address indexed payer, address indexed spender, uint96 perJob, uint96 perDay, uint40 until);
    /// @notice A pool is made, or goes to another owner.
    event PoolOwned(uint32 indexed pool, address indexed owner);
    /// @notice What an account may do in a pool from now on.
    event PoolMemberSet(uint32 indexed pool, address indexed account, bool orders, bool works);
    /// @notice Whether orders may be compared byte for byte if they name this number, because the runtime gives the same bytes everywhere.
    /// @param runtime SHA-256 of the runtime's name as manifests have it.
    event RuntimeRegistered(uint8 indexed number, bytes32 indexed runtime, bool deterministic);
    /// @notice A sealed result; the seed of the epoch after that of `course` decides whether it is checked.
    event ResultSubmitted(bytes32 indexed job, address indexed operator, bytes32 commitment, bytes32 manifest, Course course);
    /// @notice The epoch's seed, forever.
    event SeedRecorded(uint64 indexed epoch, bytes32 seed);
    /// @notice The result is accepted and the operator has earned `price`, less what its record costs.
    /// @param reexecutor Who confirmed the spot check; zero if nobody did.
    event RewardReleased(bytes32 indexed job, address indexed operator, Outcome outcome, bytes32 outputsRoot, uint64 units, uint96 price, address reexecutor);
    /// @notice The client has `refund` back. `penalty` is what the operator lost, of which the client got half.
    event JobRefunded(bytes32 indexed job, address indexed client, Outcome outcome, uint96 refund, uint96 penalty);
    /// @notice The drawn re-executor disagrees, or somebody has pledged money (`bonded`, without a value); the seats will be drawn with the seed of the epoch
    /// after `epoch`.
    event ResultAccused(bytes32 indexed job, address indexed accuser, bytes32 value, bool bonded, uint64 epoch, uint32 rosterLength);
    /// @notice The second round begins: a conviction was appealed, or the first round was split (no appellant).
    event ResultAppealed(bytes32 indexed job, address indexed appellant, uint64 epoch, uint32 rosterLength);
    /// @notice The round's operators must commit a value by `commitBy`.
    event SeatsDrawn(bytes32 indexed job, uint8 round, address[] seats, uint64 commitBy);
    /// @notice A seat that was silent, or that `failed` to run the job and said so, went to the next operator drawn.
    event SeatRefilled(bytes32 indexed job, uint8 round, uint8 seat, address from, address to, bool failed, uint64 commitBy);
    /// @notice A seat committed its value.
    event SeatCommitted(bytes32 indexed job, uint8 round, uint8 seat, address indexed operator, bytes32 commitment);
    /// @notice All have committed: the claim may be opened and the certificate must come by `revealBy`.
    event SeatsSealed(bytes32 indexed job, uint8 round, uint64 revealBy);
    /// @notice The accused result was opened.
    event ClaimOpened(bytes32 indexed job, bytes32 outputsRoot, uint64 units, bytes32 salt);
    /// @notice The certificate. `value` is the one that decides (exact), else zero; `evidence` is the SHA-256 of the caller's bundle, not checked here. A first
    /// round that is Inconclusive is followed by the second.
    event VerdictReached(bytes32 indexed job, uint8 round, Verdict verdict, bytes32 value, bytes32 evidence);
    /// @notice Nobody has certified the second round in time, so the first one's conviction stands.
    event AppealLapsed(bytes32 indexed job);
    /// @notice The split of a slash; what is missing to `amount` is the keeper's part.
    event StakeSlashed(bytes32 indexed job, address indexed operator, uint96 amount, uint96 compensation, uint96 accuserReward, uint96 insured);
    /// @notice An item of a batch was left out; the others were not touched by it.
    event ItemSkipped(bytes32 indexed job, Action action, Skip code);

    /// @notice From now on jobs are opened under this version; `parametersOf` tells what is in it.
    event VersionAdded(uint32 indexed version);
    /// @notice Deposits and openings stopped, or are possible again. Nothing else is ever stopped.
    event PauseSet(bool paused);
    /// @notice The beacon has said nothing for this epoch in a day: the hash of the block of this number will do instead.
    event BeaconMissed(uint64 indexed epoch, uint64 sourceBlock);

    // ---------------------------------------------------------------- errors

    /// @notice Deposits and openings are stopped; what is there can go on and out.
    error IsPaused();
    /// @notice The authority does not allow this caller to do this, or not yet.
    error NotAuthorized(address caller);
    /// @notice A parameter, counted from zero in the order of the struct, is outside of what was fixed at construction.
    error OutOfLimits(uint256 field);
    /// @notice There is no beacon to take seeds from.
    error NoBeacon();
    /// @notice This epoch's seed comes from the other source.
    error WrongSource(uint64 epoch);

    /// @notice The only item of a batch cannot be done.
    error Skipped(Skip code);
    /// @notice A parameter is out of its bounds or contradicts another one.
    error BadParameter(string name);
    /// @notice An address that must not be zero.
    error ZeroAddress();
    /// @notice An amount that must not be zero.
    error ZeroAmount();
    /// @notice The token moved another amount than asked; such tokens are refused.
    error UnexpectedTransfer(uint256 expected, uint256 received);
    /// @notice The book holds less than asked for.
    error InsufficientBalance(uint256 balance, uint256 amount);
    /// @notice Donations go to CheckPool or InsurancePool.
    error NotAPool(Book book);
    /// @notice The nonce has opened a job, carried a Withdraw or a Claim, or was cancelled.
    error NonceSpent(address client, uint256 nonce);
    /// @notice Neither a signature of this account nor one that it takes as a contract wallet.
    error BadSignature(address account);
    /// @notice Zero, or the escrow itself: there the money would be nobody's.
    error BadRecipient(address recipient);
    /// @notice Only the pool's owner changes it.
    error NotPoolOwner(uint32 pool, address caller);
    /// @notice The number is taken by another runtime, or is zero or beyond 127.
    error RuntimeTaken(uint8 number, bytes32 runtime);
    /// @notice The payout address belongs to another cluster than the owner's, or to that of an owner who was not declared.
    error ClustersDiffer(address payout, address owner);
    /// @notice The owner, or a payout address that has an operator, has not said that this operator is its own.
    error NotAdopted(address owner, address operator);
    /// @notice Only the operator's payout address says where else its earnings go.
    error NotPayout(address operator, address caller);
    /// @notice The transaction has less gas left than a contract wallet may take to check a signature; without this its refusal could be forged by sending too little.
    error TooLittleGas(uint256 left, uint256 needed);
    /// @notice The caller is an operator already.
    error AlreadyRegistered(address operator);
    /// @notice Nobody registered under this address.
    error NotRegistered(address operator);
    /// @notice The operator holds a place already.
    error AlreadyActive(address operator);
    /// @notice The bond that stays, less what unbonds, is below the minimum.
    error BondTooSmall(uint256 bond, uint256 minimum);
    /// @notice The record is not the one that the chain keeps the digest of.
    error WrongRecord(bytes32 job);
    /// @notice The job is in a state in which this is not allowed.
    error WrongState(bytes32 job, State state);
    /// @notice The act is allowed from `from` on.
    error Early(uint256 time, uint256 from);
    /// @notice The act was allowed until `until`.
    error Late(uint256 time, uint256 until);
    /// @notice The seed of this epoch has not been recorded.
    error SeedUnknown(uint64 epoch);
    /// @notice The seed of this epoch stands already.
    error SeedKnown(uint64 epoch);
    /// @notice The epoch lasts until the end of `last`: a block number, or a second for an epoch of the beacon.
    error EpochRuns(uint64 epoch, uint256 last);
    /// @notice The pledge is for another round, or comes from the accused operator itself.
    error WrongPledge(bytes32 job);
    /// @notice The second round has spoken; there is no third.
    error NoAppeal(bytes32 job);
    /// @notice The job is not sampled, so nobody was drawn to accuse it.
    error NotSampled(bytes32 job);
    /// @notice The seats of this case were drawn already.
    error SeatsKnown(bytes32 job);
    /// @notice The draw found only `found` places for `wanted` picks.
    error RosterExhausted(uint256 found, uint256 wanted);
    /// @notice No such seat, or not one that waits for a commitment.
    error SeatNotOpen(bytes32 job, uint8 seat);
    /// @notice Not every seat has committed.
    error SeatsNotSealed(bytes32 job);
    /// @notice The claim was opened already.
    error ClaimKnown(bytes32 job);
    /// @notice The opening does not match the commitment.
    error WrongOpening(bytes32 job);
    /// @notice The seat's attestation is not one that this certificate may carry.
    error WrongAttestation(bytes32 job, uint8 seat, Skip code);
}
