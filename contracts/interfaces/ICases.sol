// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVocabulary} from "./IVocabulary.sol";

/// @title What happens to a disputed job; each function is callable by anybody
interface ICases is IVocabulary {
    /// @notice The drawn re-executor's signed value (exact), or Mismatch or Malformed (tolerance), opens a case until `submittedAt + longReview` (later by as
    /// much as the seed came after the review window). Locks three times the max price from both bonds, and from the operator's what a conviction costs it, each
    /// as far as it reaches. An exact value is accused unseen: if it proves equal to the claim, `release` or `openClaim` ends the case as Checked and nobody loses.
    function accuse(Job calldata record, Attestation calldata attestation, bytes calldata signature) external;

    /// @notice Draws the three seats once the seed of the epoch after the accusation is known.
    function drawSeats(bytes32 job, Job calldata record) external;

    /// @notice Records the seats' sealed values until `commitBy`.
    /// @dev Skips: WrongState (no open seat of that number), TooLate, BadTerms (round, zero commitment, or a copy of the claim's or another seat's),
    /// BadOperatorSignature.
    function commitSeats(CommitItem[] calldata items) external;

    /// @notice Gives a seat that is silent after `commitBy` to the next operator drawn.
    function refillSeat(bytes32 job, Job calldata record, uint8 seat) external;

    /// @notice Opens the accused result. Only once all seats have committed: before, it would tell them the value. Ends an exact job as Checked if its value is
    /// the accuser's own.
    function openClaim(bytes32 job, Job calldata record, Opening calldata opening) external;

    /// @notice Decides the case with the seats' openings, after the claim's opening or `revealBy`, until `accusedAt + verdictWindow`.
    /// @dev Exact: three equal values clear the claim if they are its value and convict it if not, or if it was never opened. Tolerance: three Match clear, three of
    /// Mismatch and Malformed convict. Everything else is inconclusive. After `revealBy + revealWindow` a signature may be empty: that seat pays the seat penalty.
    function certify(bytes32 job, Job calldata record, Attestation[3] calldata attestations, bytes[3] calldata signatures, bytes32 evidence) external;

    /// @notice Refunds cases without a certificate `verdictWindow` after the accusation; nobody is slashed.
    /// @dev Skips: WrongState, TooEarly.
    function lapse(JobItem[] calldata jobs) external;
}
