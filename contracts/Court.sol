// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICases} from "./interfaces/ICases.sol";
import {Draw} from "./libraries/Draw.sol";
import {Pricing} from "./libraries/Pricing.sol";
import {Records} from "./libraries/Records.sol";
import {Sampling} from "./libraries/Sampling.sol";
import {CaseBook} from "./parts/CaseBook.sol";

/// @title The court: a disputed job is accused, judged by three seats, then cleared, slashed or refunded
/// @notice The second half of the escrow's code, which one contract has no room for. The escrow creates it and runs it by delegatecall on its own
/// storage, so it has no owner, no way to be replaced, and holds neither money nor state of its own: called directly, it knows no job.
contract Court is ICases, CaseBook {
    using Records for uint256;
    using Records for Job;

    uint256 private constant SEATS = 3;
    uint8 private constant CASE_ROUND = 1;

    /// @dev What the seats of a certificate said.
    struct Ballot {
        bool[3] present;
        bytes32[3] voices; // exact: the value; tolerance: 1 for Match, 2 for Mismatch or Malformed
        uint256 missing;
    }

    /// @inheritdoc ICases
    function accuse(Job calldata record_, Attestation calldata attestation, bytes calldata signature) external nonReentrant {
        bytes32 id = attestation.job;
        Job calldata job = _inState(id, record_, State.Submitted);
        bytes32 seed = _seeds[uint64(job.course.epoch() + 1)];
        require(seed != 0, SeedUnknown(uint64(job.course.epoch() + 1)));
        uint256 until = _checkedFrom(job) + _versions[job.course.version()].longReview;
        require(block.timestamp <= until, Late(block.timestamp, until));
        require(Sampling.isSampled(seed, id, job.terms.ratePpm()), NotSampled(id));
        bool accusing = job.terms.comparison() == Comparison.Exact
            ? attestation.finding == Finding.Value
            : attestation.finding == Finding.Mismatch || attestation.finding == Finding.Malformed;
        require(accusing && attestation.round == 0, WrongAttestation(id, attestation.seat, Skip.BadAttestation));
        (Skip code, address[] memory drawn) = _verifyCheck(id, job, seed, attestation.seat, _hashAttestation(attestation), signature);
        require(code == Skip.None, WrongAttestation(id, attestation.seat, code));

        address accuser = drawn[attestation.seat];
        CaseRecord storage record = _cases[id];
        _heads[id] = _heads[id].moved(State.Accused, Outcome.None);
        record.accuser = accuser;
        record.accusedAt = uint40(block.timestamp);
        record.version = uint16(job.course.version());
        record.epoch = uint40(_epoch(record.version));
        record.rosterLength = _counts.places;
        record.accusedValue = attestation.value;
        emit ResultAccused(id, accuser, attestation.value, record.epoch, record.rosterLength);
        uint256 seatPay = SEATS * job.terms.maxPrice();
        record.operatorLock = _lock(id, job.operator, seatPay + Pricing.slashDown(job.terms.maxPrice(), _rulesOf(record.version).floorPpm(), job.terms.comparison()));
        record.accuserLock = _lock(id, accuser, seatPay);
    }

    /// @inheritdoc ICases
    function drawSeats(bytes32 id, Job calldata record_) external nonReentrant {
        Job calldata job = _inState(id, record_, State.Accused);
        CaseRecord storage record = _cases[id];
        require(record.draws == 0, SeatsKnown(id));
        address[] memory drawn = _drawCase(id, job, record, SEATS);
        require(drawn.length == SEATS, RosterExhausted(drawn.length, SEATS));

        record.draws = uint8(SEATS);
        record.commitBy = uint40(block.timestamp + _versions[record.version].commitWindow);
        for (uint256 i; i < SEATS; ++i) {
            record.seats[i] = drawn[i];
        }
        emit SeatsDrawn(id, record.seats, record.commitBy);
    }

    /// @inheritdoc ICases
    function commitSeats(CommitItem[] calldata items) external nonReentrant {
        for (uint256 i; i < items.length; ++i) {
            Skip code = _commitSeat(items[i].commitment, items[i].signature);
            _skip(items[i].commitment.job, Action.CommitSeat, code, items.length);
        }
    }

    /// @inheritdoc ICases
    function refillSeat(bytes32 id, Job calldata record_, uint8 seat) external nonReentrant {
        Job calldata job = _inState(id, record_, State.Accused);
        CaseRecord storage record = _cases[id];
        require(record.draws != 0 && seat < SEATS && record.commitments[seat] == 0, SeatNotOpen(id, seat));
        require(block.timestamp > record.commitBy, Early(block.timestamp, uint256(record.commitBy) + 1));
        uint256 wanted = uint256(record.draws) + 1;
        address[] memory drawn = _drawCase(id, job, record, wanted);
        require(drawn.length == wanted, RosterExhausted(drawn.length, wanted));

        (address from, address to) = (record.seats[seat], drawn[wanted - 1]);
        record.draws = uint8(wanted);
        record.seats[seat] = to;
        record.commitBy = uint40(block.timestamp + _versions[record.version].commitWindow);
        _strike(from, id, Outcome.Inconclusive);
        emit SeatRefilled(id, seat, from, to, record.commitBy);
    }

    /// @inheritdoc ICases
    function openClaim(bytes32 id, Job calldata record_, Opening calldata opening) external nonReentrant {
        Job calldata job = _inState(id, record_, State.Accused);
        CaseRecord storage record = _cases[id];
        require(record.revealBy != 0, SeatsNotSealed(id));
        require(!record.claimOpened, ClaimKnown(id));
        bytes32 value = _valueOf(opening);
        require(_opens(job, opening.salt, value), WrongOpening(id));
        if (_isConfirmed(job, record, value)) {
            Tally memory tally = _tally();
            _settleConfirmed(id, job, record, opening, _rulesOf(record.version), tally);
            return _book(tally);
        }

        record.claimOpened = true;
        record.claimRoot = opening.outputsRoot;
        record.claimUnits = opening.units;
        emit ClaimOpened(id, opening.outputsRoot, opening.units, opening.salt);
    }

    /// @inheritdoc ICases
    function certify(bytes32 id, Job calldata record_, Attestation[3] calldata attestations, bytes[3] calldata signatures, bytes32 evidence)
        external
        nonReentrant
    {
        Job calldata job = _inState(id, record_, State.Accused);
        CaseRecord storage record = _cases[id];
        require(record.revealBy != 0, SeatsNotSealed(id));
        // After the verdict window only a lapse ends the case; a later conviction could find the bond withdrawn.
        uint256 until = uint256(record.accusedAt) + _versions[record.version].verdictWindow;
        require(block.timestamp <= until, Late(block.timestamp, until));
        require(record.claimOpened || block.timestamp > record.revealBy, Early(block.timestamp, uint256(record.revealBy) + 1));

        Ballot memory ballot = _count(id, job, record, attestations, signatures);
        (Verdict verdict, bytes32 value) = _decide(job, record, ballot);
        emit VerdictReached(id, verdict, value, evidence);
        if (verdict == Verdict.Cleared) _clear(id, job, record);
        else if (verdict == Verdict.Convicted) _convict(id, job, record);
        else _payKeeper(_leaveOpen(id, job, record, ballot));
    }

    /// @inheritdoc ICases
    function lapse(JobItem[] calldata jobs) external nonReentrant {
        uint256 keeperParts;
        for (uint256 i; i < jobs.length; ++i) {
            (Skip code, uint256 keeperPart) = _lapse(jobs[i]);
            _skip(jobs[i].id, Action.Lapse, code, jobs.length);
            keeperParts += keeperPart;
        }
        _payKeeper(keeperParts);
    }

    function _inState(bytes32 id, Job calldata record, State state) private view returns (Job calldata) {
        uint256 head = _heads[id];
        require(head.stateOf() == state, WrongState(id, head.stateOf()));
        require(head.matches(record), WrongRecord(id));
        return record;
    }

    /// @dev As far as the bond holds.
    function _lock(bytes32 id, address operator, uint256 wanted) private returns (uint96) {
        uint256 amount = Pricing.min(_bondOf(operator), wanted);
        _debit(id, operator, Book.Bond, Reason.CaseLock, amount);
        _credit(id, operator, Book.Locked, Reason.CaseLock, amount);
        return uint96(amount);
    }

    function _drawCase(bytes32 id, Job calldata job, CaseRecord storage record, uint256 count)
        private
        view
        returns (address[] memory)
    {
        uint64 epoch = uint64(record.epoch) + 1;
        bytes32 seed = _seeds[epoch];
        require(seed != 0, SeedUnknown(epoch));
        return Draw.picks(
            _roster,
            Draw.Terms({
                seed: seed,
                job: id,
                round: CASE_ROUND,
                rosterLength: record.rosterLength,
                byTime: _isBeacons(epoch),
                last: _lastOf(epoch),
                client: job.client,
                payer: job.payer,
                operatorCluster: _operators[job.operator].work.clusterOf(),
                accuserCluster: _operators[record.accuser].work.clusterOf()
            }),
            count
        );
    }

    function _commitSeat(SeatCommitment calldata commitment, bytes calldata signature) private returns (Skip) {
        (bytes32 id, uint8 seat) = (commitment.job, commitment.seat);
        CaseRecord storage record = _cases[id];
        if (!_heads[id].isIn(State.Accused) || record.draws == 0 || seat >= SEATS || record.commitments[seat] != 0) return Skip.WrongState;
        if (block.timestamp > record.commitBy) return Skip.TooLate;
        if (commitment.round != CASE_ROUND || commitment.commitment == 0) return Skip.BadTerms;
        address operator = record.seats[seat];
        if (!_signedBy(_operators[operator].signer, _hashSeatCommitment(commitment), signature)) return Skip.BadOperatorSignature;

        record.commitments[seat] = commitment.commitment;
        emit SeatCommitted(id, seat, operator, commitment.commitment);
        if (++record.committed == SEATS) {
            record.revealBy = uint40(block.timestamp + _versions[record.version].revealWindow);
            emit SeatsSealed(id, record.revealBy);
        }
        return Skip.None;
    }

    function _count(
        bytes32 id,
        Job calldata job,
        CaseRecord storage record,
        Attestation[3] calldata attestations,
        bytes[3] calldata signatures
    ) private view returns (Ballot memory ballot) {
        bool exact = job.terms.comparison() == Comparison.Exact;
        for (uint8 i; i < SEATS; ++i) {
            Attestation calldata attestation = attestations[i];
            if (signatures[i].length == 0) {
                // Not as soon as a claim that was never opened may be judged: an empty certificate would race the full one.
                uint256 openBy = uint256(record.revealBy) + _versions[record.version].revealWindow;
                require(block.timestamp > openBy, Early(block.timestamp, openBy + 1));
                ++ballot.missing;
                continue;
            }
            Finding finding = attestation.finding;
            // Nobody can have compared with a claim that was not opened.
            bool sayable = exact
                ? finding == Finding.Value
                : (finding == Finding.Match && record.claimOpened) || finding == Finding.Mismatch || finding == Finding.Malformed;
            bool ok = sayable && attestation.job == id && attestation.round == CASE_ROUND && attestation.seat == i
                && _sealOf(attestation) == record.commitments[i]
                && _signedBy(_operators[record.seats[i]].signer, _hashAttestation(attestation), signatures[i]);
            require(ok, WrongAttestation(id, i, Skip.BadAttestation));
            ballot.present[i] = true;
            ballot.voices[i] = exact ? attestation.value : bytes32(uint256(finding == Finding.Match ? 1 : 2));
        }
    }

    /// @dev Bound to the seat, so that who copies a sealed value cannot open it once its owner has.
    function _sealOf(Attestation calldata attestation) private pure returns (bytes32) {
        return keccak256(abi.encode(attestation.job, attestation.round, attestation.seat, attestation.salt, attestation.value));
    }

    function _decide(Job calldata job, CaseRecord storage record, Ballot memory ballot) private view returns (Verdict, bytes32) {
        bytes32 voice = ballot.voices[0];
        if (ballot.missing != 0 || voice != ballot.voices[1] || voice != ballot.voices[2]) return (Verdict.Inconclusive, 0);
        if (job.terms.comparison() == Comparison.Tolerance) return (voice == bytes32(uint256(1)) ? Verdict.Cleared : Verdict.Convicted, 0);
        bool confirmed = record.claimOpened && voice == keccak256(abi.encode(record.claimRoot, record.claimUnits));
        return (confirmed ? Verdict.Cleared : Verdict.Convicted, voice);
    }

    /// @dev The accuser was wrong and pays the seats.
    function _clear(bytes32 id, Job calldata job, CaseRecord storage record) private {
        uint256 paid = _paySeats(id, record, record.accuser, record.accuserLock, job.terms.maxPrice());
        _unlock(id, record.accuser, record.accuserLock - paid);
        _unlock(id, job.operator, record.operatorLock);
        _retireIfPoor(record.accuser);
        Tally memory tally = _tally();
        _payOut(id, job, _heads[id], Accepted(Outcome.Cleared, record.claimRoot, record.claimUnits, address(0)), _rulesOf(record.version), tally);
        _book(tally);
    }

    /// @dev The operator was wrong and pays the seats; the rest of its lock is taken after the appeal window.
    function _convict(bytes32 id, Job calldata job, CaseRecord storage record) private {
        _heads[id] = _heads[id].moved(State.Convicted, Outcome.None);
        record.slashableAt = uint40(block.timestamp + _versions[record.version].appealWindow);
        record.operatorLock -= uint96(_paySeats(id, record, job.operator, record.operatorLock, job.terms.maxPrice()));
        _unlock(id, record.accuser, record.accuserLock);
    }

    /// @dev Each seat gets the max price, or a third of a lock that is smaller.
    function _paySeats(bytes32 id, CaseRecord storage record, address payer, uint256 lock, uint256 maxPrice) private returns (uint256 paid) {
        uint256 pay = Pricing.min(maxPrice, lock / SEATS);
        paid = pay * SEATS;
        _debit(id, payer, Book.Locked, Reason.SeatPay, paid);
        for (uint256 i; i < SEATS; ++i) {
            _credit(id, record.seats[i], Book.Earned, Reason.SeatPay, pay);
        }
    }

    /// @dev No verdict: seats that stayed silent pay a penalty, seats that agree with another are paid by the operator and the insurance pool.
    function _leaveOpen(bytes32 id, Job calldata job, CaseRecord storage record, Ballot memory ballot) private returns (uint256) {
        for (uint256 i; i < SEATS; ++i) {
            if (ballot.present[i]) continue;
            uint256 penalty =
                Pricing.min(_bondOf(record.seats[i]), Pricing.partDown(job.terms.maxPrice(), _versions[record.version].seatPenaltyPpm));
            _debit(id, record.seats[i], Book.Bond, Reason.Penalty, penalty);
            _credit(id, address(this), Book.InsurancePool, Reason.Insurance, penalty);
            _retireIfPoor(record.seats[i]);
        }
        uint256 spent;
        for (uint256 i; i < SEATS; ++i) {
            if (!_isShared(ballot, i)) continue;
            uint256 fromLock = Pricing.min(job.terms.maxPrice() / 2, record.operatorLock - spent);
            spent += fromLock;
            _debit(id, job.operator, Book.Locked, Reason.SeatPay, fromLock);
            uint256 fromPool = _takeFromPool(id, Book.InsurancePool, Reason.SeatPay, job.terms.maxPrice() - job.terms.maxPrice() / 2);
            _credit(id, record.seats[i], Book.Earned, Reason.SeatPay, fromLock + fromPool);
        }
        return _refundCase(id, job, record, spent);
    }

    function _isShared(Ballot memory ballot, uint256 seat) private pure returns (bool) {
        for (uint256 i; i < SEATS; ++i) {
            if (i != seat && ballot.present[i] && ballot.present[seat] && ballot.voices[i] == ballot.voices[seat]) return true;
        }
        return false;
    }

    function _lapse(JobItem calldata item) private returns (Skip, uint256) {
        bytes32 id = item.id;
        uint256 head = _heads[id];
        Job calldata job = item.job;
        if (!head.isIn(State.Accused)) return (Skip.WrongState, 0);
        if (!head.matches(job)) return (Skip.WrongRecord, 0);
        CaseRecord storage record = _cases[id];
        if (block.timestamp <= uint256(record.accusedAt) + _versions[record.version].verdictWindow) return (Skip.TooEarly, 0);
        return (Skip.None, _refundCase(id, job, record, 0));
    }

    /// @dev Ends an undecided case. Returns the keeper's part, which is what the client's refund lacks.
    function _refundCase(bytes32 id, Job calldata job, CaseRecord storage record, uint256 spent) private returns (uint256 keeperPart) {
        uint256 reserved = job.terms.maxPrice() + job.course.fee();
        keeperPart = _rulesOf(record.version).keeperPart();
        _close(id, job, State.Refunded, Outcome.Inconclusive);
        emit JobRefunded(id, job.client, Outcome.Inconclusive, uint96(reserved - keeperPart), 0);
        _credit(id, job.payerOf(), Book.Available, Reason.Refund, reserved - keeperPart);
        _unlock(id, job.operator, record.operatorLock - spent);
        _unlock(id, record.accuser, record.accuserLock);
    }
}
