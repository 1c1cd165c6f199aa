// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVocabulary} from "../interfaces/IVocabulary.sol";

/// @title The word that stands for a job: the digest of its record, its outcome and its state
/// @dev The low eight bits are the state, the next eight the outcome, the rest the digest without its first two bytes.
library Records {
    uint256 private constant BYTES = 448;
    uint256 private constant DIGEST = type(uint256).max << 16;

    /// @notice The head of a job that is opened now.
    function opened(IVocabulary.Job memory job) internal pure returns (uint256) {
        uint256 digest;
        // A struct of values lies in memory and in calldata as abi.encode writes it.
        assembly ("memory-safe") {
            digest := keccak256(job, BYTES)
        }
        return digest << 16 | uint256(IVocabulary.State.Open);
    }

    /// @notice The head of this job with its result.
    function submitted(IVocabulary.Job calldata job, uint256 submittedAt, uint256 epoch, bytes32 commitment) internal pure returns (uint256) {
        uint256 digest;
        assembly ("memory-safe") {
            let place := mload(0x40)
            calldatacopy(place, job, sub(BYTES, 96))
            mstore(add(place, sub(BYTES, 96)), submittedAt)
            mstore(add(place, sub(BYTES, 64)), epoch)
            mstore(add(place, sub(BYTES, 32)), commitment)
            digest := keccak256(place, BYTES)
        }
        return digest << 16 | uint256(IVocabulary.State.Submitted);
    }

    function stateOf(uint256 word) internal pure returns (IVocabulary.State) {
        return IVocabulary.State(word & 0xff);
    }

    function outcomeOf(uint256 word) internal pure returns (IVocabulary.Outcome) {
        return IVocabulary.Outcome(word >> 8 & 0xff);
    }

    /// @notice Whether this is the record whose digest was kept.
    function matches(uint256 word, IVocabulary.Job calldata job) internal pure returns (bool) {
        uint256 digest;
        assembly ("memory-safe") {
            let place := mload(0x40)
            calldatacopy(place, job, BYTES)
            digest := keccak256(place, BYTES)
        }
        return (word ^ digest << 16) & DIGEST == 0;
    }

    /// @notice The same record in another state.
    function moved(uint256 word, IVocabulary.State state, IVocabulary.Outcome outcome) internal pure returns (uint256) {
        return word & DIGEST | uint256(outcome) << 8 | uint256(state);
    }
}
