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
        (address accuser, uint256 from) = (_cases[id].accuser, _cases[id].slashableAt);
        if (block.timestamp < from) return (Skip.TooEarly, 0);

        Rules rules = _rules;
        address operator = job.operator;
        OperatorRecord storage record = _operators[operator];
        // Where honest results differ by rounding, a conviction may be a matter of bounds: it costs a price, not a bond.
        bool exact = job.comparison == Comparison.Exact;
        // The bond first; what is missing is owed by the stake that other cases hold.
        (uint256 bond, uint256 locked) = (_bondOf(operator), record.locked);
        uint256 reach = locked == 0 ? bond : bond + locked - record.owed;
        uint256 wanted = exact ? Pricing.slashDown(reach, job.maxPrice, rules.floorPpm()) : Pricing.min(reach, job.maxPrice);
        uint256 amount = Pricing.min(bond, wanted);
        if (wanted > amount) record.owed += uint96(wanted - amount);
        _heads[id] = head.moved(State.Slashed, Outcome.WrongResult);
        record.work = record.work.withoutJob(job.maxPrice).withClean(0);
        if (exact) _retire(operator, true);
        uint256 keeperPart = _distribute(id, job, accuser, amount, rules);
        if (!exact) _retireIfPoor(operator);
        return (Skip.None, keeperPart);
    }

    function _distribute(bytes32 id, Job calldata job, address accuser, uint256 amount, Rules rules) private returns (uint256) {
        address client = job.client;
        uint256 refund = job.maxPrice + job.fee;
        (uint256 compensation, uint256 accuserReward, uint256 keeperPart, uint256 insured) =
            Pricing.splitSlash(amount, job.maxPrice, rules.accuserPpm(), rules.keeperPart());

        emit StakeSlashed(id, job.operator, uint96(amount), uint96(compensation), uint96(accuserReward), uint96(insured));
        _debit(id, job.operator, Book.Bond, Reason.Slash, amount);
        _credit(id, client, Book.Available, Reason.Refund, refund);
        _credit(id, client, Book.Available, Reason.Compensation, compensation);
        _earn(id, accuser, Reason.AccuserReward, accuserReward);
        _credit(id, address(this), Book.InsurancePool, Reason.Insurance, insured);
        return keeperPart;
    }
}
