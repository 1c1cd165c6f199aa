// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEscrow} from "../interfaces/IEscrow.sol";
import {Bounds} from "../libraries/Bounds.sol";
import {Pricing} from "../libraries/Pricing.sol";
import {Sampling} from "../libraries/Sampling.sol";
import {CaseBook} from "./CaseBook.sol";
import {Operators} from "./Operators.sol";

/// @title A job without a dispute: opened, submitted, released or refunded
abstract contract Jobs is Operators, CaseBook {
    uint256 private constant HASHES_KEPT = 256;

    /// @inheritdoc IEscrow
    function cancelNonce(uint256 nonce) external nonReentrant {
        require(!nonceUsed(msg.sender, nonce), NonceSpent(msg.sender, nonce));
        _useNonce(msg.sender, nonce);
        emit NonceCancelled(msg.sender, nonce);
    }

    /// @inheritdoc IEscrow
    function nonceUsed(address client, uint256 nonce) public view returns (bool) {
        return _nonces[client][nonce >> 8] >> (nonce & 0xff) & 1 != 0;
    }

    /// @inheritdoc IEscrow
    function open(OpenItem[] calldata items) external nonReentrant {
        for (uint256 i; i < items.length; ++i) {
            bytes32 id = _hashOrder(items[i].order);
            _skip(id, Action.Open, _open(id, items[i]), items.length);
        }
    }

    /// @inheritdoc IEscrow
    function submit(SubmitItem[] calldata items) external nonReentrant {
        for (uint256 i; i < items.length; ++i) {
            _skip(items[i].result.job, Action.Submit, _submit(items[i].result, items[i].signature), items.length);
        }
    }

    /// @inheritdoc IEscrow
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

    /// @inheritdoc IEscrow
    function release(ReleaseItem[] calldata items) external nonReentrant {
        uint256 keeperParts;
        for (uint256 i; i < items.length; ++i) {
            (Skip code, uint256 keeperPart) = _release(items[i]);
            _skip(items[i].job, Action.Release, code, items.length);
            keeperParts += keeperPart;
        }
        _payKeeper(keeperParts);
    }

    /// @inheritdoc IEscrow
    function expire(bytes32[] calldata jobs) external nonReentrant {
        uint256 keeperParts;
        for (uint256 i; i < jobs.length; ++i) {
            (Skip code, uint256 keeperPart) = _expire(jobs[i]);
            _skip(jobs[i], Action.Expire, code, jobs.length);
            keeperParts += keeperPart;
        }
        _payKeeper(keeperParts);
    }

    function _open(bytes32 id, OpenItem calldata item) private returns (Skip) {
        Order calldata order = item.order;
        Acceptance calldata acceptance = item.acceptance;
        OperatorRecord storage operator = _operators[acceptance.operator];
        uint256 fee = Pricing.feeUp(order.maxPrice, _parameters.floorPpm, _parameters.keeperPart);

        if (
            order.maxPrice == 0 || order.runWindow == 0 || order.runWindow > _parameters.maxRunWindow
                || acceptance.nodeKey == address(0)
        ) return Skip.BadTerms;
        if (block.timestamp > order.expiry || block.timestamp > acceptance.openBy) return Skip.Expired;
        if (acceptance.order != id || (order.operator != address(0) && order.operator != acceptance.operator)) return Skip.WrongOperator;
        if (nonceUsed(order.client, order.nonce)) return Skip.NonceUsed;
        if (operator.placeNumber == 0 || order.client == acceptance.operator) return Skip.NotEligible;
        if (_activeOperators < _parameters.minRoster) return Skip.RosterTooSmall;
        if (fee > order.maxFee) return Skip.FeeTooLow;
        if (!Pricing.admits(operator.bond - operator.unbonding, operator.exposure, order.maxPrice, _parameters.floorPpm)) return Skip.Admission;
        if (_accounts[order.client].available < order.maxPrice + fee) return Skip.InsufficientFunds;
        if (!_signedBy(order.client, id, item.orderSignature)) return Skip.BadClientSignature;
        if (!_signedBy(operator.signer, _hashAcceptance(acceptance), item.acceptanceSignature)) return Skip.BadOperatorSignature;

        _useNonce(order.client, order.nonce);
        operator.exposure += order.maxPrice;
        _storeOpened(_jobs[id], order, acceptance, uint96(fee));
        emit JobOpened(
            id, order.client, acceptance.operator, acceptance.nodeKey, order.workload, order.policy, order.comparison,
            order.unitPrice, order.maxPrice, uint96(fee), order.runWindow, order.nonce
        );
        _debit(id, order.client, Book.Available, Reason.Reservation, order.maxPrice + fee);
        _credit(id, order.client, Book.Reserved, Reason.Reservation, order.maxPrice + fee);
        return Skip.None;
    }

    function _storeOpened(JobRecord storage job, Order calldata order, Acceptance calldata acceptance, uint96 fee) private {
        job.client = order.client;
        job.maxPrice = order.maxPrice;
        job.operator = acceptance.operator;
        job.unitPrice = order.unitPrice;
        job.nodeKey = acceptance.nodeKey;
        job.fee = fee;
        job.state = State.Open;
        job.comparison = order.comparison;
        job.runWindow = order.runWindow;
        job.openedAt = uint40(block.timestamp);
    }

    function _submit(Result calldata result, bytes calldata signature) private returns (Skip) {
        JobRecord storage job = _jobs[result.job];
        if (job.state != State.Open) return Skip.WrongState;
        if (block.timestamp > uint256(job.openedAt) + job.runWindow) return Skip.TooLate;
        if (result.commitment == 0) return Skip.BadTerms;
        if (!_signedBy(job.nodeKey, _hashResult(result), signature)) return Skip.BadNodeSignature;

        uint32 ratePpm = uint32(
            Sampling.rateDown(
                _operators[job.operator].clean, _parameters.floorPpm, _parameters.recordNumerator, _parameters.recordOffset
            )
        );
        job.state = State.Submitted;
        job.submittedAt = uint40(block.timestamp);
        job.epoch = uint40(_epoch());
        job.ratePpm = ratePpm;
        job.rosterLength = uint32(_roster.length);
        job.commitment = result.commitment;
        emit ResultSubmitted(result.job, job.operator, result.commitment, result.manifest, job.epoch, ratePpm, job.rosterLength);
        return Skip.None;
    }

    function _release(ReleaseItem calldata item) private returns (Skip, uint256) {
        JobRecord storage job = _jobs[item.job];
        if (job.state == State.Accused) return _releaseConfirmed(item, job);
        if (job.state != State.Submitted) return (Skip.WrongState, 0);
        if (block.timestamp < uint256(job.submittedAt) + _parameters.reviewWindow) return (Skip.TooEarly, 0);
        bytes32 seed = _seeds[uint64(job.epoch) + 1];
        if (seed == 0) return (Skip.SeedMissing, 0);
        bytes32 value = _valueOf(item.opening);
        if (keccak256(abi.encode(item.opening.salt, value)) != job.commitment) return (Skip.BadOpening, 0);

        Outcome outcome = Outcome.Delivered;
        address reexecutor;
        if (Sampling.isSampled(seed, item.job, job.ratePpm)) {
            address[] memory drawn;
            uint256 silent;
            if (item.checkSignature.length == 0) {
                if (block.timestamp < _checkedFrom(job) + _parameters.longReview) return (Skip.CheckMissing, 0);
                drawn = _drawSpot(item.job, job, seed, Bounds.MAX_ATTEMPTS);
                outcome = Outcome.Unchecked;
                silent = drawn.length;
            } else {
                if (item.check.job != item.job || !_confirms(job.comparison, item.check, value)) return (Skip.BadAttestation, 0);
                Skip code;
                (code, drawn) = _verifyCheck(job, seed, item.check, item.checkSignature);
                if (code != Skip.None) return (code, 0);
                outcome = Outcome.Checked;
                silent = item.check.seat;
                reexecutor = drawn[silent];
            }
            for (uint256 i; i < silent; ++i) {
                _strike(drawn[i], item.job, Outcome.Unchecked);
            }
        }
        return (Skip.None, _payOut(item.job, job, outcome, item.opening.outputsRoot, item.opening.units, reexecutor));
    }

    /// @dev So that a release is not stopped by who sends its attestation ahead of it as an accusation.
    function _releaseConfirmed(ReleaseItem calldata item, JobRecord storage job) private returns (Skip, uint256) {
        CaseRecord storage record = _cases[item.job];
        bytes32 value = _valueOf(item.opening);
        if (!_isConfirmed(job, record, value)) return (Skip.WrongState, 0);
        if (block.timestamp < uint256(job.submittedAt) + _parameters.reviewWindow) return (Skip.TooEarly, 0);
        if (keccak256(abi.encode(item.opening.salt, value)) != job.commitment) return (Skip.BadOpening, 0);
        return (Skip.None, _settleConfirmed(item.job, job, record, item.opening));
    }

    function _confirms(Comparison comparison, Attestation calldata check, bytes32 value) private pure returns (bool) {
        return comparison == Comparison.Exact ? check.finding == Finding.Value && check.value == value : check.finding == Finding.Match;
    }

    function _expire(bytes32 id) private returns (Skip, uint256) {
        JobRecord storage job = _jobs[id];
        Outcome outcome;
        uint256 until;
        if (job.state == State.Open) {
            (outcome, until) = (Outcome.NoShow, uint256(job.openedAt) + job.runWindow);
        } else if (job.state == State.Submitted) {
            bytes32 seed = _seeds[uint64(job.epoch) + 1];
            if (seed == 0) return (Skip.SeedMissing, 0);
            uint256 review = Sampling.isSampled(seed, id, job.ratePpm) ? _parameters.longReview : _parameters.reviewWindow;
            (outcome, until) = (Outcome.Unavailable, _checkedFrom(job) + review + _parameters.openWindow);
        } else {
            return (Skip.WrongState, 0);
        }
        if (block.timestamp <= until) return (Skip.TooEarly, 0);
        return (Skip.None, _standUp(id, job, outcome));
    }

    /// @dev Ends a job whose operator was absent. The keeper is paid out of the penalty, so the client's refund is whole.
    function _standUp(bytes32 id, JobRecord storage job, Outcome outcome) private returns (uint256 keeperPart) {
        (address client, address operator) = (job.client, job.operator);
        uint256 refund = uint256(job.maxPrice) + job.fee;
        uint256 penalty = Pricing.min(_operators[operator].bond, Pricing.partDown(job.maxPrice, _parameters.noShowPpm));
        uint256 toClient = penalty / 2;
        keeperPart = Pricing.min(_parameters.keeperPart, penalty - toClient);

        _close(job, State.Refunded, outcome);
        emit JobRefunded(id, client, outcome, uint96(refund), uint96(penalty));
        _countNoShow(operator, id, outcome);
        _debit(id, client, Book.Reserved, Reason.Refund, refund);
        _credit(id, client, Book.Available, Reason.Refund, refund);
        _debitBond(id, operator, Reason.Penalty, penalty);
        _credit(id, client, Book.Available, Reason.Penalty, toClient);
        _credit(id, address(this), Book.InsurancePool, Reason.Insurance, penalty - toClient - keeperPart);
        _retireIfPoor(operator);
    }

    function _useNonce(address client, uint256 nonce) private {
        _nonces[client][nonce >> 8] |= 1 << (nonce & 0xff);
    }
}
