// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJobs} from "../interfaces/IJobs.sol";
import {Bounds} from "../libraries/Bounds.sol";
import {Pricing} from "../libraries/Pricing.sol";
import {Records} from "../libraries/Records.sol";
import {Sampling} from "../libraries/Sampling.sol";
import {CaseBook} from "./CaseBook.sol";

/// @title A job without a dispute: opened, submitted, released or refunded
abstract contract Jobs is IJobs, CaseBook {
    using Records for uint256;

    uint256 private constant HASHES_KEPT = 256;

    /// @inheritdoc IJobs
    function nonceUsed(address client, uint256 nonce) public view returns (bool) {
        return _nonces[client][nonce >> 8] >> (nonce & 0xff) & 1 != 0;
    }

    /// @inheritdoc IJobs
    function open(OpenItem[] calldata items) external nonReentrant {
        Rules memory rules = _rules;
        for (uint256 i; i < items.length; ++i) {
            bytes32 id = _hashOrder(items[i].order);
            _skip(id, Action.Open, _open(id, items[i], rules), items.length);
        }
    }

    /// @inheritdoc IJobs
    function submit(SubmitItem[] calldata items) external nonReentrant {
        uint64 epoch = _epoch();
        for (uint256 i; i < items.length; ++i) {
            _skip(items[i].result.job, Action.Submit, _submit(items[i], epoch), items.length);
        }
    }

    /// @inheritdoc IJobs
    function recordSeed(uint64 epoch) external nonReentrant {
        require(_seeds[epoch] == 0, SeedKnown(epoch));
        uint256 last = _lastBlock(epoch);
        require(block.number > last, EpochRuns(epoch, last));

        bytes32 source = blockhash(last);
        if (block.number > last + HASHES_KEPT) {
            source = _seeds[epoch + 1];
            require(source != 0, SeedUnknown(epoch + 1));
        }
        bytes32 seed = keccak256(abi.encode(source, epoch));
        _seeds[epoch] = seed;
        _seededAt[epoch] = uint40(block.timestamp);
        emit SeedRecorded(epoch, seed);
    }

    /// @inheritdoc IJobs
    function release(ReleaseItem[] calldata items) external nonReentrant {
        Rules memory rules = _rules;
        Tally memory tally = _tally();
        for (uint256 i; i < items.length; ++i) {
            _skip(items[i].id, Action.Release, _release(items[i], rules, tally), items.length);
        }
        _book(tally);
    }

    /// @inheritdoc IJobs
    function expire(JobItem[] calldata jobs) external nonReentrant {
        uint256 keeperParts;
        for (uint256 i; i < jobs.length; ++i) {
            (Skip code, uint256 keeperPart) = _expire(jobs[i]);
            _skip(jobs[i].id, Action.Expire, code, jobs.length);
            keeperParts += keeperPart;
        }
        _payKeeper(keeperParts);
    }

    function _open(bytes32 id, OpenItem calldata item, Rules memory rules) private returns (Skip) {
        Order calldata order = item.order;
        OperatorRecord storage operator = _operators[item.operator];
        uint256 maxPrice = order.maxPrice;
        uint256 fee = Pricing.feeUp(maxPrice, rules.floorPpm, rules.keeperPart);
        (uint256 word, uint256 bit) = (order.nonce >> 8, 1 << (order.nonce & 0xff));
        uint256 spent = _nonces[order.client][word];

        if (maxPrice == 0 || order.runWindow == 0 || order.runWindow > rules.maxRunWindow || item.nodeKey == address(0)) return Skip.BadTerms;
        if (block.timestamp > order.expiry || block.timestamp > item.openBy) return Skip.Expired;
        if (order.operator != address(0) && order.operator != item.operator) return Skip.WrongOperator;
        if (spent & bit != 0) return Skip.NonceUsed;
        if (operator.placeNumber == 0 || order.client == item.operator) return Skip.NotEligible;
        if (_counts.active < rules.minRoster) return Skip.RosterTooSmall;
        if (fee > order.maxFee) return Skip.FeeTooLow;
        if (!Pricing.admits(_freeBond(operator), operator.exposure, maxPrice, rules.floorPpm)) return Skip.Admission;
        uint256 reserve = maxPrice + fee;
        uint256 available = _available[order.client];
        if (available < reserve) return Skip.InsufficientFunds;
        if (!_signedBy(order.client, id, item.orderSignature)) return Skip.BadClientSignature;
        if (!_signedBy(operator.signer, _hashAcceptance(Acceptance(id, item.operator, item.nodeKey, item.openBy)), item.acceptanceSignature))
            return Skip.BadOperatorSignature;

        _nonces[order.client][word] = spent | bit;
        operator.exposure += uint96(maxPrice);
        _record(id, item, uint96(fee), Sampling.rateDown(operator.clean, rules.floorPpm, rules.recordNumerator, rules.recordOffset));
        _available[order.client] = available -= reserve;
        emit LedgerMoved(id, order.client, Book.Available, Reason.Reservation, -int256(reserve), available);
        return Skip.None;
    }

    function _record(bytes32 id, OpenItem calldata item, uint96 fee, uint256 ratePpm) private {
        Order calldata order = item.order;
        Job memory job = Job({
            client: order.client,
            operator: item.operator,
            nodeKey: item.nodeKey,
            comparison: order.comparison,
            unitPrice: order.unitPrice,
            maxPrice: order.maxPrice,
            fee: fee,
            runWindow: order.runWindow,
            openedAt: uint64(block.timestamp),
            ratePpm: uint32(ratePpm),
            rosterLength: _counts.places,
            submittedAt: 0,
            epoch: 0,
            commitment: 0
        });
        _heads[id] = Records.opened(job);
        emit JobOpened(
            id, job.client, job.operator, job.nodeKey, order.workload, order.policy, job.comparison, job.unitPrice, job.maxPrice, fee, job.runWindow,
            order.nonce, job.ratePpm, job.rosterLength
        );
    }

    function _submit(SubmitItem calldata item, uint64 epoch) private returns (Skip) {
        bytes32 id = item.result.job;
        uint256 head = _heads[id];
        Job calldata job = item.job;
        if (head.stateOf() != State.Open) return Skip.WrongState;
        if (!head.matches(job)) return Skip.WrongRecord;
        if (block.timestamp > uint256(job.openedAt) + job.runWindow) return Skip.TooLate;
        if (item.result.commitment == 0) return Skip.BadTerms;
        if (!_signedBy(job.nodeKey, _hashResult(item.result), item.signature)) return Skip.BadNodeSignature;

        _heads[id] = Records.submitted(job, block.timestamp, epoch, item.result.commitment);
        emit ResultSubmitted(id, job.operator, item.result.commitment, item.result.manifest, epoch);
        return Skip.None;
    }

    function _release(ReleaseItem calldata item, Rules memory rules, Tally memory tally) private returns (Skip) {
        bytes32 id = item.id;
        uint256 head = _heads[id];
        State state = head.stateOf();
        Job calldata job = item.job;
        if (state != State.Submitted && state != State.Accused) return Skip.WrongState;
        if (!head.matches(job)) return Skip.WrongRecord;
        bytes32 value = _valueOf(item.opening);
        // So that a release is not stopped by who sends its attestation ahead of it as an accusation.
        if (state == State.Accused && !_isConfirmed(job, _cases[id], value)) return Skip.WrongState;
        if (block.timestamp < uint256(job.submittedAt) + rules.reviewWindow) return Skip.TooEarly;
        bytes32 seed = _seeds[job.epoch + 1];
        if (seed == 0) return Skip.SeedMissing;
        if (keccak256(abi.encode(item.opening.salt, value)) != job.commitment) return Skip.BadOpening;
        if (state == State.Accused) {
            _settleConfirmed(id, job, _cases[id], item.opening, rules, tally);
            return Skip.None;
        }

        Outcome outcome = Outcome.Delivered;
        address reexecutor;
        if (Sampling.isSampled(seed, id, job.ratePpm)) {
            Skip code;
            (code, outcome, reexecutor) = _checked(item, job, seed, value);
            if (code != Skip.None) return code;
        }
        _payOut(id, job, outcome, item.opening.outputsRoot, item.opening.units, reexecutor, rules, tally);
        return Skip.None;
    }

    /// @dev A sampled job's check, or the end of the time in which one might have come. Whose turn passed in silence gets a strike.
    function _checked(ReleaseItem calldata item, Job calldata job, bytes32 seed, bytes32 value) private returns (Skip code, Outcome, address) {
        bool checked = item.checkSignature.length != 0;
        address[] memory drawn;
        uint256 silent;
        if (checked) {
            bool exact = job.comparison == Comparison.Exact;
            Attestation memory check = Attestation({
                job: item.id, round: 0, seat: item.seat, finding: exact ? Finding.Value : Finding.Match, value: exact ? value : item.value, salt: 0
            });
            silent = item.seat;
            (code, drawn) = _verifyCheck(item.id, job, seed, silent, _hashAttestation(check), item.checkSignature);
            if (code != Skip.None) return (code, Outcome.None, address(0));
        } else {
            if (block.timestamp < _checkedFrom(job) + _parameters.longReview) return (Skip.CheckMissing, Outcome.None, address(0));
            drawn = _drawSpot(item.id, job, seed, Bounds.MAX_ATTEMPTS);
            silent = drawn.length;
        }
        for (uint256 i; i < silent; ++i) {
            _strike(drawn[i], item.id, Outcome.Unchecked);
        }
        return checked ? (Skip.None, Outcome.Checked, drawn[silent]) : (Skip.None, Outcome.Unchecked, address(0));
    }

    function _expire(JobItem calldata item) private returns (Skip, uint256) {
        bytes32 id = item.id;
        uint256 head = _heads[id];
        State state = head.stateOf();
        Job calldata job = item.job;
        if (state != State.Open && state != State.Submitted) return (Skip.WrongState, 0);
        if (!head.matches(job)) return (Skip.WrongRecord, 0);
        if (state == State.Open) {
            if (block.timestamp <= uint256(job.openedAt) + job.runWindow) return (Skip.TooEarly, 0);
            return (Skip.None, _standUp(id, job, Outcome.NoShow));
        }
        bytes32 seed = _seeds[job.epoch + 1];
        if (seed == 0) return (Skip.SeedMissing, 0);
        uint256 review = Sampling.isSampled(seed, id, job.ratePpm) ? _parameters.longReview : _rules.reviewWindow;
        if (block.timestamp <= _checkedFrom(job) + review + _parameters.openWindow) return (Skip.TooEarly, 0);
        return (Skip.None, _standUp(id, job, Outcome.Unavailable));
    }

    /// @dev Ends a job whose operator was absent. The keeper is paid out of the penalty, so the client's refund is whole.
    function _standUp(bytes32 id, Job calldata job, Outcome outcome) private returns (uint256 keeperPart) {
        (address client, address operator) = (job.client, job.operator);
        uint256 refund = uint256(job.maxPrice) + job.fee;
        uint256 penalty = Pricing.min(_operators[operator].bond, Pricing.partDown(job.maxPrice, _parameters.noShowPpm));
        uint256 toClient = penalty / 2;
        keeperPart = Pricing.min(_rules.keeperPart, penalty - toClient);

        _close(id, job, State.Refunded, outcome);
        emit JobRefunded(id, client, outcome, uint96(refund), uint96(penalty));
        _countNoShow(operator, id, outcome);
        _credit(id, client, Book.Available, Reason.Refund, refund);
        _debitBond(id, operator, Reason.Penalty, penalty);
        _credit(id, client, Book.Available, Reason.Penalty, toClient);
        _credit(id, address(this), Book.InsurancePool, Reason.Insurance, penalty - toClient - keeperPart);
        _retireIfPoor(operator);
    }
}
