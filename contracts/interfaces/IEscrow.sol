// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICases} from "./ICases.sol";

/// @title Assay escrow: clients' money, operators' bonds, jobs and their verdicts
/// @notice One ERC-20 token is payment and bond. Whoever signs is bound; whoever calls only carries: no function but those under "clients" and
/// "operators" looks at its caller, except to pay the keeper's part for moving a job to its end.
/// @dev All amounts are integers in the smallest unit of `token`. All times are seconds, all windows relative. Shares are parts per million (ppm).
/// A deadline is the last second at which an act is allowed; what waits for it to pass is allowed from the next second on.
/// An epoch is `epochBlocks` blocks; its last block is `(epoch + 1) * epochBlocks - 1`, its seed is known once that block is past.
/// Pinned preimages, `abi.encode` everywhere:
///   value      = keccak256(outputsRoot, units)
///   commitment = keccak256(salt, value), of a result and of a seat
///   sampled    = uint256(keccak256(keccak256("assay.sample"), seed, job)) % 1e6 < ratePpm, seed of the epoch after the submission
///   probe p    = uint256(keccak256(keccak256("assay.draw"), seed, job, uint8 round, uint256 p)) % rosterLength, p from 0 to 63
interface IEscrow is ICases {
    // ---------------------------------------------------------------- clients

    /// @notice Moves `amount` tokens of the caller into its available balance.
    function deposit(uint256 amount) external;

    /// @notice Pays `amount` of the caller's available balance out to the caller.
    function withdraw(uint256 amount) external;

    /// @notice Makes orders of the caller with this nonce worthless.
    function cancelNonce(uint256 nonce) external;

    /// @notice Moves `amount` tokens of the caller into CheckPool or InsurancePool.
    function donate(Book pool, uint256 amount) external;

    // ---------------------------------------------------------------- operators

    /// @notice Makes the caller an operator with a place in the roster.
    /// @param signer Hot key for acceptances, attestations and seat commitments.
    /// @param payout Where `claim` pays to. Operators with the same payout address are one cluster and never check each other.
    /// @param bond Tokens of the caller, at least `minBond`.
    function register(address signer, address payout, uint96 bond) external;

    /// @notice Adds tokens of the caller to its bond.
    function addBond(uint96 amount) external;

    /// @notice Announces that `amount` of the caller's bond shall leave. It stays slashable until withdrawn and backs no new job. A second request adds to
    /// the first and restarts the delay. The place is retired if less than `minBond` stays.
    function requestUnbonding(uint96 amount) external;

    /// @notice Pays the unbonding stake out to the calling operator once the delay is over and the rest covers the slash of every job in flight
    /// (2 * exposure / f).
    function withdrawBond() external;

    /// @notice Gives the calling operator a new place after jail or exit, if its bond less unbonding is at least `minBond` and
    /// `unbondingDelay` has passed since. Forgets its no-shows, not its strikes.
    function rejoin() external;

    /// @notice Pays what `operator` has earned to its payout address.
    function claim(address operator) external;

    // ---------------------------------------------------------------- jobs: each callable by anybody

    /// @notice Opens jobs from orders and acceptances.
    /// @dev Skips: BadTerms (price, run window or node key), Expired, WrongOperator (also an acceptance of another order), NonceUsed, NotEligible (operator not
    /// active, or the client itself), RosterTooSmall, FeeTooLow, Admission, InsufficientFunds, BadClientSignature, BadOperatorSignature.
    /// Admission, with B = bond - unbonding: 2 * maxPrice <= f * B and 2 * (exposure + maxPrice) <= B.
    function open(OpenItem[] calldata items) external;

    /// @notice Records sealed results in the run window.
    /// @dev Skips: WrongState, TooLate, BadTerms (zero commitment), BadNodeSignature.
    function submit(SubmitItem[] calldata items) external;

    /// @notice Records the seed of an epoch that is over. Within 256 blocks of its end it is keccak256(blockhash of its last block, epoch); later it is
    /// keccak256(seed of the next epoch, epoch), so that missing the time gives nobody a choice.
    function recordSeed(uint64 epoch) external;

    /// @notice Accepts results: from `submittedAt + reviewWindow` if not sampled or with the attestation of the drawn re-executor, from
    /// `submittedAt + longReview` without. The n-th re-executor may answer from `submittedAt + n * checkWindow`. If the seed came later than the review window's
    /// end, the later windows, those of `accuse` and `expire` too, move by as much. An accused exact job whose accuser's value is the opened one is released as Checked.
    /// @dev Skips: WrongState, TooEarly, SeedMissing, BadOpening, CheckMissing, BadAttestation.
    /// A check on a job that is not sampled is ignored. An attestation here is Value with the opened value (exact) or Match (tolerance).
    function release(ReleaseItem[] calldata items) external;

    /// @notice Refunds jobs without a result (after the run window) or without an opening (`openWindow` after the review).
    /// @dev Skips: WrongState, TooEarly, SeedMissing.
    function expire(bytes32[] calldata jobs) external;

    // ---------------------------------------------------------------- views

    /// @notice The ERC-20 token.
    function token() external view returns (address);
    /// @notice What was fixed at construction.
    function parameters() external view returns (Parameters memory);
    /// @notice A client's balances. Keepers' parts arrive in `available` too.
    function account(address who) external view returns (uint256 available, uint256 reserved);
    /// @notice An operator's record; zeros if not registered.
    function operatorOf(address who) external view returns (Operator memory);
    /// @notice A job; zeros if never opened.
    function jobOf(bytes32 job) external view returns (Job memory);
    /// @notice A job's case; zeros if never accused.
    function caseOf(bytes32 job) external view returns (Case memory);
    /// @notice The two pools: what pays re-executors, and what insures.
    function pools() external view returns (uint256 checkPool, uint256 insurancePool);
    /// @notice Places ever given, retired ones included.
    function rosterLength() external view returns (uint32);
    /// @notice A place by its index.
    function placeAt(uint32 index) external view returns (Place memory);
    /// @notice Operators holding a place.
    function activeOperators() external view returns (uint32);
    /// @notice The epoch of this block.
    function currentEpoch() external view returns (uint64);
    /// @notice The recorded seed; zero while unknown.
    function seedOf(uint64 epoch) external view returns (bytes32);
    /// @notice Whether the client's nonce has opened a job or was cancelled.
    function nonceUsed(address client, uint256 nonce) external view returns (bool);
    /// @notice Whether the job's sampling is decided (submitted, and the seed recorded), and how.
    function isSampled(bytes32 job) external view returns (bool decided, bool sampled);
    /// @notice Who re-executes at this attempt (0 to 2); zero while undecided, if not sampled, or if the draw found nobody.
    function drawnFor(bytes32 job, uint8 attempt) external view returns (address);
    /// @notice EIP-712 digest of an order: the job id.
    function hashOrder(Order calldata order) external view returns (bytes32);
    /// @notice EIP-712 digest of an acceptance.
    function hashAcceptance(Acceptance calldata acceptance) external view returns (bytes32);
    /// @notice EIP-712 digest of a result.
    function hashResult(Result calldata result) external view returns (bytes32);
    /// @notice EIP-712 digest of an attestation.
    function hashAttestation(Attestation calldata attestation) external view returns (bytes32);
    /// @notice EIP-712 digest of a seat commitment.
    function hashSeatCommitment(SeatCommitment calldata commitment) external view returns (bytes32);
}
