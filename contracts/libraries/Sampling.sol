// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Pricing} from "./Pricing.sol";

/// @title Which results are checked
library Sampling {
    bytes32 internal constant DOMAIN = keccak256("assay.sample");

    /// @notice The sampling rate of an operator with `clean` confirmed checks: min(1, max(floor, c / (clean + a))), rounded down.
    function rateDown(uint256 clean, uint256 floorPpm, uint256 recordNumerator, uint256 recordOffset) internal pure returns (uint256) {
        unchecked {
            // Small numbers all, and the offset is not zero.
            uint256 byRecord = recordNumerator * Pricing.PPM / (clean + recordOffset);
            return byRecord < floorPpm ? floorPpm : Pricing.min(byRecord, Pricing.PPM);
        }
    }

    /// @notice Whether a job is sampled under the seed of the epoch after its submission.
    function isSampled(bytes32 seed, bytes32 job, uint256 ratePpm) internal pure returns (bool) {
        bytes32 domain = DOMAIN;
        uint256 drop;
        assembly ("memory-safe") {
            let place := mload(0x40)
            mstore(place, domain)
            mstore(add(place, 32), seed)
            mstore(add(place, 64), job)
            drop := keccak256(place, 96)
        }
        return drop % Pricing.PPM < ratePpm;
    }
}
