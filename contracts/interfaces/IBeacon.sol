// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title A public source of randomness whose value at any time is one and can be proven to anybody
interface IBeacon {
    /// @notice The proof is not of that round's value.
    error BadBeacon(uint64 round);
    /// @notice The chain lacks a precompiled contract of EIP-2537.
    error NoPrecompile(address precompile);

    /// @notice The first round that is published later than this.
    /// @param time Unix seconds.
    function roundAfter(uint256 time) external view returns (uint64);

    /// @notice The value of the first round that is published later than this.
    /// @param time Unix seconds.
    /// @param proof What the beacon has published for that round, in the form that the implementation names.
    /// @dev Fails with BadBeacon, whatever is wrong with the proof, or NoPrecompile.
    function randomnessAfter(uint256 time, bytes calldata proof) external view returns (bytes32);
}
