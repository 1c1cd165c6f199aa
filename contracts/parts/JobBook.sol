// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Bounds} from "../libraries/Bounds.sol";
import {Draw} from "../libraries/Draw.sol";
import {Pricing} from "../libraries/Pricing.sol";
import {Epochs} from "./Epochs.sol";
import {Roster} from "./Roster.sol";
import {Signatures} from "./Signatures.sol";

/// @title Jobs as they are kept, and the steps that undisputed and disputed ones share
abstract contract JobBook is Roster, Epochs, Signatures {
    /// @dev Four words at opening, the fifth with the result.
    struct JobRecord {
        address client;
        uint96 maxPrice;
        address operator;
        uint96 unitPrice;
        address nodeKey;
        uint96 fee;
        State state;
        Outcome outcome;
        Comparison comparison;
        uint32 runWindow;
        uint40 openedAt;
        uint40 submittedAt;
        uint40 epoch;
        uint32 ratePpm;
        uint32 rosterLength;
        bytes32 commitment;
    }

    mapping(bytes32 job => JobRecord) internal _jobs;
    mapping(address client => mapping(uint256 word => uint256)) internal _nonces;

    /// @dev An item left out leaves its neighbours alone; alone, it tells its sender by a revert.
    function _skip(bytes32 job, Action action, Skip code, uint256 count) internal {
        if (code == Skip.None) return;
        require(count > 1, Skipped(code));
        emit ItemSkipped(job, action, code);
    }

    /// @dev Ends a job in its operator's favour. Returns the keeper's part.
    function _payOut(bytes32 id, JobRecord storage job, Outcome outcome, bytes32 outputsRoot, uint64 units, address reexecutor)
        internal
        returns (uint256 keeperPart)
    {
        (address client, address operator, uint256 maxPrice, uint256 fee) = (job.client, job.operator, job.maxPrice, job.fee);
        uint256 price = Pricing.price(units, job.unitPrice, job.maxPrice);
        uint256 recordFee = Pricing.partDown(price, job.ratePpm - _parameters.floorPpm);
        keeperPart = _parameters.keeperPart;

        _close(job, State.Released, outcome);
        if (outcome != Outcome.Delivered && outcome != Outcome.Unchecked) ++_operators[operator].clean;
        emit RewardReleased(id, operator, outcome, outputsRoot, units, uint96(price), reexecutor);
        _debit(id, client, Book.Reserved, Reason.Payment, maxPrice + fee);
        _credit(id, client, Book.Available, Reason.Remainder, maxPrice - price);
        _credit(id, operator, Book.Earned, Reason.Payment, price - recordFee);
        _credit(id, address(this), Book.CheckPool, Reason.VerificationFee, fee - keeperPart);
        _credit(id, address(this), Book.CheckPool, Reason.RecordFee, recordFee);
        if (reexecutor != address(0)) {
            uint256 fromChecks = _takeFromPool(id, Book.CheckPool, Reason.CheckPay, price);
            uint256 fromInsurance = _takeFromPool(id, Book.InsurancePool, Reason.CheckPay, price - fromChecks);
            _credit(id, reexecutor, Book.Earned, Reason.CheckPay, fromChecks + fromInsurance);
        }
    }

    /// @dev Whether the drawn re-executor of this attempt signed it and was due. What it says is the caller's matter.
    function _verifyCheck(JobRecord storage job, bytes32 seed, Attestation calldata check, bytes calldata signature)
        internal
        view
        returns (Skip, address[] memory drawn)
    {
        if (check.round != 0 || check.seat >= Bounds.MAX_ATTEMPTS) return (Skip.BadAttestation, drawn);
        if (check.seat != 0 && block.timestamp < _checkedFrom(job) + uint256(check.seat) * _parameters.checkWindow) return (Skip.TooEarly, drawn);
        drawn = _drawSpot(check.job, job, seed, uint256(check.seat) + 1);
        if (drawn.length <= check.seat) return (Skip.BadAttestation, drawn);
        if (!_signedBy(_operators[drawn[check.seat]].signer, _hashAttestation(check), signature)) return (Skip.BadAttestation, drawn);
        return (Skip.None, drawn);
    }

    /// @dev Where the windows of a decided job begin: with the submission, or later by as much as its seed came after the review window, so that
    /// nobody loses the time to check, accuse or be paid because a seed was late.
    function _checkedFrom(JobRecord storage job) internal view returns (uint256) {
        (uint256 submittedAt, uint256 inTime) = (job.submittedAt, uint256(job.submittedAt) + _parameters.reviewWindow);
        uint256 seededAt = _seededAt[uint64(job.epoch) + 1];
        return seededAt > inTime ? submittedAt + seededAt - inTime : submittedAt;
    }

    function _drawSpot(bytes32 id, JobRecord storage job, bytes32 seed, uint256 count) internal view returns (address[] memory) {
        return Draw.picks(
            _roster,
            Draw.Terms({
                seed: seed,
                job: id,
                round: 0,
                rosterLength: job.rosterLength,
                lastBlock: _lastBlock(uint64(job.epoch) + 1),
                client: job.client,
                operatorCluster: _operators[job.operator].payout,
                accuserCluster: address(0)
            }),
            count
        );
    }

    /// @dev Every end of a job passes here, once.
    function _close(JobRecord storage job, State state, Outcome outcome) internal {
        job.state = state;
        job.outcome = outcome;
        _operators[job.operator].exposure -= job.maxPrice;
    }

    /// @dev As far as the pool holds.
    function _takeFromPool(bytes32 id, Book pool, Reason reason, uint256 wanted) internal returns (uint256 taken) {
        taken = Pricing.min(wanted, pool == Book.CheckPool ? _pools.checkPool : _pools.insurancePool);
        _debit(id, address(this), pool, reason, taken);
    }

    function _valueOf(Opening calldata opening) internal pure returns (bytes32) {
        return keccak256(abi.encode(opening.outputsRoot, opening.units));
    }
}
