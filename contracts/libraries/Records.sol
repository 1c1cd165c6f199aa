// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVocabulary} from "../interfaces/IVocabulary.sol";

/// @title The word that stands for a job: the digest of its record, its outcome and its state
/// @dev The low eight bits are the state, the next eight the outcome, the rest the digest without its first two bytes.
library Records {
    uint256 private constant BYTES = 448;
    uint256 private constant DIGEST = type(uint256).max << 16;

    /// @notice The head of a job that is opened now.
    /// @dev Client, terms and run window stand in the order as they stand in the record, so they are copied and not decoded. Whoever calls has read them.
    function opened(IVocabulary.OpenItem calldata item, uint256 fee, uint256 ratePpm, uint256 rosterLength) internal view returns (uint256) {
        IVocabulary.Order calldata order = item.order;
        (address operator, address nodeKey) = (item.operator, item.nodeKey);
        uint256 digest;
        assembly ("memory-safe") {
            let place := mload(0x40)
            calldatacopy(place, order, 32)                        // client
            mstore(add(place, 32), operator)
            mstore(add(place, 64), nodeKey)
            calldatacopy(add(place, 96), add(order, 128), 96)     // comparison, unit price, max price
            mstore(add(place, 192), fee)
            calldatacopy(add(place, 224), add(order, 256), 32)    // run window
            mstore(add(place, 256), timestamp())
            mstore(add(place, 288), ratePpm)
            mstore(add(place, 320), rosterLength)
            calldatacopy(add(place, 352), calldatasize(), 96)     // zeros: no result yet
            digest := keccak256(place, BYTES)
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
