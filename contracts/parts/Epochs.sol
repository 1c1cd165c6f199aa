// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ledger} from "./Ledger.sol";

/// @title Epochs and their seeds
abstract contract Epochs is Ledger {
    mapping(uint64 epoch => bytes32) internal _seeds;
    mapping(uint64 epoch => uint40) internal _seededAt;

    function _epoch() internal view returns (uint64) {
        return uint64(block.number / _epochBlocks());
    }

    function _lastBlock(uint64 epoch) internal view returns (uint256) {
        return (uint256(epoch) + 1) * _epochBlocks() - 1;
    }

    function _epochBlocks() internal view virtual returns (uint256) {
        return _parameters.epochBlocks;
    }
}
