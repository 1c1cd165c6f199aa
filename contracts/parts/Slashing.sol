// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJobs} from "../interfaces/IJobs.sol";
import {Pricing} from "../libraries/Pricing.sol";
import {Records} from "../libraries/Records.sol";
import {Rules} from "../libraries/Words.sol";
import {CaseBook} from "./CaseBook.sol";

/// @title What a conviction costs
abstract contract Slashing is IJobs, CaseBook {
    using Records for uint256;
    using Records for Job;

    /// @inheritdoc IJobs
    function slash(JobItem[] calldata jobs) external nonReentrantView {
        uint256 keeperParts;
        for (uint256 i; i < jobs.length; ++i) {
            (Skip code, uint256 keeperPart) = _slash(jobs[i]);
            _skip(jobs[i].id, Action.Slash, code, jobs.length);
            keeperParts += keeperPart;
        }
        _payKeeper(keeperParts);
    }

    function _slash(JobItem calldata item) private returns (Skip, uint256) {
        bytes32 id = item.id;
        uint256 head = _heads[id];
        Job calldata job = item.job;
        if (!head.isIn(State.Convicted)) return (Skip.WrongState, 0);
        if (!head.matches(job)) return (Skip.WrongRecord, 0);
        CaseRecord storage record = _cases[id];
        if (block.timestamp < record.slashableAt) return (Skip.TooEarly, 0);

        address operator = job.operator;
        bool exact = job.terms.comparison() == Comparison.Exact;
        _heads[id] = head.moved(State.Slashed, Outcome.WrongResult);
        _operators[operator].work = _operators[operator].work.withoutJob(job.terms.maxPrice()).withClean(0);
        if (exact) _retire(operator, true);
        uint256 keeperPart = _distribute(id, job, record.accuser, _takeStake(id, job, record.operatorLock));
        if (!exact) _retireIfPoor(operator);
        // The drawn re-executor has its own back since the verdict.
        if (record.bonded) _unlock(id, record.accuser, record.accuserLock);
        return (Skip.None, keeperPart);
    }

    /// @dev What the accusation locked and the seats have left. Where that is too little it is taken from the bond and then from what other cases have locked:
    /// one that the operator has had opened against itself would else keep the bond from this one.
    function _takeStake(bytes32 id, Job calldata job, uint256 lock) private returns (uint256) {
        address operator = job.operator;
        uint256 due = Pricing.slashDown(job.terms.maxPrice(), _rulesOf(job.course.version()).floorPpm(), job.terms.comparison());
        uint256 fromBond = lock < due ? Pricing.min(due - lock, _bondOf(operator)) : 0;
        uint256 fromLocks = Pricing.min(due - fromBond, _operators[operator].locked);
        _debit(id, operator, Book.Bond, Reason.Slash, fromBond);
        _debit(id, operator, Book.Locked, Reason.Slash, fromLocks);
        return fromBond + fromLocks;
    }

    function _distribute(bytes32 id, Job calldata job, address accuser, uint256 amount) private returns (uint256) {
        Rules rules = _rulesOf(job.course.version());
        address payer = job.payerOf();
        uint256 refund = job.terms.maxPrice() + job.course.fee();
        (uint256 compensation, uint256 accuserReward, uint256 keeperPart, uint256 insured) =
            Pricing.splitSlash(amount, job.terms.maxPrice(), rules.accuserPpm(), rules.keeperPart());

        emit StakeSlashed(id, job.operator, uint96(amount), uint96(compensation), uint96(accuserReward), uint96(insured));
        _credit(id, payer, Book.Available, Reason.Refund, refund);
        _credit(id, payer, Book.Available, Reason.Compensation, compensation);
        if (_purseOf(accuser) == Book.Bond) _earn(id, accuser, Reason.AccuserReward, accuserReward);
        else _credit(id, accuser, Book.Available, Reason.AccuserReward, accuserReward);
        _credit(id, address(this), Book.InsurancePool, Reason.Insurance, insured);
        return keeperPart;
    }
}
