// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVocabulary} from "../interfaces/IVocabulary.sol";
import {Course, Terms} from "./Words.sol";

/// @title The word that stands for a job: the digest of its record, its outcome and its state
/// @dev The low eight bits are the state, the next eight the outcome, the rest the digest without its first two bytes.
library Records {
    uint256 private constant BYTES = 256;
    uint256 private constant DIGEST = type(uint256).max << 16;

    /// @notice The head of a job that is opened now.
    /// @dev Client, payer and witness are copied from the order and not decoded. Whoever calls has read them.
    function opened(IVocabulary.OpenItem calldata item, Terms terms, Course course) internal pure returns (uint256) {
        IVocabulary.Order calldata order = item.order;
        (address operator, address nodeKey) = (item.operator, item.nodeKey);
        uint256 digest;
        assembly ("memory-safe") {
            let place := mload(0x40)
            calldatacopy(place, order, 32)                        // client
            calldatacopy(add(place, 32), add(order, 352), 32)     // payer
            mstore(add(place, 64), operator)
            mstore(add(place, 96), nodeKey)
            calldatacopy(add(place, 128), add(order, 448), 32)    // witness
            mstore(add(place, 160), terms)
            mstore(add(place, 192), course)
            mstore(add(place, 224), 0)                            // no result yet
            digest := keccak256(place, BYTES)
        }
        return digest << 16 | uint256(IVocabulary.State.Open);
    }

    /// @notice The head of this job with its result.
    function submitted(IVocabulary.Job calldata job, Course course, bytes32 commitment) internal pure returns (uint256) {
        uint256 digest;
        assembly ("memory-safe") {
            let place := mload(0x40)
            calldatacopy(place, job, sub(BYTES, 64))
            mstore(add(place, sub(BYTES, 64)), course)
            mstore(add(place, sub(BYTES, 32)), commitment)
            digest := keccak256(place, BYTES)
        }
        return digest << 16 | uint256(IVocabulary.State.Submitted);
    }

    /// @notice Whose money a job is: what comes back of it goes there.
    function payerOf(IVocabulary.Job calldata job) internal pure returns (address) {
        address payer = job.payer;
        return payer == address(0) ? job.client : payer;
    }

    function isIn(uint256 word, IVocabulary.State state) internal pure returns (bool) {
        return word & 0xff == uint256(state);
    }

    function stateOf(uint256 word) internal pure returns (IVocabulary.State) {
        return IVocabulary.State(word & 0xff);
    }

    function outcomeOf(uint256 word) internal pure returns (IVocabulary.Outcome) {
        return IVocabulary.Outcome(word >> 8 & 0xff);
    }

    /// @notice Whether this is the record whose digest was kept. Only then do its fields mean anything.
    function matches(uint256 word, IVocabulary.Job calldata job) internal pure returns (bool same) {
        assembly ("memory-safe") {
            let place := mload(0x40)
            calldatacopy(place, job, BYTES)
            same := eq(shr(16, word), shr(16, shl(16, keccak256(place, BYTES))))
        }
    }

    /// @notice The same record in another state.
    function moved(uint256 word, IVocabulary.State state, IVocabulary.Outcome outcome) internal pure returns (uint256) {
        return word & DIGEST | uint256(outcome) << 8 | uint256(state);
    }
}
