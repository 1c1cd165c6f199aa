// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ledger} from "./Ledger.sol";

/// @title Epochs and their seeds
/// @dev An epoch's number carries its clock, so that both sources count side by side: blocks, or seconds for the beacon. The next number is the next epoch of the
/// same clock.
abstract contract Epochs is Ledger {
    uint64 private constant BEACON_EPOCH = 1 << 39;

    mapping(uint64 epoch => bytes32) internal _seeds;
    mapping(uint64 epoch => uint40) internal _seededAt;
    mapping(uint64 epoch => uint256 blockNumber) internal _missed;

    function _epoch(uint256 version) internal view returns (uint64) {
        if (version < BEACON_VERSION) return uint64(block.number / _epochBlocks());
        return BEACON_EPOCH | uint64(block.timestamp / _epochSeconds());
    }

    function _isBeacons(uint64 epoch) internal pure returns (bool) {
        return epoch & BEACON_EPOCH != 0;
    }

    /// @dev Its last block, or the last second of an epoch of the beacon.
    function _lastOf(uint64 epoch) internal view returns (uint256) {
        // 64 bits times 32.
        unchecked {
            if (!_isBeacons(epoch)) return (uint256(epoch) + 1) * _epochBlocks() - 1;
            return (uint256(epoch ^ BEACON_EPOCH) + 1) * _epochSeconds() - 1;
        }
    }

    function _seal(uint64 epoch, bytes32 source) internal {
        bytes32 seed = keccak256(abi.encode(source, epoch));
        _seeds[epoch] = seed;
        _seededAt[epoch] = uint40(block.timestamp);
        emit SeedRecorded(epoch, seed);
    }

    function _epochBlocks() internal view virtual returns (uint256) {
        return _least.epochBlocks;
    }

    function _epochSeconds() internal view virtual returns (uint256) {
        return _least.epochSeconds;
    }
}
