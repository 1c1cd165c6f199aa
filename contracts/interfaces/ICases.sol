// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVocabulary} from "./IVocabulary.sol";

/// @title What happens to a disputed job; each function is callable by anybody
/// @notice A case has one round or two. Each draws its seats with the seed of the epoch after its beginning; the seats commit, the claim is opened, the seats
/// open in the certificate.
interface ICases is IVocabulary {
    /// @notice The drawn re-executor's signed value (exact), or Mismatch or Malformed (tolerance), opens a case until `submittedAt + longReview` (later by as
    /// much as the seed came after the review window). Locks the pay of both rounds' seats from both bonds, and from the operator's what a conviction costs
    /// it, each as far as it reaches. An exact value is accused unseen: if it proves equal to the claim, `release` or `openClaim` ends the case as Checked and
    /// nobody loses.
    function accuse(Job calldata record, Attestation calldata attestation, bytes calldata signature) external;

    /// @notice Anybody but the operator opens a case with a pledge of both rounds' seats' pay, all of which must be there: of a result that is not sampled, or not
    /// yet, until `submittedAt + reviewWindow`; of a sampled one from half of the review on, until the end of the long review.
    /// @param signature Empty if the pledging account, or the operator's signer, is the caller.
    function challenge(Job calldata record, Pledge calldata pledge, bytes calldata signature) external;

    /// @notice Brings a first conviction before the second round, until the appeal window ends, with a pledge of that round's seats' pay. Anybody may stand for
    /// the operator. Locks the same from a drawn accuser's bond, as far as it reaches.
    function appeal(Job calldata record, Pledge calldata pledge, bytes calldata signature) external;

    /// @notice Draws the round's seats once the seed of the epoch after its beginning is known: nobody of the operator's, accuser's, appellant's or another seat's
    /// cluster, and none of the first round's in the second.
    function drawSeats(bytes32 job, Job calldata record) external;

    /// @notice Records the seats' sealed values until `commitBy`.
    /// @dev Skips: WrongState (no open seat of that number and round), TooLate, BadTerms (zero commitment), BadOperatorSignature.
    function commitSeats(CommitItem[] calldata items) external;

    /// @notice Gives a seat that is silent after `commitBy` to the next operator drawn, and a strike to who was silent. With the seat's signed Failed (zero value,
    /// zero salt) at once and without a strike.
    function refillSeat(bytes32 job, Job calldata record, uint8 seat, bytes calldata failure) external;

    /// @notice Opens the accused result, in the first round or, if it was closed still, in the second. Only once all seats have committed: before, it would tell
    /// them the value. In the first round it ends an exact job as Checked if its value is the accuser's own.
    function openClaim(bytes32 job, Job calldata record, Opening calldata opening) external;

    /// @notice Decides the round with the seats' openings, after the claim's opening or `revealBy`, until the round's verdict window ends.
    /// @dev One attestation and one signature for each seat. Exact: a value counts for the claim if it is the claim's, against it if not, or if the claim was
    /// never opened. Tolerance: Match counts for it, Mismatch and Malformed against it. The first round decides if all seats say the same; if not, the
    /// second follows. The second convicts with `convictQuorum` on one word against the claim, clears with `clearQuorum` for it, and is else inconclusive for
    /// good. After `revealBy + revealWindow` a signature may be empty: that seat pays the seat penalty.
    function certify(bytes32 job, Job calldata record, Attestation[] calldata attestations, bytes[] calldata signatures, bytes32 evidence) external;

    /// @notice Ends rounds without a certificate after their verdict window: a first conviction stands and can be slashed; without one the client is refunded and
    /// nobody slashed.
    /// @dev Skips: WrongState, WrongRecord, TooEarly.
    function lapse(JobItem[] calldata jobs) external;
}
