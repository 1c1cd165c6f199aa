// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {IBeacon} from "./interfaces/IBeacon.sol";
import {ICharter} from "./interfaces/ICharter.sol";
import {Bounds} from "./libraries/Bounds.sol";
import {Rules, rulesOf} from "./libraries/Words.sol";
import {CaseBook} from "./parts/CaseBook.sol";
import {Governed} from "./parts/Governed.sol";

/// @title The charter: versions of the parameters, the pause, and the beacon's seeds
/// @notice Code of the escrow, run by delegatecall on its storage.
contract Charter is ICharter, Governed, CaseBook {
    uint256 private constant HASHES_KEPT = 256;
    /// @dev Long enough that somebody brings the round if there is one.
    uint256 private constant PATIENCE = 1 days;

    IBeacon private immutable _beacon;

    /// @param authority_ An AccessManager; zero for a deployment that never changes.
    /// @param beacon_ Zero for a deployment that takes block hashes only.
    constructor(IAccessManager authority_, IBeacon beacon_) Governed(authority_) {
        _beacon = beacon_;
    }

    /// @inheritdoc ICharter
    function addVersion(Parameters calldata parameters) external nonReentrant restricted returns (uint16 version) {
        Rules rules = _rules;
        require(parameters.randomness == Randomness.BlockHash || address(_beacon) != address(0), NoBeacon());
        Bounds.check(parameters);
        Bounds.checkWithin(parameters, _least, _most);

        uint256 number = _numberOf(uint16(rules.versionOf()) % BEACON_VERSION + 1, parameters.randomness);
        _pastRules[rules.versionOf()] = rules;
        _versions[number] = parameters;
        _rules = rulesOf(parameters, number).withPause(rules.paused());
        emit VersionAdded(uint32(number));
        return uint16(number);
    }

    /// @inheritdoc ICharter
    function pause() external nonReentrant restricted {
        _setPause(true);
    }

    /// @inheritdoc ICharter
    function unpause() external nonReentrant restricted {
        _setPause(false);
    }

    /// @inheritdoc ICharter
    function recordSeed(uint64 epoch) external nonReentrant {
        require(_seeds[epoch] == 0, SeedKnown(epoch));
        require(!_isBeacons(epoch), WrongSource(epoch));
        uint256 last = _lastOf(epoch);
        require(block.number > last, EpochRuns(epoch, last));

        bytes32 source = blockhash(last);
        if (block.number > last + HASHES_KEPT) {
            source = _seeds[epoch + 1];
            require(source != 0, SeedUnknown(epoch + 1));
        }
        _seal(epoch, source);
    }

    /// @inheritdoc ICharter
    function recordBeacon(uint64 epoch, bytes calldata proof) external nonReentrant {
        uint256 last = _unsealed(epoch);
        require(block.timestamp > last, EpochRuns(epoch, last));
        _seal(epoch, _beacon.randomnessAfter(last, proof));
    }

    /// @inheritdoc ICharter
    function recordWithoutBeacon(uint64 epoch) external nonReentrant {
        uint256 from = _unsealed(epoch) + PATIENCE;
        require(block.timestamp >= from, Early(block.timestamp, from));
        uint256 named = _missed[epoch];
        bytes32 source = blockhash(named);
        if (named != 0 && source != 0) return _seal(epoch, source);
        // The hash of a block is unknown while the block is being made.
        _missed[epoch] = block.number;
        emit BeaconMissed(epoch, uint64(block.number));
    }

    /// @inheritdoc ICharter
    function authority() external view returns (address) {
        return address(_authority);
    }

    /// @inheritdoc ICharter
    function beacon() external view returns (address) {
        return address(_beacon);
    }

    function _setPause(bool paused_) private {
        _rules = _rules.withPause(paused_);
        emit PauseSet(paused_);
    }

    /// @dev The last second of an epoch of the beacon that has no seed.
    function _unsealed(uint64 epoch) private view returns (uint256) {
        require(_seeds[epoch] == 0, SeedKnown(epoch));
        require(_isBeacons(epoch), WrongSource(epoch));
        return _lastOf(epoch);
    }
}
