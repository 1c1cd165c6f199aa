// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IBank} from "./interfaces/IBank.sol";
import {Bounds} from "./libraries/Bounds.sol";
import {Records} from "./libraries/Records.sol";
import {Sampling} from "./libraries/Sampling.sol";
import {Work} from "./libraries/Words.sol";
import {CaseBook} from "./parts/CaseBook.sol";
import {Operators} from "./parts/Operators.sol";
import {Till} from "./parts/Till.sol";

/// @title The bank: clients' and operators' accounts, and what can be read
/// @notice Code of the escrow, run by delegatecall on its storage. Called directly, it has books of its own that nobody should pay into.
contract Bank is Operators, CaseBook {
    using Records for uint256;

    /// @notice The code of what this module has no room for.
    address public immutable registry;

    /// @param registry_ A Registry.
    constructor(IERC20 token_, address registry_) Till(token_) {
        require(registry_.code.length != 0, ZeroAddress());
        registry = registry_;
    }

    /// @dev On whatever storage this code runs; the registry takes the reentrancy guard.
    fallback() external {
        _forward(registry);
    }

    /// @inheritdoc IBank
    function token() external view returns (address) {
        return address(_token);
    }

    /// @inheritdoc IBank
    function parameters() external view returns (Parameters memory) {
        return _versions[_rules.versionOf()];
    }

    /// @inheritdoc IBank
    function currentVersion() external view returns (uint16) {
        return uint16(_rules.versionOf());
    }

    /// @inheritdoc IBank
    function parametersOf(uint16 version) external view returns (Parameters memory) {
        return _versions[version];
    }

    /// @inheritdoc IBank
    function limits() external view returns (Parameters memory, Parameters memory) {
        return (_least, _most);
    }

    /// @inheritdoc IBank
    function paused() external view returns (bool) {
        return _rules.paused();
    }

    /// @inheritdoc IBank
    function epochOf(uint16 version) external view returns (uint64) {
        return _epoch(version);
    }

    /// @inheritdoc IBank
    function available(address client) external view returns (uint256) {
        return _available[client];
    }

    /// @inheritdoc IBank
    function operatorOf(address who) external view returns (Operator memory) {
        OperatorRecord storage record = _operators[who];
        Work work = record.work;
        bool active = work.placeOf() != 0;
        return Operator({
            signer: record.signer,
            payout: record.payout,
            bond: uint96(_bondOf(who)),
            unbonding: record.unbonding,
            unbondsAt: record.unbondsAt,
            exposure: uint96(work.exposureOf()),
            locked: record.locked,
            earned: uint96(work.earnedOf()),
            clean: uint32(work.cleanOf()),
            noShows: record.noShows,
            strikes: record.strikes,
            active: active,
            place: active ? uint32(work.placeOf() - 1) : 0
        });
    }

    /// @inheritdoc IBank
    function caseOf(bytes32 id) external view returns (Case memory) {
        CaseRecord storage record = _cases[id];
        return Case({
            accuser: record.accuser,
            bonded: record.bonded,
            accuserLock: record.accuserLock,
            operatorLock: record.operatorLock,
            round: record.round,
            first: record.first,
            claimOpened: record.claimOpened,
            claim: record.claimOpened ? keccak256(abi.encode(record.claimRoot, record.claimUnits)) : bytes32(0),
            slashableAt: record.slashableAt,
            appellant: record.appellant,
            appealLock: record.appealLock
        });
    }

    /// @inheritdoc IBank
    function roundOf(bytes32 id, uint8 number) external view returns (Round memory round) {
        RoundRecord storage record = _cases[id].rounds[number];
        uint256 size = record.draws == 0 ? 0 : _sizeOf(_cases[id], number);
        round = Round({
            startedAt: record.startedAt,
            epoch: record.epoch,
            rosterLength: record.rosterLength,
            commitBy: record.commitBy,
            revealBy: record.revealBy,
            draws: record.draws,
            seats: new address[](size),
            commitments: new bytes32[](size)
        });
        for (uint256 i; i < size; ++i) {
            (round.seats[i], round.commitments[i]) = (record.seats[i].operator, record.seats[i].word);
        }
    }

    /// @inheritdoc IBank
    function pools() external view returns (uint256 checkPool, uint256 insurancePool) {
        return (_pools.checkPool, _pools.insurancePool);
    }

    /// @inheritdoc IBank
    function rosterLength() external view returns (uint32) {
        return _counts.places;
    }

    /// @inheritdoc IBank
    function placeAt(uint32 index) external view returns (Place memory) {
        return _roster[index];
    }

    /// @inheritdoc IBank
    function activeOperators() external view returns (uint32) {
        return _counts.active;
    }

    /// @inheritdoc IBank
    function activeClusters() external view returns (uint32) {
        return _counts.activeClusters;
    }

    /// @inheritdoc IBank
    function currentEpoch() external view returns (uint64) {
        return _epoch(_rules.versionOf());
    }

    /// @inheritdoc IBank
    function seedOf(uint64 epoch) external view returns (bytes32) {
        return _seeds[epoch];
    }

    /// @inheritdoc IBank
    function nonceUsed(address client, uint256 nonce) external view returns (bool) {
        return _nonces[client][nonce >> 8] >> (nonce & 0xff) & 1 != 0;
    }

    /// @inheritdoc IBank
    function isSampled(bytes32 id, Job calldata record) public view returns (bool decided, bool sampled) {
        require(_heads[id].matches(record), WrongRecord(id));
        bytes32 seed = _seeds[uint64(record.course.epoch() + 1)];
        if (record.course.submittedAt() == 0 || seed == 0) return (false, false);
        return (true, Sampling.isSampled(seed, id, record.terms.ratePpm()));
    }

    /// @inheritdoc IBank
    function drawnFor(bytes32 id, Job calldata record, uint8 attempt) external view returns (address) {
        (, bool sampled) = isSampled(id, record);
        if (!sampled || attempt >= Bounds.MAX_ATTEMPTS) return address(0);
        address[] memory drawn = _drawSpot(id, record, _seeds[uint64(record.course.epoch() + 1)], uint256(attempt) + 1);
        return attempt < drawn.length ? drawn[attempt] : address(0);
    }
}
