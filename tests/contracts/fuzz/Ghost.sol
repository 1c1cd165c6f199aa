// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IEscrow} from "../../../contracts/interfaces/IEscrow.sol";
import {IVocabulary as V} from "../../../contracts/interfaces/IVocabulary.sol";
import {Pricing} from "../../../contracts/libraries/Pricing.sol";
import {Course, Terms} from "../../../contracts/libraries/Words.sol";
import {Vm} from "./Vm.sol";

/// @title A second set of books, kept from the events alone
/// @notice What an event may not say in the light of those before it fails with the rule's name; what the contract then answers is compared by the invariants.
contract Ghost {
    struct Life {
        V.State state;
        V.Outcome outcome;
        address client;
        address payer;      // whose money it is
        uint32 pool;
        bool bound;         // to a payer, a pool or a witness
        address operator;
        uint256 maxPrice;
        uint256 fee;
        uint256 ratePpm;
        uint256 openedAt;
        uint256 submittedAt;
        uint256 epoch;
        uint256 accusedAt;
        address accuser;
        uint256 appealedAt;  // the beginning of the second round
        uint256 convictedAt;
        uint256 endedAt;
        uint256 price;      // of a release
        address reexecutor; // of a release
        uint256 refund;
        uint256 penalty;
        uint256 slashed;
        uint256 compensation;
        uint256 accuserReward;
        uint256 insured;
        bool exact;
    }

    struct Approval {
        uint96 perJob;
        uint96 perDay;
        uint40 until;
    }

    IEscrow private immutable _escrow;
    address private immutable _token;
    V.Parameters private _p;

    bytes32[] public jobs;
    mapping(bytes32 job => Life) private _lives;
    mapping(bytes32 job => mapping(V.Reason => int256)) public flow;
    mapping(bytes32 job => mapping(V.Reason => uint256)) public movements;
    mapping(address account => mapping(V.Book => uint256)) public book;
    mapping(V.Reason => int256) public total;
    mapping(bytes32 job => int256) public lockedBy;
    mapping(uint64 epoch => bytes32) public seeds;
    mapping(address account => mapping(uint256 nonce => bool)) public nonceUsed;
    mapping(address operator => bool) public registered;
    mapping(uint256 place => address) public placeOf;
    mapping(uint256 place => uint256) public retiredAt;
    mapping(address operator => uint256) public unbondsAt;
    mapping(address payer => mapping(address spender => Approval)) private _approvals;
    mapping(address payer => mapping(address spender => mapping(uint256 day => uint256))) private _spent;
    mapping(uint256 pool => mapping(address account => uint256)) private _members; // 1: may order, 2: may work
    uint64[] public epochs;
    uint256 public places;
    uint256 public reserved;
    uint256 public booked;  // the sum of all books
    uint256 public held;    // tokens, from the token's own events
    uint256 public strays;  // tokens that were sent past the escrow's functions
    bytes32[] private _touched;

    constructor(IEscrow escrow_, address token_) {
        (_escrow, _token, _p) = (escrow_, token_, escrow_.parameters());
    }

    function jobCount() external view returns (uint256) {
        return jobs.length;
    }

    function epochCount() external view returns (uint256) {
        return epochs.length;
    }

    function lifeOf(bytes32 job) external view returns (Life memory) {
        return _lives[job];
    }

    function strayed(uint256 amount) external {
        strays += amount;
    }

    /// @notice The jobs that this act has moved, some more than once.
    function touched() external view returns (bytes32[] memory) {
        return _touched;
    }

    /// @notice A new act begins.
    function turn() external {
        delete _touched;
    }

    /// @notice Takes what an act has logged so far.
    function see(Vm.Log[] calldata logs) external {
        for (uint256 i; i < logs.length; ++i) {
            Vm.Log calldata log = logs[i];
            if (log.emitter == _token && log.topics[0] == IERC20.Transfer.selector) _transferred(log);
            if (log.emitter != address(_escrow)) continue;
            bytes32 kind = log.topics[0];
            if (kind == V.LedgerMoved.selector) _moved(log);
            else if (log.topics.length > 1 && !_jobEvent(kind, log)) _otherEvent(kind, log);
        }
        for (uint256 i; i < _touched.length; ++i) {
            _audit(_touched[i]);
        }
        require(held == booked + reserved + strays, "an act moved tokens and books by different sums");
    }

    function _transferred(Vm.Log calldata log) private {
        uint256 amount = abi.decode(log.data, (uint256));
        if (log.topics[2] == _word(address(_escrow))) held += amount;
        if (log.topics[1] == _word(address(_escrow))) held -= amount;
    }

    function _moved(Vm.Log calldata log) private {
        (bytes32 job, address account) = (log.topics[1], _address(log.topics[2]));
        (V.Book of_, V.Reason reason, int256 amount, uint256 balance) = abi.decode(log.data, (V.Book, V.Reason, int256, uint256));
        uint256 before = book[account][of_];
        require(amount != 0, "a movement of nothing was booked");
        require(int256(before) + amount == int256(balance), "a movement did not start where the last one ended");
        require(_fits(of_, reason, amount > 0), "a movement's reason does not fit its book");
        require(_isPool(of_) == (account == address(_escrow)), "a pool is the contract's, and nothing else is");
        book[account][of_] = balance;
        booked = booked + balance - before;
        flow[job][reason] += amount;
        ++movements[job][reason];
        total[reason] += amount;
        if (reason == V.Reason.BondWithdrawal) require(block.timestamp >= unbondsAt[account], "stake left before its time");
        if (of_ == V.Book.Available && _isOfTheJob(reason)) require(_lives[job].payer == account, "a job's money came from or went to another than its payer");
        if (of_ == V.Book.Locked) lockedBy[job] += amount;
    }

    function _jobEvent(bytes32 kind, Vm.Log calldata log) private returns (bool) {
        bytes32 job = log.topics[1];
        Life storage life = _lives[job];
        if (kind == V.JobBound.selector) {
            require(life.state == V.State.None, "a job was bound after its opening");
            (life.payer, life.pool, life.bound) = (_address(log.topics[2]), uint32(uint256(log.topics[3])), true);
        } else if (kind == V.JobOpened.selector) {
            _open(job, life, log);
        } else if (kind == V.ResultSubmitted.selector) {
            _move(job, V.State.Open, V.State.Submitted);
            (,, Course course) = abi.decode(log.data, (bytes32, bytes32, Course));
            (life.epoch, life.submittedAt) = (course.epoch(), block.timestamp);
            require(course.submittedAt() == block.timestamp, "a result of another time");
        } else if (kind == V.ResultAccused.selector) {
            _move(job, V.State.Submitted, V.State.Accused);
            (life.accuser, life.accusedAt) = (_address(log.topics[2]), block.timestamp);
        } else if (kind == V.VerdictReached.selector) {
            (uint8 round, V.Verdict verdict,,) = abi.decode(log.data, (uint8, V.Verdict, bytes32, bytes32));
            V.State from = round == 1 ? V.State.Accused : V.State.Appealed;
            require(life.state == from, "a verdict without an accusation");
            if (verdict == V.Verdict.Convicted) {
                _move(job, from, V.State.Convicted);
                life.convictedAt = block.timestamp;
            }
        } else if (kind == V.ResultAppealed.selector) {
            require(life.appealedAt == 0, "a second appeal");
            _move(job, _address(log.topics[2]) == address(0) ? V.State.Accused : V.State.Convicted, V.State.Appealed);
            life.appealedAt = block.timestamp;
        } else if (kind == V.AppealLapsed.selector) {
            _move(job, V.State.Appealed, V.State.Convicted);
            require(life.convictedAt != 0, "a conviction that nobody pronounced");
        } else if (kind == V.RewardReleased.selector) {
            require(life.state == V.State.Submitted || life.state == V.State.Accused || life.state == V.State.Appealed, "paid from a state that pays nobody");
            (life.outcome,,, life.price, life.reexecutor) = abi.decode(log.data, (V.Outcome, bytes32, uint64, uint96, address));
            _end(job, V.State.Released);
        } else if (kind == V.JobRefunded.selector) {
            (life.outcome, life.refund, life.penalty) = abi.decode(log.data, (V.Outcome, uint96, uint96));
            require(life.state == _refundedFrom(life.outcome, life.appealedAt != 0), "refunded from a state that refunds nobody");
            _end(job, V.State.Refunded);
        } else if (kind == V.StakeSlashed.selector) {
            require(life.state == V.State.Convicted, "slashed without a conviction");
            (life.slashed, life.compensation, life.accuserReward, life.insured) = abi.decode(log.data, (uint96, uint96, uint96, uint96));
            life.outcome = V.Outcome.WrongResult;
            _end(job, V.State.Slashed);
        } else {
            return false;
        }
        return true;
    }

    function _otherEvent(bytes32 kind, Vm.Log calldata log) private {
        address who = _address(log.topics[1]);
        if (kind == V.SeedRecorded.selector) {
            uint64 epoch = uint64(uint256(log.topics[1]));
            require(seeds[epoch] == 0, "a seed was recorded twice");
            require(block.number >= (uint256(epoch) + 1) * _p.epochBlocks, "a seed was recorded before its epoch ended");
            seeds[epoch] = abi.decode(log.data, (bytes32));
            epochs.push(epoch);
        } else if (kind == V.NonceCancelled.selector) {
            _use(who, abi.decode(log.data, (uint256)));
        } else if (kind == V.OperatorRegistered.selector) {
            require(!registered[who], "an operator registered twice");
            registered[who] = true;
        } else if (kind == V.OperatorJoined.selector) {
            (uint32 place,) = abi.decode(log.data, (uint32, address));
            require(place == places++, "a place was given out of order");
            placeOf[place] = who;
        } else if (kind == V.OperatorRetired.selector) {
            (uint32 place,) = abi.decode(log.data, (uint32, bool));
            require(placeOf[place] == who && retiredAt[place] == 0, "a place was retired that its operator did not hold");
            retiredAt[place] = block.number;
        } else if (kind == V.UnbondingRequested.selector) {
            (, uint64 from) = abi.decode(log.data, (uint96, uint64));
            require(from >= block.timestamp + _p.unbondingDelay, "stake unbonds sooner than the delay");
            unbondsAt[who] = from;
        } else if (kind == V.SpendingApproved.selector) {
            (uint96 perJob, uint96 perDay, uint40 until) = abi.decode(log.data, (uint96, uint96, uint40));
            _approvals[who][_address(log.topics[2])] = Approval(perJob, perDay, until);
        } else if (kind == V.PoolMemberSet.selector) {
            (bool orders, bool works) = abi.decode(log.data, (bool, bool));
            _members[uint256(log.topics[1])][_address(log.topics[2])] = (orders ? 1 : 0) | (works ? 2 : 0);
        }
    }

    function _open(bytes32 job, Life storage life, Vm.Log calldata log) private {
        _move(job, V.State.None, V.State.Open);
        (life.client, life.operator, life.openedAt) = (_address(log.topics[2]), _address(log.topics[3]), block.timestamp);
        (,,, uint256 nonce, Terms terms, Course course) = abi.decode(log.data, (address, bytes32, bytes32, uint256, Terms, Course));
        (life.maxPrice, life.fee, life.ratePpm) = (terms.maxPrice(), course.fee(), terms.ratePpm());
        (life.exact, life.payer) = (terms.comparison() == V.Comparison.Exact, life.payer == address(0) ? life.client : life.payer);
        require(terms.bound() == life.bound, "a record that does not tell of its payer, pool or witness");
        _meet(life);
        _spend(life);
        reserved += life.maxPrice + life.fee;
        _use(life.client, nonce);
        jobs.push(job);
        require(life.ratePpm >= _p.floorPpm && life.ratePpm <= Pricing.PPM, "a rate outside of the floor and certainty");
        require((life.fee - _p.keeperPart) * Pricing.PPM >= life.maxPrice * _p.floorPpm, "a fee rounded in the payer's favour");
    }

    function _meet(Life storage life) private view {
        if (life.pool == 0) return;
        mapping(address => uint256) storage members = _members[life.pool];
        require(members[life.client] & 1 != 0 && members[life.operator] & 2 != 0, "a pool served or was served by a stranger");
    }

    function _spend(Life storage life) private {
        if (life.payer == life.client) return;
        Approval memory approval = _approvals[life.payer][life.client];
        uint256 amount = life.maxPrice + life.fee;
        uint256 today = _spent[life.payer][life.client][block.timestamp / 1 days] += amount;
        require(block.timestamp <= approval.until && amount <= approval.perJob && today <= approval.perDay, "a payer pays more than it has approved");
    }

    /// @dev The one table of transitions: whatever it lacks is forbidden.
    function _move(bytes32 job, V.State from, V.State to) private {
        require(_lives[job].state == from, "a transition that the protocol does not know");
        _lives[job].state = to;
        _touch(job);
    }

    function _end(bytes32 job, V.State state) private {
        Life storage life = _lives[job];
        (life.state, life.endedAt) = (state, block.timestamp);
        reserved -= life.maxPrice + life.fee;
        _touch(job);
    }

    function _use(address account, uint256 nonce) private {
        require(!nonceUsed[account][nonce], "a nonce worked twice");
        nonceUsed[account][nonce] = true;
    }

    function _touch(bytes32 job) private {
        _touched.push(job);
    }

    /// @dev What a job's movements add up to, once it has ended.
    function _audit(bytes32 job) private view {
        Life storage life = _lives[job];
        require(flow[job][V.Reason.Reservation] == -int256(life.maxPrice + life.fee), "a job did not reserve its price and fee");
        if (life.state == V.State.Released) {
            require(flow[job][V.Reason.Remainder] == int256(life.maxPrice - life.price), "price and remainder are not the most price");
            require(life.price - _sum(job, V.Reason.Payment) == Pricing.partDown(life.price, life.ratePpm - _p.floorPpm), "a pay is not the price less what the record costs");
            require(_sum(job, V.Reason.CheckPay) <= life.price, "a check was paid more than the price");
            require(flow[job][V.Reason.Refund] == 0 && life.refund == 0, "a job was paid and refunded");
        } else if (life.state == V.State.Refunded) {
            uint256 kept = life.outcome == V.Outcome.Inconclusive || life.outcome == V.Outcome.Cancelled ? _p.keeperPart : 0;
            require(life.refund == life.maxPrice + life.fee - kept && _sum(job, V.Reason.Refund) == life.refund, "a refund is not whole");
            require(flow[job][V.Reason.Payment] == 0 && life.price == 0, "a job was refunded and paid");
            require(life.penalty <= life.maxPrice, "a penalty above the price");
        } else if (life.state == V.State.Slashed) {
            require(_sum(job, V.Reason.Refund) == life.maxPrice + life.fee, "a cheated client did not get everything back");
            require(flow[job][V.Reason.Slash] == -int256(life.slashed), "a stake lost another sum than was split");
            require(_sum(job, V.Reason.Compensation) == life.compensation && _sum(job, V.Reason.AccuserReward) == life.accuserReward, "a slash was not split as announced");
            require(life.slashed - life.compensation - life.accuserReward - life.insured <= _p.keeperPart, "a keeper took more than its part of a slash");
            require(flow[job][V.Reason.Payment] == 0, "a wrong result was paid");
        }
        for (V.Reason reason = V.Reason.Payment; reason <= V.Reason.Remainder; reason = V.Reason(uint8(reason) + 1)) {
            require(movements[job][reason] <= 1, "a job was paid twice");
        }
        require(movements[job][V.Reason.Refund] <= 1 && movements[job][V.Reason.CheckPay] <= 1, "a job was refunded or checked twice");
    }

    function _sum(bytes32 job, V.Reason reason) private view returns (uint256) {
        int256 sum = flow[job][reason];
        require(sum >= 0, "a payment took money");
        return uint256(sum);
    }

    function _refundedFrom(V.Outcome outcome, bool appealed) private pure returns (V.State) {
        if (outcome == V.Outcome.NoShow || outcome == V.Outcome.Cancelled) return V.State.Open;
        if (outcome == V.Outcome.Unavailable) return V.State.Submitted;
        return appealed ? V.State.Appealed : V.State.Accused;
    }

    /// @dev What the job itself costs or brings its payer; the rest is a party's own.
    function _isOfTheJob(V.Reason r) private pure returns (bool) {
        return r == V.Reason.Reservation || r == V.Reason.Remainder || r == V.Reason.Refund || r == V.Reason.Penalty || r == V.Reason.Compensation;
    }

    /// @dev Which reason moves which book, and which way.
    function _fits(V.Book of_, V.Reason r, bool up) private pure returns (bool) {
        if (of_ == V.Book.Available) {
            if (!up) return r == V.Reason.Withdrawal || r == V.Reason.Reservation || r == V.Reason.CaseLock;
            return r == V.Reason.Deposit || r == V.Reason.Remainder || r == V.Reason.Refund || r == V.Reason.Penalty || r == V.Reason.Compensation
                || r == V.Reason.KeeperPart || r == V.Reason.CaseUnlock || r == V.Reason.AccuserReward;
        }
        if (of_ == V.Book.Bond) {
            if (r == V.Reason.SeatPay) return true; // a first seat that was overruled pays back
            if (up) return r == V.Reason.Bonding || r == V.Reason.CaseUnlock;
            return r == V.Reason.BondWithdrawal || r == V.Reason.Penalty || r == V.Reason.CaseLock || r == V.Reason.Slash;
        }
        if (of_ == V.Book.Locked) return up ? r == V.Reason.CaseLock : r == V.Reason.CaseUnlock || r == V.Reason.SeatPay || r == V.Reason.Slash;
        if (of_ == V.Book.Earned) {
            if (!up) return r == V.Reason.Claim;
            return r == V.Reason.Payment || r == V.Reason.CheckPay || r == V.Reason.KeeperPart || r == V.Reason.AccuserReward || r == V.Reason.SeatPay;
        }
        if (of_ == V.Book.CheckPool) return r == V.Reason.Checks || (up && r == V.Reason.Donation);
        if (of_ == V.Book.InsurancePool) return r == V.Reason.Checks || (up ? r == V.Reason.Insurance || r == V.Reason.Donation : r == V.Reason.SeatPay);
        return false;
    }

    function _isPool(V.Book of_) private pure returns (bool) {
        return of_ == V.Book.CheckPool || of_ == V.Book.InsurancePool;
    }

    function _word(address who) private pure returns (bytes32) {
        return bytes32(uint256(uint160(who)));
    }

    function _address(bytes32 word) private pure returns (address) {
        return address(uint160(uint256(word)));
    }
}
