// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Court} from "./Court.sol";
import {ICases} from "./interfaces/ICases.sol";
import {IEscrow} from "./interfaces/IEscrow.sol";
import {Bounds} from "./libraries/Bounds.sol";
import {Sampling} from "./libraries/Sampling.sol";
import {Jobs} from "./parts/Jobs.sol";
import {Treasury} from "./parts/Treasury.sol";

/// @title The deployable escrow: its parts and its court do the work, this file hands over and answers
contract Escrow is Jobs {
    using Address for address;

    /// @notice The code of the case functions, created with this contract and never exchanged.
    Court public immutable court;

    constructor(IERC20 token_, Parameters memory parameters_) Treasury(token_) {
        Bounds.check(parameters_);
        _parameters = parameters_;
        court = new Court();
    }

    /// @inheritdoc ICases
    function accuse(Attestation calldata, bytes calldata) external {
        _toCourt();
    }

    /// @inheritdoc ICases
    function drawSeats(bytes32) external {
        _toCourt();
    }

    /// @inheritdoc ICases
    function commitSeats(CommitItem[] calldata) external {
        _toCourt();
    }

    /// @inheritdoc ICases
    function refillSeat(bytes32, uint8) external {
        _toCourt();
    }

    /// @inheritdoc ICases
    function openClaim(bytes32, Opening calldata) external {
        _toCourt();
    }

    /// @inheritdoc ICases
    function certify(bytes32, Attestation[3] calldata, bytes[3] calldata, bytes32) external {
        _toCourt();
    }

    /// @inheritdoc ICases
    function slash(bytes32[] calldata) external {
        _toCourt();
    }

    /// @inheritdoc ICases
    function lapse(bytes32[] calldata) external {
        _toCourt();
    }

    /// @inheritdoc IEscrow
    function token() external view returns (address) {
        return address(_token);
    }

    /// @inheritdoc IEscrow
    function parameters() external view returns (Parameters memory) {
        return _parameters;
    }

    /// @inheritdoc IEscrow
    function account(address who) external view returns (uint256 available, uint256 reserved) {
        return (_accounts[who].available, _accounts[who].reserved);
    }

    /// @inheritdoc IEscrow
    function operatorOf(address who) external view returns (Operator memory) {
        OperatorRecord storage record = _operators[who];
        bool active = record.placeNumber != 0;
        return Operator({
            signer: record.signer,
            payout: record.payout,
            bond: record.bond,
            unbonding: record.unbonding,
            unbondsAt: record.unbondsAt,
            exposure: record.exposure,
            locked: record.locked,
            earned: record.earned,
            clean: record.clean,
            noShows: record.noShows,
            strikes: record.strikes,
            active: active,
            place: active ? record.placeNumber - 1 : 0
        });
    }

    /// @inheritdoc IEscrow
    function jobOf(bytes32 id) external view returns (Job memory) {
        JobRecord storage job = _jobs[id];
        return Job({
            client: job.client,
            operator: job.operator,
            nodeKey: job.nodeKey,
            state: job.state,
            outcome: job.outcome,
            comparison: job.comparison,
            unitPrice: job.unitPrice,
            maxPrice: job.maxPrice,
            fee: job.fee,
            openedAt: job.openedAt,
            runWindow: job.runWindow,
            submittedAt: job.submittedAt,
            epoch: job.epoch,
            ratePpm: job.ratePpm,
            rosterLength: job.rosterLength,
            commitment: job.commitment
        });
    }

    /// @inheritdoc IEscrow
    function caseOf(bytes32 id) external view returns (Case memory) {
        CaseRecord storage record = _cases[id];
        return Case({
            accuser: record.accuser,
            accusedAt: record.accusedAt,
            epoch: record.epoch,
            rosterLength: record.rosterLength,
            commitBy: record.commitBy,
            revealBy: record.revealBy,
            draws: record.draws,
            claimOpened: record.claimOpened,
            claim: record.claimOpened ? keccak256(abi.encode(record.claimRoot, record.claimUnits)) : bytes32(0),
            convictedAt: record.convictedAt,
            seats: record.seats,
            commitments: record.commitments
        });
    }

    /// @inheritdoc IEscrow
    function pools() external view returns (uint256 checkPool, uint256 insurancePool) {
        return (_pools.checkPool, _pools.insurancePool);
    }

    /// @inheritdoc IEscrow
    function rosterLength() external view returns (uint32) {
        return uint32(_roster.length);
    }

    /// @inheritdoc IEscrow
    function placeAt(uint32 index) external view returns (Place memory) {
        return _roster[index];
    }

    /// @inheritdoc IEscrow
    function activeOperators() external view returns (uint32) {
        return _activeOperators;
    }

    /// @inheritdoc IEscrow
    function currentEpoch() external view returns (uint64) {
        return _epoch();
    }

    /// @inheritdoc IEscrow
    function seedOf(uint64 epoch) external view returns (bytes32) {
        return _seeds[epoch];
    }

    /// @inheritdoc IEscrow
    function isSampled(bytes32 id) public view returns (bool decided, bool sampled) {
        JobRecord storage job = _jobs[id];
        bytes32 seed = _seeds[uint64(job.epoch) + 1];
        if (job.submittedAt == 0 || seed == 0) return (false, false);
        return (true, Sampling.isSampled(seed, id, job.ratePpm));
    }

    /// @inheritdoc IEscrow
    function drawnFor(bytes32 id, uint8 attempt) external view returns (address) {
        (, bool sampled) = isSampled(id);
        if (!sampled || attempt >= Bounds.MAX_ATTEMPTS) return address(0);
        JobRecord storage job = _jobs[id];
        address[] memory drawn = _drawSpot(id, job, _seeds[uint64(job.epoch) + 1], uint256(attempt) + 1);
        return attempt < drawn.length ? drawn[attempt] : address(0);
    }

    /// @inheritdoc IEscrow
    function hashOrder(Order calldata order) external view returns (bytes32) {
        return _hashOrder(order);
    }

    /// @inheritdoc IEscrow
    function hashAcceptance(Acceptance calldata acceptance) external view returns (bytes32) {
        return _hashAcceptance(acceptance);
    }

    /// @inheritdoc IEscrow
    function hashResult(Result calldata result) external view returns (bytes32) {
        return _hashResult(result);
    }

    /// @inheritdoc IEscrow
    function hashAttestation(Attestation calldata attestation) external view returns (bytes32) {
        return _hashAttestation(attestation);
    }

    /// @inheritdoc IEscrow
    function hashSeatCommitment(SeatCommitment calldata commitment) external view returns (bytes32) {
        return _hashSeatCommitment(commitment);
    }

    /// @dev The whole call goes on as it came; the court takes the reentrancy guard.
    function _toCourt() private {
        address(court).functionDelegateCall(msg.data);
    }
}
