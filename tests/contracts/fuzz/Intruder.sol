// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEscrow} from "../../../contracts/interfaces/IEscrow.sol";
import {IVocabulary as V} from "../../../contracts/interfaces/IVocabulary.sol";
import {Handler} from "./Handler.sol";
import {vm} from "./Vm.sol";

/// @title Tries what the protocol forbids, at any moment of the others' play. Whatever goes through is a finding
contract Intruder {
    enum Entry { Submit, Release, Expire, Accuse, DrawSeats, CommitSeats, RefillSeat, OpenClaim, Certify, Lapse, Slash, Challenge, Appeal }

    bytes4 private constant PANIC = bytes4(keccak256("Panic(uint256)"));

    IEscrow private immutable _escrow;
    Handler private immutable _handler;
    V.Parameters private _p;
    uint256 private constant STRANGER_KEY = 666;

    /// @notice Refusals, by the kind of the attempt.
    mapping(string => uint256) public refusals;

    constructor(Handler handler) {
        (_handler, _escrow, _p) = (handler, handler.escrow(), handler.escrow().parameters());
    }

    /// @notice Calls an entry that does not lead out of the job's state.
    function trespass(uint256 which, uint8 entry, uint256 as_) external {
        if (!ready()) return;
        bytes32 id = pick(which);
        Entry wanted = Entry(entry % 13);
        (V.State state,) = _escrow.stateOf(id);
        if (leadsOut(wanted, state)) return;
        refused("a forbidden transition", as_, callOf(wanted, id));
    }

    /// @notice Calls an entry of the job's state before its time.
    function hurry(uint256 which, uint256 as_) external {
        if (!ready()) return;
        bytes32 id = pick(which);
        V.Job memory job = _handler.recordOf(id);
        (V.State state,) = _escrow.stateOf(id);
        if (state == V.State.Open) {
            if (block.timestamp <= job.course.openedAt() + job.terms.runWindow()) refused("an early expiry", as_, callOf(Entry.Expire, id));
        } else if (state == V.State.Submitted) {
            if (block.timestamp <= job.course.submittedAt() + _p.reviewWindow + _p.openWindow) refused("an early expiry of a result", as_, callOf(Entry.Expire, id));
            if (block.timestamp < job.course.submittedAt() + _p.reviewWindow) refused("an early release", as_, callOf(Entry.Release, id));
        } else if (state == V.State.Accused) {
            if (block.timestamp <= uint256(_escrow.roundOf(id, 1).startedAt) + _p.verdictWindow) refused("an early lapse", as_, callOf(Entry.Lapse, id));
        } else if (state == V.State.Appealed) {
            if (block.timestamp <= uint256(_escrow.roundOf(id, 2).startedAt) + _p.appealVerdictWindow) refused("an early lapse of an appeal", as_, callOf(Entry.Lapse, id));
        } else if (state == V.State.Convicted) {
            if (block.timestamp < _escrow.caseOf(id).slashableAt) refused("an early slash", as_, callOf(Entry.Slash, id));
        }
    }

    /// @notice Releases a sampled result as if it were not, or with a check that no drawn operator signed.
    function skipTheCheck(uint256 which, uint256 as_, bool forged) external {
        if (!ready()) return;
        bytes32 id = pick(which);
        V.Job memory job = _handler.recordOf(id);
        (V.State state,) = _escrow.stateOf(id);
        if (state != V.State.Submitted) return;
        (bool decided, bool sampled) = _escrow.isSampled(id, job);
        if (decided && !sampled) return;
        if (!forged && block.timestamp >= job.course.submittedAt() + _p.longReview) return;
        V.ReleaseItem[] memory items = new V.ReleaseItem[](1);
        items[0] = V.ReleaseItem(id, job, _handler.opening(id), 0, 0, forged ? sign(id) : bytes(""));
        refused("a release without its check", as_, abi.encodeCall(_escrow.release, (items)));
    }

    /// @notice Sends again what was signed once and has worked.
    function replay(uint256 which, uint256 as_) external {
        if (!ready() || _handler.sentCount() == 0) return;
        refused("a replay", as_, _handler.sent(which % _handler.sentCount()));
    }

    /// @notice Opens a job for more than the bond covers, or with another's name under it.
    function overreach(uint256 who, uint256 by, uint96 beyond, uint8 how) external {
        if (!ready()) return;
        (who, by) = (who % _handler.CLIENTS(), by % _handler.OPERATORS());
        V.Operator memory record = _escrow.operatorOf(_handler.operator(by));
        uint256 free = record.bond - record.unbonding;
        uint256 most = _p.floorPpm * free / 2e6;
        uint256 left = free / 2 > record.exposure ? free / 2 - record.exposure : 0;
        if (left < most) most = left;
        V.OpenItem[] memory items = new V.OpenItem[](1);
        if (how % 3 == 0) (, items[0]) = _handler.offer(who, by, uint96(most + 1 + beyond % 1e12), false);
        else (, items[0]) = _handler.offer(who, by, 1, false);
        if (how % 3 == 1) items[0].orderSignature = sign(_escrow.hashOrder(items[0].order));
        if (how % 3 == 2) items[0].acceptanceSignature = items[0].orderSignature;
        refused("a job that nobody may open", uint256(keccak256(abi.encode(beyond))), abi.encodeCall(_escrow.open, (items)));
    }

    /// @notice Orders at the cost of who has not approved it, or in the pool of who is not of it.
    function borrow(uint256 who, uint256 by, uint256 payer, uint96 maxPrice, bool pool) external {
        if (!ready()) return;
        (who, by, payer) = (who % _handler.CLIENTS(), by % _handler.OPERATORS(), payer % _handler.CLIENTS());
        (bool orders,) = _escrow.poolMember(1, _handler.client(who));
        (, bool works) = _escrow.poolMember(1, _handler.operator(by));
        (uint96 perJob, uint96 perDay, uint40 until,) = _escrow.spendingOf(_handler.client(payer), _handler.client(who));
        bool lends = payer == who || (block.timestamp <= until && perJob > maxPrice % 1e6 && perDay > maxPrice % 1e6);
        if (lends && (!pool || (orders && works))) return;
        V.OpenItem[] memory items = new V.OpenItem[](1);
        (, items[0]) = _handler.offerBound(who, by, 1 + maxPrice % 1e6, payer, pool);
        refused("a job at the cost or in the pool of who did not agree", uint256(keccak256(abi.encode(maxPrice))), abi.encodeCall(_escrow.open, (items)));
    }

    /// @notice Ends an open job with one side's word or none, or a job that is no longer open.
    function revoke(uint256 which, uint256 as_) external {
        if (!ready()) return;
        bytes32 id = pick(which);
        V.CancelItem[] memory items = new V.CancelItem[](1);
        bytes memory signature = sign(_escrow.hashCancel(V.Cancel(id, type(uint64).max)));
        items[0] = V.CancelItem(id, _handler.recordOf(id), type(uint64).max, signature, signature);
        refused("a cancel without both", as_, abi.encodeCall(_escrow.cancel, (items)));
    }

    /// @notice Takes money that is not the caller's, or not yet.
    function steal(uint256 whose, uint8 how, uint96 amount) external {
        if (!ready()) return;
        address operator = _handler.operator(whose % _handler.OPERATORS());
        address client = _handler.client(whose % _handler.CLIENTS());
        bytes memory call;
        address as_ = vm.addr(STRANGER_KEY);
        if (how % 6 == 0) {
            call = abi.encodeCall(_escrow.withdraw, (uint256(amount) + 1));
        } else if (how % 6 == 1) {
            call = abi.encodeCall(_escrow.claimTo, (operator, as_));
        } else if (how % 6 == 2) {
            V.Withdraw memory word = V.Withdraw(client, as_, uint256(amount) + 1, uint256(1) << 200 | amount, type(uint64).max);
            call = abi.encodeCall(_escrow.withdrawSigned, (word, sign(_escrow.hashWithdraw(word))));
        } else if (how % 6 == 3) {
            V.Claim memory word = V.Claim(operator, as_, uint256(1) << 200 | amount, type(uint64).max);
            call = abi.encodeCall(_escrow.claimSigned, (word, sign(_escrow.hashClaim(word))));
        } else if (how % 6 == 4) {
            (as_, call) = (client, abi.encodeCall(_escrow.withdrawTo, (client, _escrow.available(client) + 1 + amount)));
        } else {
            V.Operator memory record = _escrow.operatorOf(operator);
            if (record.unbonding != 0 && record.unbondsAt <= block.timestamp) return;
            (as_, call) = (operator, abi.encodeCall(_escrow.withdrawBond, ()));
        }
        refusedTo("a theft", as_, call);
    }

    // ---- tools

    function leadsOut(Entry entry, V.State state) private pure returns (bool) {
        if (entry == Entry.Submit) return state == V.State.Open;
        if (entry == Entry.Expire) return state == V.State.Open || state == V.State.Submitted;
        if (entry == Entry.Release) return state == V.State.Submitted || state == V.State.Accused;
        if (entry == Entry.Accuse || entry == Entry.Challenge) return state == V.State.Submitted;
        if (entry == Entry.Slash || entry == Entry.Appeal) return state == V.State.Convicted;
        return state == V.State.Accused || state == V.State.Appealed;
    }

    /// @dev With the right record and, where one is needed, the right opening: only the state or the time is wrong.
    function callOf(Entry entry, bytes32 id) private view returns (bytes memory) {
        V.Job memory job = _handler.recordOf(id);
        V.JobItem[] memory items = new V.JobItem[](1);
        items[0] = V.JobItem(id, job);
        if (entry == Entry.Expire) return abi.encodeCall(_escrow.expire, (items));
        if (entry == Entry.Lapse) return abi.encodeCall(_escrow.lapse, (items));
        if (entry == Entry.Slash) return abi.encodeCall(_escrow.slash, (items));
        if (entry == Entry.DrawSeats) return abi.encodeCall(_escrow.drawSeats, (id, job));
        if (entry == Entry.RefillSeat) return abi.encodeCall(_escrow.refillSeat, (id, job, 0, ""));
        if (entry == Entry.OpenClaim) return abi.encodeCall(_escrow.openClaim, (id, job, _handler.opening(id)));
        if (entry == Entry.Accuse) return abi.encodeCall(_escrow.accuse, (job, V.Attestation(id, 0, 0, V.Finding.Value, "other", 0), sign(id)));
        return bytes.concat(_more(entry, id, job));
    }

    function _more(Entry entry, bytes32 id, V.Job memory job) private view returns (bytes memory) {
        if (entry == Entry.Submit) {
            V.SubmitItem[] memory submits = new V.SubmitItem[](1);
            submits[0] = V.SubmitItem(job, V.Result(id, "commitment", 0), sign(id));
            return abi.encodeCall(_escrow.submit, (submits));
        }
        if (entry == Entry.Release) {
            V.ReleaseItem[] memory releases = new V.ReleaseItem[](1);
            releases[0] = V.ReleaseItem(id, job, _handler.opening(id), 0, 0, "");
            return abi.encodeCall(_escrow.release, (releases));
        }
        if (entry == Entry.CommitSeats) {
            V.CommitItem[] memory commits = new V.CommitItem[](1);
            commits[0] = V.CommitItem(V.SeatCommitment(id, 1, 0, "commitment"), sign(id));
            return abi.encodeCall(_escrow.commitSeats, (commits));
        }
        V.Pledge memory pledge = V.Pledge(id, vm.addr(STRANGER_KEY), entry == Entry.Challenge ? 1 : 2);
        if (entry == Entry.Challenge) return abi.encodeCall(_escrow.challenge, (job, pledge, sign(_escrow.hashPledge(pledge))));
        if (entry == Entry.Appeal) return abi.encodeCall(_escrow.appeal, (job, pledge, sign(_escrow.hashPledge(pledge))));
        V.Attestation[] memory attestations = new V.Attestation[](3);
        bytes[] memory signatures = new bytes[](3);
        return abi.encodeCall(_escrow.certify, (id, job, attestations, signatures, 0));
    }

    function refused(string memory what, uint256 as_, bytes memory call) private {
        refusedTo(what, as_ % 3 == 0 ? _handler.keeper() : _handler.operator(as_ % _handler.OPERATORS()), call);
    }

    /// @dev With an error that has a name, not by a failed assertion or an overflow.
    function refusedTo(string memory what, address as_, bytes memory call) private {
        vm.prank(as_);
        (bool done, bytes memory answer) = address(_escrow).call(call);
        require(!done, string.concat(what, " went through"));
        require(answer.length >= 4 && bytes4(answer) != PANIC, string.concat(what, " was refused without a reason"));
        ++refusals[what];
    }

    function pick(uint256 which) private view returns (bytes32) {
        return _handler.jobs(which % _handler.jobCount());
    }

    /// @dev Acts at the handler's time.
    function ready() private returns (bool) {
        vm.warp(_handler.time());
        vm.roll(_handler.height());
        return _handler.jobCount() > 0;
    }

    function sign(bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(STRANGER_KEY, digest);
        return abi.encodePacked(r, s, v);
    }
}
