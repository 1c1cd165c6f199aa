// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJobs} from "../interfaces/IJobs.sol";
import {Bounds} from "../libraries/Bounds.sol";
import {Pricing} from "../libraries/Pricing.sol";
import {Records} from "../libraries/Records.sol";
import {Sampling} from "../libraries/Sampling.sol";
import {Course, Rules, Terms, Work, courseOf, termsOf} from "../libraries/Words.sol";
import {CaseBook} from "./CaseBook.sol";

/// @title A job without a dispute: opened, submitted, released or refunded
/// @dev These functions call nobody, but for contract wallets that are asked for a signature and can change nothing meanwhile. So they only refuse to be called
/// from within a call that does.
abstract contract Jobs is IJobs, CaseBook {
    using Records for uint256;
    using Records for Job;

    /// @dev Of a witness' signature.
    uint256 private constant WITNESS_BYTES = 65;

    /// @inheritdoc IJobs
    function open(OpenItem[] calldata items) external nonReentrantView {
        (Rules rules, bytes32 domain) = (_rules, _domainSeparatorV4());
        require(!rules.paused(), IsPaused());
        for (uint256 i; i < items.length; ++i) {
            OpenItem calldata item = items[i];
            bytes32 id = _hashOrder(domain, item.order);
            _skip(id, Action.Open, _open(id, item, rules, domain), items.length);
        }
    }

    /// @inheritdoc IJobs
    function submit(SubmitItem[] calldata items) external nonReentrantView {
        bytes32 domain = _domainSeparatorV4();
        for (uint256 i; i < items.length; ++i) {
            SubmitItem calldata item = items[i];
            _skip(item.result.job, Action.Submit, _submit(item, domain), items.length);
        }
    }

    /// @inheritdoc IJobs
    function release(ReleaseItem[] calldata items) external nonReentrantView {
        Rules rules = _rules;
        Tally memory tally = _tally();
        for (uint256 i; i < items.length; ++i) {
            ReleaseItem calldata item = items[i];
            _skip(item.id, Action.Release, _release(item, rules, tally), items.length);
        }
        _book(tally);
    }

    /// @inheritdoc IJobs
    function expire(JobItem[] calldata jobs) external nonReentrantView {
        uint256 keeperParts;
        for (uint256 i; i < jobs.length; ++i) {
            (Skip code, uint256 keeperPart) = _expire(jobs[i]);
            _skip(jobs[i].id, Action.Expire, code, jobs.length);
            keeperParts += keeperPart;
        }
        _payKeeper(keeperParts);
    }

    function _open(bytes32 id, OpenItem calldata item, Rules rules, bytes32 domain) private returns (Skip) {
        Order calldata order = item.order;
        (address client, uint256 maxPrice, uint256 nonce) = (order.client, order.maxPrice, order.nonce);
        (address who, uint256 runWindow) = (item.operator, order.runWindow);
        OperatorRecord storage operator = _operators[who];
        mapping(uint256 => uint256) storage nonces = _nonces[client];
        uint256 spent = nonces[nonce >> 8];
        uint256 fee = Pricing.feeUp(maxPrice, rules.floorPpm(), rules.keeperPart());
        Work work = operator.work;

        if (maxPrice == 0 || runWindow == 0 || runWindow > rules.maxRunWindow() || item.nodeKey == address(0)) return Skip.BadTerms;
        if (block.timestamp > order.expiry || block.timestamp > item.openBy) return Skip.Expired;
        if (order.operator != address(0) && order.operator != who) return Skip.WrongOperator;
        if (spent >> (nonce & 0xff) & 1 != 0) return Skip.NonceUsed;
        address payer = order.payer == address(0) ? client : order.payer;
        if (work.placeOf() == 0 || client == who || payer == who) return Skip.NotEligible;
        if (!_meet(order.pool, client, who)) return Skip.NotInPool;
        (uint256 clusters, uint32 places, uint256 deterministic) = (_counts.activeClusters, _counts.places, _counts.deterministic);
        if (order.comparison == Comparison.Exact && deterministic >> order.runtime & 1 == 0) return Skip.NotDeterministic;
        if (clusters < rules.minRoster()) return Skip.RosterTooSmall;
        if (fee > order.maxFee) return Skip.FeeTooLow;
        if (!Pricing.admits(operator.free, work.exposureOf(), maxPrice, rules.floorPpm())) return Skip.Admission;
        uint256 balance = _available[payer];
        if (balance < maxPrice + fee) return Skip.InsufficientFunds;
        if (!_allows(payer, client, maxPrice + fee)) return Skip.NotAllowed;
        if (!_sentBy(client, item.orderSignature) && !_signedFor(client, id, item.orderSignature)) return Skip.BadClientSignature;
        address signer = operator.signer;
        if (!_sentBy(signer, item.acceptanceSignature) && !_signedBy(signer, _hashAcceptance(domain, id, item), item.acceptanceSignature))
            return Skip.BadOperatorSignature;

        nonces[nonce >> 8] = spent | 1 << (nonce & 0xff);
        operator.work = work.withJob(maxPrice);
        uint256 rate = Sampling.rateDown(work.cleanOf(), rules.floorPpm(), rules.recordNumerator(), rules.recordOffset());
        bool bound = order.payer != address(0) || order.pool != 0 || order.witness != address(0);
        if (bound) emit JobBound(id, order.payer, order.pool, order.witness);
        _record(id, item, termsOf(order, rate, bound), courseOf(fee, places, rules.versionOf()));
        _use(payer, client, maxPrice + fee);
        unchecked {
            _available[payer] = balance -= maxPrice + fee;
            emit LedgerMoved(id, payer, Book.Available, Reason.Reservation, -int256(maxPrice + fee), balance);
        }
        return Skip.None;
    }

    function _record(bytes32 id, OpenItem calldata item, Terms terms, Course course) private {
        Order calldata order = item.order;
        _heads[id] = Records.opened(item, terms, course);
        emit JobOpened(id, order.client, item.operator, item.nodeKey, order.workload, order.policy, order.nonce, terms, course);
    }

    function _submit(SubmitItem calldata item, bytes32 domain) private returns (Skip) {
        bytes32 id = item.result.job;
        uint256 head = _heads[id];
        Job calldata job = item.job;
        if (!head.isIn(State.Open)) return Skip.WrongState;
        if (!head.matches(job)) return Skip.WrongRecord;
        if (block.timestamp > job.course.openedAt() + job.terms.runWindow()) return Skip.TooLate;
        if (item.result.commitment == 0) return Skip.BadTerms;
        (address nodeKey, bytes calldata signature) = (job.nodeKey, item.signature);
        if (job.witness != address(0)) {
            uint256 own = signature.length < WITNESS_BYTES ? 0 : signature.length - WITNESS_BYTES;
            if (!_signedBy(job.witness, _hashStored(id, item.result.commitment), signature[own:])) return Skip.BadWitness;
            signature = signature[:own];
        }
        if (!_sentBy(nodeKey, signature) && !_signedBy(nodeKey, _hashResult(domain, item.result), signature)) return Skip.BadNodeSignature;

        Course course = job.course.withResult(_epoch(job.course.version()));
        _heads[id] = Records.submitted(job, course, item.result.commitment);
        emit ResultSubmitted(id, job.operator, item.result.commitment, item.result.manifest, course);
        return Skip.None;
    }

    function _release(ReleaseItem calldata item, Rules current, Tally memory tally) private returns (Skip) {
        bytes32 id = item.id;
        uint256 head = _heads[id];
        bool accused = head.isIn(State.Accused);
        Job calldata job = item.job;
        if (!accused && !head.isIn(State.Submitted)) return Skip.WrongState;
        if (!head.matches(job)) return Skip.WrongRecord;
        Rules rules = _rulesOf(job.course.version(), current);
        bytes32 value = _valueOf(item.opening);
        // So that a release is not stopped by who sends its attestation ahead of it as an accusation.
        if (accused && !_isConfirmed(job, _cases[id], value)) return Skip.WrongState;
        if (block.timestamp < job.course.submittedAt() + rules.reviewWindow()) return Skip.TooEarly;
        bytes32 seed = _seeds[uint64(job.course.epoch() + 1)];
        if (seed == 0) return Skip.SeedMissing;
        if (!_opens(job, item.opening.salt, value)) return Skip.BadOpening;
        if (accused) {
            _settleConfirmed(id, job, _cases[id], item.opening, rules, tally);
            return Skip.None;
        }

        Accepted memory accepted = Accepted(Outcome.Delivered, item.opening.outputsRoot, item.opening.units, address(0));
        if (Sampling.isSampled(seed, id, job.terms.ratePpm())) {
            Skip code;
            (code, accepted.outcome, accepted.reexecutor) = _checked(item, job, seed, value);
            if (code != Skip.None) return code;
        }
        _payOut(id, job, head, accepted, rules, tally);
        return Skip.None;
    }

    /// @dev A sampled job's check, or the end of the time in which one might have come. Whose turn passed in silence gets a strike.
    function _checked(ReleaseItem calldata item, Job calldata job, bytes32 seed, bytes32 value) private returns (Skip code, Outcome, address) {
        bool checked = item.checkSignature.length != 0;
        address[] memory drawn;
        uint256 silent;
        if (checked) {
            bool exact = job.terms.comparison() == Comparison.Exact;
            silent = item.seat;
            bytes32 digest = _hashCheck(item.id, item.seat, exact ? Finding.Value : Finding.Match, exact ? value : item.value);
            (code, drawn) = _verifyCheck(item.id, job, seed, silent, digest, item.checkSignature);
            if (code != Skip.None) return (code, Outcome.None, address(0));
        } else {
            if (block.timestamp < _checkedFrom(job) + _versions[job.course.version()].longReview) return (Skip.CheckMissing, Outcome.None, address(0));
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
        bool isOpen = head.isIn(State.Open);
        Job calldata job = item.job;
        if (!isOpen && !head.isIn(State.Submitted)) return (Skip.WrongState, 0);
        if (!head.matches(job)) return (Skip.WrongRecord, 0);
        if (isOpen) {
            if (block.timestamp <= job.course.openedAt() + job.terms.runWindow()) return (Skip.TooEarly, 0);
            return (Skip.None, _standUp(id, job, Outcome.NoShow));
        }
        bytes32 seed = _seeds[uint64(job.course.epoch() + 1)];
        if (seed == 0) return (Skip.SeedMissing, 0);
        Parameters storage own = _versions[job.course.version()];
        uint256 review = Sampling.isSampled(seed, id, job.terms.ratePpm()) ? own.longReview : own.reviewWindow;
        if (block.timestamp <= _checkedFrom(job) + review + own.openWindow) return (Skip.TooEarly, 0);
        return (Skip.None, _standUp(id, job, Outcome.Unavailable));
    }

    /// @dev Ends a job whose operator was absent. The keeper is paid out of the penalty, so the client's refund is whole.
    function _standUp(bytes32 id, Job calldata job, Outcome outcome) private returns (uint256 keeperPart) {
        (address payer, address operator, uint256 version) = (job.payerOf(), job.operator, job.course.version());
        uint256 refund = job.terms.maxPrice() + job.course.fee();
        uint256 penalty = Pricing.min(_bondOf(operator), Pricing.partDown(job.terms.maxPrice(), _versions[version].noShowPpm));
        uint256 toClient = penalty / 2;
        keeperPart = Pricing.min(_rulesOf(version).keeperPart(), penalty - toClient);

        _close(id, job, State.Refunded, outcome);
        emit JobRefunded(id, job.client, outcome, uint96(refund), uint96(penalty));
        _countNoShow(operator, id, outcome, version);
        _credit(id, payer, Book.Available, Reason.Refund, refund);
        _debit(id, operator, Book.Bond, Reason.Penalty, penalty);
        _credit(id, payer, Book.Available, Reason.Penalty, toClient);
        _credit(id, address(this), Book.InsurancePool, Reason.Insurance, penalty - toClient - keeperPart);
        _retireIfPoor(operator);
    }
}
