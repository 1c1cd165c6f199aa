// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVocabulary} from "./IVocabulary.sol";

/// @title What may change while jobs run, by whom, and the seeds that come from the beacon
/// @notice The authority is an OpenZeppelin AccessManager that was named at construction: it says who may call what and after which delay. It has power over the
/// three functions under "authority" and over nothing else; nobody can exchange it, nor any code.
interface ICharter is IVocabulary {
    // ---------------------------------------------------------------- authority

    /// @notice Opens jobs under these parameters from now on. Jobs in flight, their cases included, keep theirs.
    /// @return version Its number.
    /// @dev Fails with NotAuthorized, BadParameter, OutOfLimits, NoBeacon.
    function addVersion(Parameters calldata parameters) external returns (uint16 version);

    /// @notice Stops deposits and openings.
    /// @dev Fails with NotAuthorized.
    function pause() external;

    /// @notice Allows deposits and openings again.
    /// @dev Fails with NotAuthorized.
    function unpause() external;

    // ---------------------------------------------------------------- seeds

    /// @notice Records the seed of an epoch that is over. Within 256 blocks of its end it is keccak256(blockhash of its last block, epoch); later it is
    /// keccak256(seed of the next epoch, epoch), so that missing the time gives nobody a choice. Anybody may call.
    /// @dev Fails with SeedKnown, WrongSource, EpochRuns, SeedUnknown.
    function recordSeed(uint64 epoch) external;

    /// @notice Records the seed of an epoch of the beacon that is over, whenever: keccak256(value, epoch), value being that of the first round that is published after
    /// the epoch's last second. Anybody may call.
    /// @param proof As the beacon wants it; for drand's quicknet the signature as an uncompressed point of G1, 96 bytes.
    /// @dev Fails with SeedKnown, WrongSource, EpochRuns, and as the beacon: BadBeacon.
    function recordBeacon(uint64 epoch, bytes calldata proof) external;

    /// @notice For a beacon that has fallen silent: a day after an epoch's end, without a seed, the first call names the block that it is in, and a later one, within 256
    /// blocks, records keccak256(hash of that block, epoch). Named again if that time was missed. A proof is taken until the seed is there. Anybody may call.
    /// @dev Fails with SeedKnown, WrongSource, Early.
    function recordWithoutBeacon(uint64 epoch) external;

    // ---------------------------------------------------------------- views

    /// @notice The AccessManager; zero if nobody may ever change anything.
    function authority() external view returns (address);
    /// @notice Where seeds come from under versions that say so; zero if there is none.
    function beacon() external view returns (address);
}
