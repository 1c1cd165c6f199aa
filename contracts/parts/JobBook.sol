// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Bounds} from "../libraries/Bounds.sol";
import {Draw} from "../libraries/Draw.sol";
import {Pricing} from "../libraries/Pricing.sol";
import {Records} from "../libraries/Records.sol";
import {Epochs} from "./Epochs.sol";
import {Roster} from "./Roster.sol";
import {Signatures} from "./Signatures.sol";

/// @title Jobs as they are kept, and the steps that undisputed and disputed ones share
abstract contract JobBook is Roster, Epochs, Signatures {
    using Records for uint256;

    /// @dev What a batch owes its keeper, and the pools as it leaves them.
    struct Tally {
        uint256 keeperParts;
        uint256 checkPool;
        uint256 insurancePool;
    }

    /// @dev One word a job, see Records.
    mapping(bytes32 job => uint256) internal _heads;
    mapping(address client => mapping(uint256 word => uint256)) internal _nonces;

    /// @dev An item left out leaves its neighbours alone; alone, it tells its sender by a revert.
    function _skip(bytes32 job, Action action, Skip code, uint256 count) internal {
        if (code == Skip.None) return;
        require(count > 1, Skipped(code));
        emit ItemSkipped(job, action, code);
    }

    /// @dev Ends a job in its operator's favour. What it brings keeper and pools is added to the tally.
    function _payOut(
        bytes32 id,
        Job calldata job,
        Outcome outcome,
        bytes32 outputsRoot,
        uint64 units,
        address reexecutor,
        Rules memory rules,
        Tally memory tally
    ) internal {
        uint256 price = Pricing.price(units, job.unitPrice, job.maxPrice);
        uint256 recordFee = Pricing.partDown(price, job.ratePpm - rules.floorPpm);

        _heads[id] = _heads[id].moved(State.Released, outcome);
        emit RewardReleased(id, job.operator, outcome, outputsRoot, units, uint96(price), reexecutor);
        _credit(id, job.client, Book.Available, Reason.Remainder, job.maxPrice - price);
        _reward(id, job, outcome, uint96(price - recordFee));

        tally.keeperParts += rules.keeperPart;
        tally.checkPool += job.fee - rules.keeperPart + recordFee;
        if (reexecutor != address(0)) _credit(id, reexecutor, Book.Earned, Reason.CheckPay, _fromPools(tally, price));
    }

    /// @dev Exposure, record and pay of an honest operator: one word.
    function _reward(bytes32 id, Job calldata job, Outcome outcome, uint96 pay) private {
        OperatorRecord storage operator = _operators[job.operator];
        (uint96 earned, uint24 clean) = (operator.earned + pay, operator.clean);
        if (outcome != Outcome.Delivered && outcome != Outcome.Unchecked && clean != type(uint24).max) ++clean;
        (operator.exposure, operator.earned, operator.clean) = (operator.exposure - job.maxPrice, earned, clean);
        if (pay != 0) emit LedgerMoved(id, job.operator, Book.Earned, Reason.Payment, int256(uint256(pay)), earned);
    }

    /// @dev A check is paid by the pool of checks, then by that of the insurance, as far as they hold.
    function _fromPools(Tally memory tally, uint256 wanted) private pure returns (uint256) {
        uint256 fromChecks = Pricing.min(wanted, tally.checkPool);
        uint256 fromInsurance = Pricing.min(wanted - fromChecks, tally.insurancePool);
        tally.checkPool -= fromChecks;
        tally.insurancePool -= fromInsurance;
        return fromChecks + fromInsurance;
    }

    function _tally() internal view returns (Tally memory) {
        return Tally(0, _pools.checkPool, _pools.insurancePool);
    }

    /// @dev What a batch did to the pools, in one word and one line for each, and its keeper's pay.
    function _book(Tally memory tally) internal {
        _bookPool(Book.CheckPool, _pools.checkPool, tally.checkPool);
        _bookPool(Book.InsurancePool, _pools.insurancePool, tally.insurancePool);
        _pools = Pools(uint128(tally.checkPool), uint128(tally.insurancePool));
        _payKeeper(tally.keeperParts);
    }

    function _bookPool(Book book, uint256 before, uint256 balance) private {
        if (balance != before) emit LedgerMoved(0, address(this), book, Reason.Checks, int256(balance) - int256(before), balance);
    }

    /// @dev Whether the drawn re-executor of this attempt signed it and was due. What it says is the caller's matter.
    function _verifyCheck(bytes32 id, Job calldata job, bytes32 seed, uint256 attempt, bytes32 digest, bytes calldata signature)
        internal
        view
        returns (Skip, address[] memory drawn)
    {
        if (attempt >= Bounds.MAX_ATTEMPTS) return (Skip.BadAttestation, drawn);
        if (attempt != 0 && block.timestamp < _checkedFrom(job) + attempt * _parameters.checkWindow) return (Skip.TooEarly, drawn);
        drawn = _drawSpot(id, job, seed, attempt + 1);
        if (drawn.length <= attempt || !_signedBy(_operators[drawn[attempt]].signer, digest, signature)) return (Skip.BadAttestation, drawn);
        return (Skip.None, drawn);
    }

    /// @dev Where the windows of a decided job begin: with the submission, or later by as much as its seed came after the review window, so that
    /// nobody loses the time to check, accuse or be paid because a seed was late.
    function _checkedFrom(Job calldata job) internal view returns (uint256) {
        uint256 inTime = uint256(job.submittedAt) + _rules.reviewWindow;
        uint256 seededAt = _seededAt[job.epoch + 1];
        return seededAt > inTime ? job.submittedAt + seededAt - inTime : job.submittedAt;
    }

    function _drawSpot(bytes32 id, Job calldata job, bytes32 seed, uint256 count) internal view returns (address[] memory) {
        return Draw.picks(
            _roster,
            Draw.Terms({
                seed: seed,
                job: id,
                round: 0,
                rosterLength: job.rosterLength,
                lastBlock: _lastBlock(job.epoch + 1),
                client: job.client,
                operatorCluster: _operators[job.operator].cluster,
                accuserCluster: 0
            }),
            count
        );
    }

    /// @dev Every end of a job passes here, once.
    function _close(bytes32 id, Job calldata job, State state, Outcome outcome) internal {
        _heads[id] = _heads[id].moved(state, outcome);
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
