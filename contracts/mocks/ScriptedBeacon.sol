// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBeacon} from "../interfaces/IBeacon.sol";

/// @title A beacon that proves nothing: whoever records a seed first chooses it
/// @notice For demonstrations that have to draw whom they want. A deployment with it is worth nothing.
contract ScriptedBeacon is IBeacon {
    /// @inheritdoc IBeacon
    function roundAfter(uint256 time) external pure returns (uint64) {
        return uint64(time + 1);
    }

    /// @inheritdoc IBeacon
    /// @param proof The value itself.
    function randomnessAfter(uint256, bytes calldata proof) external pure returns (bytes32) {
        return abi.decode(proof, (bytes32));
    }
}
