// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVocabulary} from "./IVocabulary.sol";

/// @title What the escrow's own code does: the deposit that everything begins with, jobs without a dispute, which anybody may move, and the slash
interface IJobs is IVocabulary {
    /// @notice Moves `amount` tokens of the caller into its available balance.
    /// @dev Fails with IsPaused, ZeroAmount, UnexpectedTransfer, or as the token does.
    function deposit(uint256 amount) external;

    /// @notice Opens jobs from orders and acceptances.
    /// @dev Skips: BadTerms (price, run window or node key), Expired, WrongOperator (also an acceptance of another order), NonceUsed, NotEligible (operator not
    /// active, or client or payer itself), NotInPool, NotDeterministic (exact, without a runtime that is registered as deterministic), RosterTooSmall, FeeTooLow, Admission,
    /// InsufficientFunds (of the payer), NotAllowed (the payer has approved no such spending), BadClientSignature, BadOperatorSignature.
    /// A client that is a contract wallet is asked by ERC-1271; it can cost its batch gas, within a bound, and nothing else. With less gas left than that bound
    /// the call fails with TooLittleGas.
    /// Admission, with B = bond - unbonding: 2 * maxPrice <= f * B and 2 * (exposure + maxPrice) <= B.
    function open(OpenItem[] calldata items) external;

    /// @notice Records sealed results in the run window.
    /// @dev Skips: WrongState, TooLate, BadTerms (zero commitment), BadWitness, BadNodeSignature.
    function submit(SubmitItem[] calldata items) external;

    /// @notice Accepts results: from `submittedAt + reviewWindow` if not sampled or with the attestation of the drawn re-executor, from
    /// `submittedAt + longReview` without. The n-th re-executor may answer from `submittedAt + n * checkWindow`. If the seed came later than the review window's
    /// end, the later windows, those of `accuse` and `expire` too, move by as much. An accused exact job whose accuser's value is the opened one is released as Checked.
    /// @dev Skips: WrongState, TooEarly, SeedMissing, BadOpening, CheckMissing, BadAttestation.
    /// A check on a job that is not sampled is ignored. An attestation here is Value with the opened value (exact) or Match (tolerance).
    function release(ReleaseItem[] calldata items) external;

    /// @notice Refunds jobs without a result (after the run window) or without an opening (`openWindow` after the review).
    /// @dev Skips: WrongState, TooEarly, SeedMissing.
    function expire(JobItem[] calldata jobs) external;

    /// @notice Takes the convicted operators' stake of what the accusation locked, of the bond where that is too little, and then of what other cases have locked,
    /// `appealWindow` after the certificate.
    /// @dev Skips: WrongState, TooEarly.
    function slash(JobItem[] calldata jobs) external;

    // ---------------------------------------------------------------- views

    /// @notice Where a job is and why it ended.
    function stateOf(bytes32 job) external view returns (State state, Outcome outcome);
    /// @notice Whether this is the record of the job.
    function isRecord(bytes32 job, Job calldata record) external view returns (bool);
}
