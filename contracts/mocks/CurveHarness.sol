// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {HashToCurve} from "../libraries/HashToCurve.sol";

/// @title Lets tests put published vectors to the steps of the hash to the curve
contract CurveHarness {
    function toG1(bytes calldata message, bytes calldata tag) external view returns (bytes memory) {
        return HashToCurve.toG1(message, tag);
    }

    function expand(bytes calldata message, bytes calldata tag) external pure returns (bytes32[4] memory) {
        return HashToCurve.expand(message, tag);
    }

    function reduce(bytes32 high, bytes32 low) external view returns (bytes memory) {
        return HashToCurve.reduce(high, low);
    }

    function map(bytes calldata element) external view returns (bytes memory) {
        return HashToCurve.map(element);
    }
}
