// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICases} from "./interfaces/ICases.sol";
import {Ballots} from "./libraries/Ballots.sol";
import {Draw} from "./libraries/Draw.sol";
import {Pricing} from "./libraries/Pricing.sol";
import {Records} from "./libraries/Records.sol";
import {Sampling} from "./libraries/Sampling.sol";
import {CaseBook} from "./parts/CaseBook.sol";

/// @title The court: a disputed job is accused, judged in one round or two, then cleared, slashed or refunded
/// @notice Code of the escrow, run by delegatecall on its storage, so it has no owner, no way to be replaced, and holds neither money nor state of its own:
/// called directly, it knows no job.
contract Court is ICases, CaseBook {
    using Ballots for bytes32[];
    using Records for uint256;
    using Records for Job;

    uint8 private constant FIRST = 1;
    uint8 private constant SECOND = 2;

    /// @dev Who may be paid with a certificate, and for which words: the seats of its round, behind them those of a split first round.
    struct Bench {
        address[] seats;
        bytes32[] voices;
    }

    /// @inheritdoc ICases
    function accuse(Job calldata record_, Attestation calldata attestation, bytes calldata signature) external nonReentrant {
        bytes32 id = attestation.job;
        Job calldata job = _inState(id, record_, State.Submitted);
        bytes32 seed = _seeds[uint64(job.course.epoch() + 1)];
        require(seed != 0, SeedUnknown(uint64(job.course.epoch() + 1)));
        uint256 until = _checkedFrom(job) + _lawOf(job).longReview;
        require(block.timestamp <= until, Late(block.timestamp, until));
        require(Sampling.isSampled(seed, id, job.terms.ratePpm()), NotSampled(id));
        bool accusing = job.terms.comparison() == Comparison.Exact
            ? attestation.finding == Finding.Value
            : attestation.finding == Finding.Mismatch || attestation.finding == Finding.Malformed;
        require(accusing && attestation.round == 0, WrongAttestation(id, attestation.seat, Skip.BadAttestation));
        (Skip code, address[] memory drawn) = _verifyCheck(id, job, seed, attestation.seat, _hashAttestation(attestation), signature);
        require(code == Skip.None, WrongAttestation(id, attestation.seat, code));

        CaseRecord storage record = _cases[id];
        record.accusedValue = attestation.value;
        _beginCase(id, job, record, drawn[attestation.seat]);
        record.accuserLock = _lockUpTo(id, record.accuser, _seatPay(job));
    }

    /// @inheritdoc ICases
    function challenge(Job calldata record_, Pledge calldata pledge, bytes calldata signature) external nonReentrant {
        bytes32 id = pledge.job;
        Job calldata job = _inState(id, record_, State.Submitted);
        _checkPledge(pledge, FIRST, signature);
        require(pledge.account != job.operator, WrongPledge(id));
        (uint256 from, uint256 until) = _challengeWindow(id, job);
        require(block.timestamp >= from, Early(block.timestamp, from));
        require(block.timestamp <= until, Late(block.timestamp, until));

        CaseRecord storage record = _cases[id];
        record.bonded = true;
        _beginCase(id, job, record, pledge.account);
        record.accuserLock = _lock(id, pledge.account, _seatPay(job));
    }

    /// @inheritdoc ICases
    function appeal(Job calldata record_, Pledge calldata pledge, bytes calldata signature) external nonReentrant {
        bytes32 id = pledge.job;
        Job calldata job = _inState(id, record_, State.Convicted);
        CaseRecord storage record = _cases[id];
        require(record.round == FIRST, NoAppeal(id));
        require(block.timestamp < record.slashableAt, Late(block.timestamp, record.slashableAt));
        _checkPledge(pledge, SECOND, signature);

        uint256 pay = _lawOf(job).secondSeats * job.terms.maxPrice();
        (record.appellant, record.appealLock) = (pledge.account, _lock(id, pledge.account, pay));
        if (!record.bonded) record.accuserLock = _lockUpTo(id, record.accuser, pay);
        _beginSecondRound(id, record, pledge.account);
    }

    /// @inheritdoc ICases
    function drawSeats(bytes32 id, Job calldata record_) external nonReentrant {
        (Job calldata job, CaseRecord storage record, RoundRecord storage round) = _inCase(id, record_);
        require(round.draws == 0, SeatsKnown(id));
        uint256 size = _sizeOf(record, record.round);
        address[] memory drawn = _draw(id, job, record, round, size);

        round.draws = uint8(size);
        round.commitBy = uint40(block.timestamp + _versions[record.version].commitWindow);
        for (uint256 i; i < size; ++i) {
            round.seats[i].operator = drawn[i];
        }
        emit SeatsDrawn(id, record.round, drawn, round.commitBy);
    }

    /// @inheritdoc ICases
    function commitSeats(CommitItem[] calldata items) external nonReentrant {
        for (uint256 i; i < items.length; ++i) {
            Skip code = _commitSeat(items[i].commitment, items[i].signature);
            _skip(items[i].commitment.job, Action.CommitSeat, code, items.length);
        }
    }

    /// @inheritdoc ICases
    function refillSeat(bytes32 id, Job calldata record_, uint8 seat, bytes calldata failure) external nonReentrant {
        (Job calldata job, CaseRecord storage record, RoundRecord storage round) = _inCase(id, record_);
        SeatRecord storage place = round.seats[seat];
        address from = place.operator;
        require(from != address(0) && place.word == 0, SeatNotOpen(id, seat));
        bool failed = failure.length != 0;
        if (failed) {
            Attestation memory word = Attestation(id, record.round, seat, Finding.Failed, 0, 0);
            require(_signedBy(_operators[from].signer, _hashAttestation(word), failure), BadSignature(from));
        } else {
            require(block.timestamp > round.commitBy, Early(block.timestamp, uint256(round.commitBy) + 1));
            _strike(from, id, Outcome.Inconclusive);
        }
        uint256 wanted = uint256(round.draws) + 1;
        address to = _draw(id, job, record, round, wanted)[wanted - 1];

        round.draws = uint8(wanted);
        place.operator = to;
        round.commitBy = uint40(block.timestamp + _versions[record.version].commitWindow);
        emit SeatRefilled(id, record.round, seat, from, to, failed, round.commitBy);
    }

    /// @inheritdoc ICases
    function openClaim(bytes32 id, Job calldata record_, Opening calldata opening) external nonReentrant {
        (Job calldata job, CaseRecord storage record, RoundRecord storage round) = _inCase(id, record_);
        require(round.revealBy != 0, SeatsNotSealed(id));
        require(!record.claimOpened, ClaimKnown(id));
        bytes32 value = _valueOf(opening);
        require(_opens(job, opening.salt, value), WrongOpening(id));
        if (record.round == FIRST && _isConfirmed(job, record, value)) {
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
    function certify(bytes32 id, Job calldata record_, Attestation[] calldata attestations, bytes[] calldata signatures, bytes32 evidence)
        external
        nonReentrant
    {
        (Job calldata job, CaseRecord storage record, RoundRecord storage round) = _inCase(id, record_);
        require(round.revealBy != 0, SeatsNotSealed(id));
        // After the round's window only a lapse ends it; a later conviction could find the bond withdrawn.
        uint256 until = _roundEnd(record, round);
        require(block.timestamp <= until, Late(block.timestamp, until));
        require(record.claimOpened || block.timestamp > round.revealBy, Early(block.timestamp, uint256(round.revealBy) + 1));

        Bench memory bench = _hear(id, job, record, round, attestations, signatures);
        (Verdict verdict, bytes32 voice) = _decide(job, record, bench.voices);
        bool isFirst = record.round == FIRST;
        emit VerdictReached(id, record.round, verdict, job.terms.comparison() == Comparison.Exact ? voice : bytes32(0), evidence);
        if (record.first == Verdict.Inconclusive) _addFirstRound(bench, record);
        if (verdict == Verdict.Cleared) _clear(id, job, record, bench, voice);
        else if (verdict == Verdict.Convicted) _convict(id, job, record, bench, voice);
        else if (isFirst) _beginSecondRound(id, record, address(0));
        else _leaveOpen(id, job, record, bench);
        if (isFirst) record.first = verdict;
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

    // ---------------------------------------------------------------- where a case is

    function _inState(bytes32 id, Job calldata record, State state) private view returns (Job calldata) {
        uint256 head = _heads[id];
        require(head.stateOf() == state, WrongState(id, head.stateOf()));
        require(head.matches(record), WrongRecord(id));
        return record;
    }

    function _inCase(bytes32 id, Job calldata job) private view returns (Job calldata, CaseRecord storage record, RoundRecord storage round) {
        record = _cases[id];
        round = record.rounds[record.round];
        return (_inState(id, job, record.round == SECOND ? State.Appealed : State.Accused), record, round);
    }

    function _roundEnd(CaseRecord storage record, RoundRecord storage round) private view returns (uint256) {
        return uint256(round.startedAt) + (record.round == FIRST ? _versions[record.version].verdictWindow : _versions[record.version].appealVerdictWindow);
    }

    /// @dev Who pledges money may accuse during the review. The first half of a sampled result's is its re-executor's, who could else be outrun with its own finding;
    /// the second is everybody's, as a re-executor that confirms what is wrong could else not be stopped.
    function _challengeWindow(bytes32 id, Job calldata job) private view returns (uint256 from, uint256 until) {
        bytes32 seed = _seeds[uint64(job.course.epoch() + 1)];
        if (seed == 0 || !Sampling.isSampled(seed, id, job.terms.ratePpm())) return (0, job.course.submittedAt() + _rulesOf(job.course.version()).reviewWindow());
        uint256 start = _checkedFrom(job);
        return (start + _lawOf(job).reviewWindow / 2, start + _lawOf(job).longReview);
    }

    function _checkPledge(Pledge calldata pledge, uint8 round, bytes calldata signature) private view {
        require(pledge.round == round, WrongPledge(pledge.job));
        address account = pledge.account;
        address signer = _operators[account].signer;
        if (signer == address(0)) signer = account;
        require(msg.sender == account || _sentBy(signer, signature) || _signedFor(signer, _hashPledge(pledge), signature), BadSignature(account));
    }

    // ---------------------------------------------------------------- rounds

    function _beginCase(bytes32 id, Job calldata job, CaseRecord storage record, address accuser) private {
        _heads[id] = _heads[id].moved(State.Accused, Outcome.None);
        (record.accuser, record.version) = (accuser, uint16(job.course.version()));
        RoundRecord storage round = _beginRound(record, FIRST);
        emit ResultAccused(id, accuser, record.accusedValue, record.bonded, round.epoch, round.rosterLength);
        record.operatorLock = _lockUpTo(id, job.operator, _seatPay(job) + _stakeOf(job));
    }

    function _beginSecondRound(bytes32 id, CaseRecord storage record, address appellant) private {
        _heads[id] = _heads[id].moved(State.Appealed, Outcome.None);
        RoundRecord storage round = _beginRound(record, SECOND);
        emit ResultAppealed(id, appellant, round.epoch, round.rosterLength);
    }

    function _beginRound(CaseRecord storage record, uint8 number) private returns (RoundRecord storage round) {
        record.round = number;
        round = record.rounds[number];
        (round.startedAt, round.epoch, round.rosterLength) = (uint40(block.timestamp), uint40(_epoch(record.version)), _counts.places);
    }

    function _draw(bytes32 id, Job calldata job, CaseRecord storage record, RoundRecord storage round, uint256 count)
        private
        view
        returns (address[] memory drawn)
    {
        uint64 epoch = uint64(round.epoch) + 1;
        bytes32 seed = _seeds[epoch];
        require(seed != 0, SeedUnknown(epoch));
        drawn = Draw.picks(
            _roster,
            Draw.Terms({
                seed: seed,
                job: id,
                round: record.round,
                rosterLength: round.rosterLength,
                byTime: _isBeacons(epoch),
                last: _lastOf(epoch),
                client: job.client,
                payer: job.payer,
                operatorCluster: _operators[job.operator].work.clusterOf(),
                excluded: _excluded(record)
            }),
            count
        );
        require(drawn.length == count, RosterExhausted(drawn.length, count));
    }

    /// @dev The clusters of who has pledged, and in the second round of the first one's seats. Nobody's is zero, which no operator has.
    function _excluded(CaseRecord storage record) private view returns (uint32[] memory clusters) {
        uint256 heard = record.round == FIRST ? 0 : _sizeOf(record, FIRST);
        clusters = new uint32[](2 + heard);
        clusters[heard] = _operators[record.accuser].work.clusterOf();
        clusters[heard + 1] = _operators[record.appellant].work.clusterOf();
        for (uint256 i; i < heard; ++i) {
            clusters[i] = _operators[record.rounds[FIRST].seats[i].operator].work.clusterOf();
        }
    }

    function _commitSeat(SeatCommitment calldata commitment, bytes calldata signature) private returns (Skip) {
        bytes32 id = commitment.job;
        CaseRecord storage record = _cases[id];
        uint256 head = _heads[id];
        if (!head.isIn(State.Accused) && !head.isIn(State.Appealed)) return Skip.WrongState;
        RoundRecord storage round = record.rounds[record.round];
        SeatRecord storage place = round.seats[commitment.seat];
        if (commitment.round != record.round || place.operator == address(0) || place.word != 0) return Skip.WrongState;
        if (block.timestamp > round.commitBy) return Skip.TooLate;
        if (commitment.commitment == 0) return Skip.BadTerms;
        if (!_signedBy(_operators[place.operator].signer, _hashSeatCommitment(commitment), signature)) return Skip.BadOperatorSignature;

        place.word = commitment.commitment;
        emit SeatCommitted(id, record.round, commitment.seat, place.operator, commitment.commitment);
        if (++round.committed == _sizeOf(record, record.round)) {
            round.revealBy = uint40(block.timestamp + _versions[record.version].revealWindow);
            emit SeatsSealed(id, record.round, round.revealBy);
        }
        return Skip.None;
    }

    // ---------------------------------------------------------------- the certificate

    /// @dev Checks what the seats say and writes it down; who stays silent pays.
    function _hear(
        bytes32 id,
        Job calldata job,
        CaseRecord storage record,
        RoundRecord storage round,
        Attestation[] calldata attestations,
        bytes[] calldata signatures
    ) private returns (Bench memory bench) {
        uint256 size = _sizeOf(record, record.round);
        require(attestations.length == size && signatures.length == size, WrongAttestation(id, uint8(attestations.length), Skip.BadTerms));
        bench = Bench(new address[](size), new bytes32[](size));
        for (uint256 i; i < size; ++i) {
            SeatRecord storage place = round.seats[i];
            address operator = bench.seats[i] = place.operator;
            if (signatures[i].length != 0) {
                bench.voices[i] = _voiceOf(id, job, record, attestations[i], i, place.word, signatures[i], operator);
            } else {
                // Not as soon as a claim that was never opened may be judged: an empty certificate would race the full one.
                uint256 openBy = uint256(round.revealBy) + _versions[record.version].revealWindow;
                require(block.timestamp > openBy, Early(block.timestamp, openBy + 1));
                _punishSilence(id, job, operator);
            }
            if (record.round == FIRST) place.word = bench.voices[i];
        }
    }

    function _voiceOf(
        bytes32 id,
        Job calldata job,
        CaseRecord storage record,
        Attestation calldata attestation,
        uint256 seat,
        bytes32 commitment,
        bytes calldata signature,
        address operator
    ) private view returns (bytes32) {
        bool exact = job.terms.comparison() == Comparison.Exact;
        Finding finding = attestation.finding;
        // Nobody can have compared with a claim that was not opened.
        bool sayable = exact
            ? finding == Finding.Value
            : (finding == Finding.Match && record.claimOpened) || finding == Finding.Mismatch || finding == Finding.Malformed;
        bool ok = sayable && attestation.job == id && attestation.round == record.round && attestation.seat == seat
            && _sealOf(attestation) == commitment && _signedBy(_operators[operator].signer, _hashAttestation(attestation), signature);
        require(ok, WrongAttestation(id, uint8(seat), Skip.BadAttestation));
        return exact ? attestation.value : finding == Finding.Match ? Ballots.MATCH : Ballots.MISMATCH;
    }

    /// @dev Bound to the seat, so that who copies a sealed value cannot open it once its owner has.
    function _sealOf(Attestation calldata attestation) private pure returns (bytes32) {
        return keccak256(abi.encode(attestation.job, attestation.round, attestation.seat, attestation.salt, attestation.value));
    }

    function _punishSilence(bytes32 id, Job calldata job, address seat) private {
        uint256 penalty = Pricing.min(_bondOf(seat), Pricing.partDown(job.terms.maxPrice(), _lawOf(job).seatPenaltyPpm));
        _debit(id, seat, Book.Bond, Reason.Penalty, penalty);
        _credit(id, address(this), Book.InsurancePool, Reason.Insurance, penalty);
        _retireIfPoor(seat);
    }

    function _decide(Job calldata job, CaseRecord storage record, bytes32[] memory voices) private view returns (Verdict, bytes32) {
        bytes32 claim = job.terms.comparison() == Comparison.Tolerance
            ? Ballots.MATCH
            : record.claimOpened ? keccak256(abi.encode(record.claimRoot, record.claimUnits)) : bytes32(0);
        if (record.round == FIRST) return voices.decide(claim, voices.length, voices.length);
        return voices.decide(claim, _versions[record.version].convictQuorum, _versions[record.version].clearQuorum);
    }

    /// @dev A split has paid nobody yet.
    function _addFirstRound(Bench memory bench, CaseRecord storage record) private view {
        RoundRecord storage round = record.rounds[FIRST];
        uint256 size = _sizeOf(record, FIRST);
        uint256 count = bench.seats.length;
        Bench memory all = Bench(new address[](count + size), new bytes32[](count + size));
        for (uint256 i; i < count + size; ++i) {
            (all.seats[i], all.voices[i]) = i < count
                ? (bench.seats[i], bench.voices[i])
                : (round.seats[i - count].operator, round.seats[i - count].word);
        }
        (bench.seats, bench.voices) = (all.seats, all.voices);
    }

    // ---------------------------------------------------------------- what follows

    /// @dev The accuser was wrong and pays the seats; first seats that convicted pay back.
    function _clear(bytes32 id, Job calldata job, CaseRecord storage record, Bench memory bench, bytes32 voice) private {
        uint256 wanted = bench.voices.count(voice) * job.terms.maxPrice();
        uint256 taken = _take(id, record.accuser, record.accuserLock, wanted);
        record.accuserLock -= uint96(taken);
        // An accuser whose bond was too small, after an appeal, leaves the rest to the insurance.
        if (record.round == SECOND) taken += _takeFromPool(id, Book.InsurancePool, Reason.SeatPay, wanted - taken);
        _paySeats(id, bench, voice, taken);
        if (record.first == Verdict.Convicted) _payBack(id, job, record);
        _unlockAll(id, job, record);
        Tally memory tally = _tally();
        _payOut(id, job, _heads[id], Accepted(Outcome.Cleared, record.claimRoot, record.claimUnits, address(0)), _rulesOf(record.version), tally);
        _book(tally);
    }

    /// @dev The operator was wrong: it, or its appellant, pays the seats. What stays locked of its bond is taken when no appeal is possible any more.
    function _convict(bytes32 id, Job calldata job, CaseRecord storage record, Bench memory bench, bytes32 voice) private {
        bool last = record.round == SECOND;
        _heads[id] = _heads[id].moved(State.Convicted, Outcome.None);
        record.slashableAt = uint40(block.timestamp + (last ? 0 : _versions[record.version].appealWindow));
        uint256 wanted = bench.voices.count(voice) * job.terms.maxPrice();
        uint256 stays = record.operatorLock;
        if (record.appealLock != 0) {
            uint256 taken = _take(id, record.appellant, record.appealLock, wanted);
            _paySeats(id, bench, voice, taken);
            _unlock(id, record.appellant, record.appealLock - taken);
        } else {
            uint256 taken = _take(id, job.operator, stays, wanted);
            _paySeats(id, bench, voice, taken);
            if (!last && taken < wanted) record.rounds[FIRST].unpaid = uint96(job.terms.maxPrice() - taken / bench.voices.count(voice));
            uint256 stake = Pricing.min(stays - taken, _stakeOf(job));
            _unlock(id, job.operator, stays - taken - stake);
            stays = stake;
        }
        record.operatorLock = uint96(stays);
        if (record.bonded) return;
        _unlock(id, record.accuser, record.accuserLock);
        record.accuserLock = 0;
    }

    /// @dev The second round is of no mind. Seats that agree with another are paid, half by the operator's side, half by who pledged, or by the insurance for a
    /// drawn accuser.
    function _leaveOpen(bytes32 id, Job calldata job, CaseRecord storage record, Bench memory bench) private {
        uint256 wanted = bench.voices.count(0) * job.terms.maxPrice();
        uint256 taken;
        if (record.appealLock != 0) {
            taken = _take(id, record.appellant, record.appealLock, wanted / 2);
            record.appealLock -= uint96(taken);
        } else {
            taken = _take(id, job.operator, record.operatorLock, wanted / 2);
            record.operatorLock -= uint96(taken);
        }
        if (record.bonded) {
            uint256 other = _take(id, record.accuser, record.accuserLock, wanted - wanted / 2);
            record.accuserLock -= uint96(other);
            taken += other;
        } else {
            taken += _takeFromPool(id, Book.InsurancePool, Reason.SeatPay, wanted - wanted / 2);
        }
        _paySeats(id, bench, 0, taken);
        _payKeeper(_refund(id, job, record));
    }

    function _lapse(JobItem calldata item) private returns (Skip, uint256) {
        bytes32 id = item.id;
        uint256 head = _heads[id];
        Job calldata job = item.job;
        if (!head.isIn(State.Accused) && !head.isIn(State.Appealed)) return (Skip.WrongState, 0);
        if (!head.matches(job)) return (Skip.WrongRecord, 0);
        CaseRecord storage record = _cases[id];
        if (block.timestamp <= _roundEnd(record, record.rounds[record.round])) return (Skip.TooEarly, 0);
        if (record.first != Verdict.Convicted) return (Skip.None, _refund(id, job, record));

        _heads[id] = head.moved(State.Convicted, Outcome.None);
        emit AppealLapsed(id);
        _unlock(id, record.appellant, record.appealLock);
        if (record.bonded) return (Skip.None, 0);
        _unlock(id, record.accuser, record.accuserLock);
        record.accuserLock = 0;
        return (Skip.None, 0);
    }

    /// @dev Ends an undecided case. Returns the keeper's part, which is what the client's refund lacks.
    function _refund(bytes32 id, Job calldata job, CaseRecord storage record) private returns (uint256 keeperPart) {
        uint256 reserved = job.terms.maxPrice() + job.course.fee();
        keeperPart = _rulesOf(record.version).keeperPart();
        _close(id, job, State.Refunded, Outcome.Inconclusive);
        emit JobRefunded(id, job.client, Outcome.Inconclusive, uint96(reserved - keeperPart), 0);
        _credit(id, job.payerOf(), Book.Available, Reason.Refund, reserved - keeperPart);
        _unlockAll(id, job, record);
    }

    // ---------------------------------------------------------------- money

    /// @dev What every seat of both rounds may cost a side.
    function _seatPay(Job calldata job) private view returns (uint256) {
        return (uint256(_lawOf(job).firstSeats) + _lawOf(job).secondSeats) * job.terms.maxPrice();
    }

    function _lawOf(Job calldata job) private view returns (Parameters storage) {
        return _versions[job.course.version()];
    }

    function _stakeOf(Job calldata job) private view returns (uint256) {
        return Pricing.slashDown(job.terms.maxPrice(), _rulesOf(job.course.version()).floorPpm(), job.terms.comparison());
    }

    function _lock(bytes32 id, address account, uint256 amount) private returns (uint96) {
        _debit(id, account, _purseOf(account), Reason.CaseLock, amount);
        _credit(id, account, Book.Locked, Reason.CaseLock, amount);
        return uint96(amount);
    }

    /// @dev As far as the bond reaches.
    function _lockUpTo(bytes32 id, address operator, uint256 wanted) private returns (uint96) {
        return _lock(id, operator, Pricing.min(_bondOf(operator), wanted));
    }

    function _unlockAll(bytes32 id, Job calldata job, CaseRecord storage record) private {
        _unlock(id, job.operator, record.operatorLock);
        _unlock(id, record.accuser, record.accuserLock);
        _unlock(id, record.appellant, record.appealLock);
    }

    function _take(bytes32 id, address payer, uint256 lock, uint256 wanted) private returns (uint256 taken) {
        taken = Pricing.min(Pricing.min(lock, wanted), _operators[payer].locked);
        _debit(id, payer, Book.Locked, Reason.SeatPay, taken);
        _retireIfPoor(payer);
    }

    /// @dev Every seat with this word gets the same share; with none, every seat that agrees with another. Dust is for the insurance.
    function _paySeats(bytes32 id, Bench memory bench, bytes32 voice, uint256 amount) private {
        uint256 paid = bench.voices.count(voice);
        if (paid == 0) return;
        for (uint256 i; i < bench.seats.length; ++i) {
            if (bench.voices.isCounted(i, voice)) _earn(id, bench.seats[i], Reason.SeatPay, amount / paid);
        }
        _credit(id, address(this), Book.InsurancePool, Reason.Insurance, amount % paid);
    }

    /// @dev The first round was paid for a word that does not stand.
    function _payBack(bytes32 id, Job calldata job, CaseRecord storage record) private {
        RoundRecord storage round = record.rounds[FIRST];
        uint256 size = _sizeOf(record, FIRST);
        for (uint256 i; i < size; ++i) {
            address seat = round.seats[i].operator;
            uint256 back = Pricing.min(_bondOf(seat), job.terms.maxPrice() - round.unpaid);
            _debit(id, seat, Book.Bond, Reason.SeatPay, back);
            _credit(id, job.operator, Book.Bond, Reason.SeatPay, back);
            _retireIfPoor(seat);
        }
    }
}
