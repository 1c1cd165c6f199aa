// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEscrow} from "../../../contracts/interfaces/IEscrow.sol";
import {IVocabulary as V} from "../../../contracts/interfaces/IVocabulary.sol";
import {Sampling} from "../../../contracts/libraries/Sampling.sol";
import {Course, Terms} from "../../../contracts/libraries/Words.sol";
import {TestToken} from "../../../contracts/mocks/TestToken.sol";
import {Ghost} from "./Ghost.sol";
import {vm} from "./Vm.sol";

/// @title Acts for clients, operators and keepers, and remembers what it did
/// @dev Every act is one that the protocol allows at that moment, so a revert is a finding.
contract Handler {
    uint256 public constant CLIENTS = 3;
    uint256 public constant OPERATORS = 12;
    uint256 private constant CLIENT_KEY = 1000;
    uint256 private constant SIGNER_KEY = 2000;
    uint256 private constant NODE_KEY = 3000;
    uint256 private constant PAYOUT_KEY = 4000;
    uint256 private constant WITNESS_KEY = 5000;
    uint32 private constant POOL = 1;
    address private constant KEEPER = address(0xbeef);

    struct Play {
        uint64 units;
        bool ended;
        V.State end;
        V.Outcome outcome;
        bool framed; // accused with the re-executor's agreement
    }

    IEscrow public immutable escrow;
    TestToken public immutable token;
    Ghost public immutable ghost;
    V.Parameters private _p;
    address[] private _clients;
    address[] private _payouts;
    bytes32[] public jobs;
    mapping(bytes32 job => Play) private _plays;
    mapping(bytes32 job => V.Job) private _records;
    mapping(bytes32 job => mapping(uint8 round => mapping(uint256 seat => bytes32))) private _values;
    mapping(V.Outcome => uint256) public ends;
    uint256 public appeals;
    uint256 public challenges;
    uint256 public failures;
    uint256 public settledFramed;
    uint256 public batches;
    uint256 public lent; // jobs at another's cost
    uint256 public pooled;
    uint256 public abandoned;
    mapping(uint64 epoch => uint256) private _seededAt;
    uint256 public nonces;
    /// @notice Calls that went through and carry a signature.
    bytes[] public sent;
    uint256 public time = 1_000_000;
    uint256 public height = 1000;

    constructor(IEscrow escrow_, TestToken token_) {
        (escrow, token) = (escrow_, token_);
        _p = escrow.parameters();
        ghost = new Ghost(escrow, address(token));
        vm.recordLogs();
        settle();
        for (uint256 i; i < CLIENTS; ++i) {
            _clients.push(vm.addr(CLIENT_KEY + i));
            fund(client(i), 100_000e6);
            vm.prank(client(i));
            escrow.deposit(50_000e6);
        }
        for (uint256 i; i < OPERATORS; ++i) {
            _payouts.push(vm.addr(payoutKey(i)));
            fund(operator(i), 100_000e6);
            // Two of them have one payout address.
            vm.prank(payout(i));
            escrow.adopt(operator(i));
            vm.prank(operator(i));
            escrow.register(vm.addr(SIGNER_KEY + i), payout(i), 5_000e6);
        }
        vm.prank(client(0));
        escrow.createPool();
        look();
    }

    /// @dev An act begins at the time at which the last one ended, and its events go into the second books.
    modifier watched() {
        ghost.turn();
        vm.recordLogs();
        settle();
        _;
        look();
    }

    function client(uint256 i) public view returns (address) {
        return _clients[i];
    }

    function operator(uint256 i) public pure returns (address) {
        return address(uint160(0x5000 + i));
    }

    /// @notice Where an operator is paid; the last two are one cluster.
    function payout(uint256 i) public view returns (address) {
        return _payouts[i];
    }

    function keeper() external pure returns (address) {
        return KEEPER;
    }

    function sentCount() external view returns (uint256) {
        return sent.length;
    }

    function jobCount() external view returns (uint256) {
        return jobs.length;
    }

    function playOf(bytes32 job) external view returns (Play memory) {
        return _plays[job];
    }

    /// @notice The job's record, as this contract knows it from its own acts.
    function recordOf(bytes32 job) external view returns (V.Job memory) {
        return _records[job];
    }

    // ---- money

    function deposit(uint256 who, uint96 amount) external watched {
        address from = client(who % CLIENTS);
        amount = uint96(1 + amount % 1000e6);
        if (token.balanceOf(from) < amount) return;
        vm.prank(from);
        escrow.deposit(amount);
    }

    function withdraw(uint256 who, uint256 amount) external watched {
        address from = client(who % CLIENTS);
        uint256 available = escrow.available(from);
        if (available == 0) return;
        vm.prank(from);
        escrow.withdraw(1 + amount % available);
    }

    function depositFor(uint256 who, uint256 whom, uint96 amount) external watched {
        address from = client(who % CLIENTS);
        amount = uint96(1 + amount % 1000e6);
        if (token.balanceOf(from) < amount) return;
        vm.prank(from);
        escrow.depositFor(client(whom % CLIENTS), amount);
    }

    /// @dev Carried by the keeper.
    function withdrawSigned(uint256 who, uint256 whom, uint256 amount) external watched {
        uint256 i = who % CLIENTS;
        uint256 available = escrow.available(client(i));
        if (available == 0) return;
        V.Withdraw memory word = V.Withdraw(client(i), client(whom % CLIENTS), 1 + amount % available, nonces++, uint64(time));
        bytes memory signature = sign(CLIENT_KEY + i, escrow.hashWithdraw(word));
        vm.prank(KEEPER);
        escrow.withdrawSigned(word, signature);
        sent.push(abi.encodeCall(escrow.withdrawSigned, (word, signature)));
    }

    function claimTo(uint256 who, uint256 whom) external watched {
        address from = operator(who % OPERATORS);
        V.Operator memory record = escrow.operatorOf(from);
        if (record.earned == 0) return;
        vm.prank(record.payout);
        escrow.claimTo(from, client(whom % CLIENTS));
    }

    function donate(uint96 amount, bool insurance) external watched {
        amount = uint96(1 + amount % 1000e6);
        fund(KEEPER, amount);
        vm.prank(KEEPER);
        escrow.donate(insurance ? V.Book.InsurancePool : V.Book.CheckPool, amount);
    }

    function bond(uint256 who, uint96 amount) external watched {
        address from = operator(who % OPERATORS);
        amount = uint96(1 + amount % 2000e6);
        if (token.balanceOf(from) < amount) return;
        vm.prank(from);
        escrow.addBond(amount);
    }

    /// @dev Rare, or nobody is left to draw.
    function unbond(uint256 who, uint96 amount) external watched {
        address from = operator(who % OPERATORS);
        V.Operator memory record = escrow.operatorOf(from);
        uint96 free = record.bond - record.unbonding;
        if (free == 0 || amount % 4 != 0) return;
        vm.prank(from);
        escrow.requestUnbonding(1 + amount % free);
    }

    function withdrawBond(uint256 who, bool wait) external watched {
        address from = operator(who % OPERATORS);
        V.Operator memory record = escrow.operatorOf(from);
        if (record.unbonding == 0) return;
        if (record.bond - record.unbonding < 2e6 * uint256(record.exposure) / _p.floorPpm) return;
        if (record.unbondsAt > time) {
            if (!wait) return;
            pass(record.unbondsAt - time);
        }
        vm.prank(from);
        escrow.withdrawBond();
    }

    /// @dev Rare, because it waits long.
    function rejoin(uint256 who, uint8 wait) external watched {
        address from = operator(who % OPERATORS);
        V.Operator memory record = escrow.operatorOf(from);
        if (wait % 4 != 0 || record.active || record.bond - record.unbonding < _p.minBond) return;
        pass(_p.unbondingDelay);
        vm.prank(from);
        escrow.rejoin();
    }

    function claim(uint256 who) external watched {
        address of_ = operator(who % OPERATORS);
        if (escrow.operatorOf(of_).earned == 0) return;
        vm.prank(KEEPER);
        escrow.claim(of_);
    }

    function claimSigned(uint256 who, uint256 whom) external watched {
        uint256 i = who % OPERATORS;
        if (escrow.operatorOf(operator(i)).earned == 0) return;
        V.Claim memory word = V.Claim(operator(i), client(whom % CLIENTS), nonces++, uint64(time));
        bytes memory signature = sign(payoutKey(i), escrow.hashClaim(word));
        vm.prank(KEEPER);
        escrow.claimSigned(word, signature);
        sent.push(abi.encodeCall(escrow.claimSigned, (word, signature)));
    }

    /// @notice Sometimes of nothing, which takes back what was said before.
    function approve(uint256 who, uint256 whom, uint96 perJob, uint96 perDay, uint40 wait) external watched {
        vm.prank(client(who % CLIENTS));
        escrow.approveSpending(client(whom % CLIENTS), perJob % 400e6, perDay % 1000e6, uint40(time + wait % 5000));
    }

    function admit(uint256 who, bool orders, uint256 by, bool works) external watched {
        V.PoolMember[] memory members = new V.PoolMember[](2);
        members[0] = V.PoolMember(client(who % CLIENTS), orders, false);
        members[1] = V.PoolMember(operator(by % OPERATORS), false, works);
        vm.prank(client(0));
        escrow.setPoolMembers(POOL, members);
    }

    /// @notice What an order, a Withdraw or a Claim with this nonce would have said is worthless from now on.
    function cancelNonce(uint256 who) external watched {
        vm.prank(client(who % CLIENTS));
        escrow.cancelNonce(nonces++);
    }

    /// @notice Tokens sent past the contract's functions.
    function stray(uint96 amount) external watched {
        amount = amount % 1e6;
        token.mint(address(escrow), amount);
        ghost.strayed(amount);
    }

    // ---- jobs

    function open(uint256 who, uint256 by, uint96 maxPrice, uint64 units, bool tolerance) external watched {
        _open(plain(who % CLIENTS, uint96(1 + maxPrice % 250e6), tolerance), who % CLIENTS, by % OPERATORS, units);
    }

    /// @notice At another's cost, in a pool or with a witness.
    function openBound(uint256 who, uint256 by, uint96 maxPrice, uint64 units, uint256 payer, bool pool, bool witness) external watched {
        (who, by, payer) = (who % CLIENTS, by % OPERATORS, payer % CLIENTS);
        V.Order memory order = plain(who, uint96(1 + maxPrice % 100e6), false);
        (order.payer, order.pool, order.witness) = (client(payer), pool ? POOL : 0, witness ? vm.addr(WITNESS_KEY) : address(0));
        (bool orders,) = escrow.poolMember(POOL, client(who));
        (, bool works) = escrow.poolMember(POOL, operator(by));
        if ((pool && (!orders || !works)) || (payer != who && !lends(client(payer), client(who), maxPriceAndFee(order)))) return;
        if (!_open(order, who, by, units)) return;
        if (payer != who) ++lent;
        if (pool) ++pooled;
    }

    function lends(address payer, address spender, uint256 amount) private view returns (bool) {
        (uint96 perJob, uint96 perDay, uint40 until_, uint256 spent) = escrow.spendingOf(payer, spender);
        return amount <= perJob && spent + amount <= perDay && time <= until_;
    }

    function maxPriceAndFee(V.Order memory order) private view returns (uint256) {
        return order.maxPrice + (uint256(order.maxPrice) * _p.floorPpm + 999_999) / 1e6 + _p.keeperPart;
    }

    function _open(V.Order memory order, uint256 who, uint256 by, uint64 units) private returns (bool) {
        V.Operator memory record = escrow.operatorOf(operator(by));
        uint256 available = escrow.available(order.payer == address(0) ? order.client : order.payer);
        uint256 free = record.bond - record.unbonding;
        bool admitted = 2 * uint256(order.maxPrice) * 1e6 <= _p.floorPpm * free && 2 * (uint256(record.exposure) + order.maxPrice) <= free;
        if (!record.active || escrow.activeClusters() < _p.minRoster || !admitted || available < 2 * uint256(order.maxPrice) + 1e6) return false;

        (bytes32 id, V.OpenItem memory item) = offered(order, who, by);
        V.OpenItem[] memory items = new V.OpenItem[](1);
        items[0] = item;
        ++nonces;
        escrow.open(items);
        sent.push(abi.encodeCall(escrow.open, (items)));
        jobs.push(id);
        keep(id, order, V.Acceptance(id, item.operator, item.nodeKey, item.openBy), record.clean);
        _plays[id].units = units % 300;
        return true;
    }

    /// @notice An order and its acceptance, both signed, with a nonce that nobody has used.
    function offer(uint256 who, uint256 by, uint96 maxPrice, bool tolerance) external view returns (bytes32, V.OpenItem memory) {
        return offered(plain(who, maxPrice, tolerance), who, by);
    }

    /// @notice The same at another's cost, or in the pool.
    function offerBound(uint256 who, uint256 by, uint96 maxPrice, uint256 payer, bool pool) external view returns (bytes32, V.OpenItem memory) {
        V.Order memory order = plain(who, maxPrice, false);
        (order.payer, order.pool) = (client(payer), pool ? POOL : 0);
        return offered(order, who, by);
    }

    function plain(uint256 who, uint96 maxPrice, bool tolerance) private view returns (V.Order memory) {
        return V.Order({
            client: client(who), operator: address(0), workload: 0, policy: 0,
            comparison: tolerance ? V.Comparison.Tolerance : V.Comparison.Exact, unitPrice: 1e6, maxPrice: maxPrice,
            maxFee: maxPrice + 1e6, runWindow: 100, nonce: nonces, expiry: type(uint64).max,
            payer: address(0), pool: 0, runtime: 1, witness: address(0)
        });
    }

    function offered(V.Order memory order, uint256 who, uint256 by) private view returns (bytes32 id, V.OpenItem memory) {
        id = escrow.hashOrder(order);
        V.Acceptance memory acceptance = V.Acceptance(id, operator(by), vm.addr(NODE_KEY + by), type(uint64).max);
        return (id, V.OpenItem({
            order: order, orderSignature: sign(CLIENT_KEY + who, id), operator: acceptance.operator, nodeKey: acceptance.nodeKey, openBy: acceptance.openBy,
            acceptanceSignature: sign(SIGNER_KEY + by, escrow.hashAcceptance(acceptance))
        }));
    }

    function keep(bytes32 id, V.Order memory order, V.Acceptance memory acceptance, uint256 clean) private {
        uint256 fee = maxPriceAndFee(order) - order.maxPrice;
        uint256 rate = Sampling.rateDown(clean, _p.floorPpm, _p.recordNumerator, _p.recordOffset);
        V.Job storage record = _records[id];
        (record.client, record.operator, record.nodeKey) = (order.client, acceptance.operator, acceptance.nodeKey);
        (record.payer, record.witness) = (order.payer, order.witness);
        uint256 bound = order.payer != address(0) || order.pool != 0 || order.witness != address(0) ? 1 : 0;
        record.terms = Terms.wrap(
            order.unitPrice | uint256(order.maxPrice) << 96 | uint256(order.runWindow) << 192 | rate << 224 | uint256(order.comparison) << 248 | bound << 255
        );
        record.course = Course.wrap(fee | time << 96 | uint256(escrow.rosterLength()) << 216 | uint256(1) << 240);
    }

    /// @notice Brings one job one step further, honestly or not, as `choice` has it.
    function step(uint256 which, uint256 choice) public watched {
        if (jobs.length == 0) return;
        bytes32 id = jobs[which % jobs.length];
        (V.State state,) = escrow.stateOf(id);
        if (state == V.State.Open) submitOrExpire(id, choice);
        else if (state == V.State.Submitted) releaseOrAccuse(id, choice);
        else if (state == V.State.Accused || state == V.State.Appealed) stepCase(id, choice);
        else if (state == V.State.Convicted) appealOrSlash(id, choice);
        remember(id);
    }

    function remember(bytes32 id) private {
        (V.State state, V.Outcome outcome) = escrow.stateOf(id);
        if (!_plays[id].ended && state >= V.State.Released) {
            (_plays[id].ended, _plays[id].end, _plays[id].outcome) = (true, state, outcome);
            ++ends[outcome];
        }
    }

    /// @notice Brings one job to its end, so that deep states are not rare.
    function finish(uint256 which, uint256 choice) external {
        for (uint256 i; i < 8; ++i) {
            step(which, uint256(keccak256(abi.encode(choice, i))));
        }
    }

    /// @notice Releases up to eight of the last jobs in one batch, sampled and checked or not, and confirmed accusations among them.
    function releaseTogether(uint256 choice) external watched {
        V.ReleaseItem[] memory items = new V.ReleaseItem[](8);
        (uint256 count, uint256 due) = (0, time);
        for (uint256 i = jobs.length; i > 0 && count < items.length; --i) {
            bytes32 id = jobs[i - 1];
            (V.State state,) = escrow.stateOf(id);
            bool confirmed = state == V.State.Accused && _plays[id].framed;
            if (state != V.State.Submitted && !confirmed) continue;
            uint256 from;
            (items[count], from) = releaseItem(id, !confirmed && choice >> i % 256 & 1 == 0);
            if (from > due) due = from;
            ++count;
        }
        if (count < 2) return;
        assembly ("memory-safe") {
            mstore(items, count)
        }
        if (time < due) pass(due - time);
        vm.prank(mover(choice));
        escrow.release(items);
        for (uint256 i; i < count; ++i) {
            (V.State state,) = escrow.stateOf(items[i].id);
            require(state == V.State.Released, "left out of a batch");
            remember(items[i].id);
        }
        ++batches;
    }

    /// @dev Released from the second `from` on.
    function releaseItem(bytes32 id, bool checked) private returns (V.ReleaseItem memory item, uint256 from) {
        V.Job memory job = _records[id];
        recordSeed(uint64(job.course.epoch()) + 1);
        item = V.ReleaseItem(id, job, opening(id), 0, honest(id), "");
        (, bool sampled) = escrow.isSampled(id, job);
        address checker = sampled && checked ? escrow.drawnFor(id, job, 0) : address(0);
        if (checker != address(0)) {
            V.Finding finding = job.terms.comparison() == V.Comparison.Exact ? V.Finding.Value : V.Finding.Match;
            item.checkSignature = sign(SIGNER_KEY + indexOf(checker), escrow.hashAttestation(V.Attestation(id, 0, 0, finding, honest(id), 0)));
        }
        from = sampled && checker == address(0) ? checkedFrom(job) + _p.longReview : uint256(job.course.submittedAt()) + _p.reviewWindow;
    }

    function submitOrExpire(bytes32 id, uint256 choice) private {
        V.Job memory job = _records[id];
        bool late = time > job.course.openedAt() + job.terms.runWindow();
        if (late || choice % 6 == 0) {
            if (!late) pass(job.course.openedAt() + job.terms.runWindow() + 1 - time);
            vm.prank(mover(uint256(id) >> 8));
            escrow.expire(single(id));
            return;
        }
        if (choice % 9 == 4) return cancel(id, job);
        V.SubmitItem[] memory items = new V.SubmitItem[](1);
        V.Result memory result = V.Result(id, keccak256(abi.encode(bytes32("salt"), honest(id))), 0);
        bytes memory signature = sign(NODE_KEY + indexOf(job.operator), escrow.hashResult(result));
        if (job.witness != address(0)) signature = bytes.concat(signature, sign(WITNESS_KEY, escrow.hashStored(V.Stored(id, result.commitment))));
        items[0] = V.SubmitItem(job, result, signature);
        escrow.submit(items);
        sent.push(abi.encodeCall(escrow.submit, (items)));
        V.Job storage record = _records[id];
        (record.course, record.commitment) = (record.course.withResult(escrow.currentEpoch()), result.commitment);
    }

    /// @dev A client, which may be the job's own, stands for the result being wrong before anybody knows whether it is checked.
    function challenge(bytes32 id, V.Job memory job, uint256 choice) private returns (bool) {
        uint256 who = choice / 13 % CLIENTS;
        uint256 pledged = (uint256(_p.firstSeats) + _p.secondSeats) * job.terms.maxPrice();
        bool known = escrow.seedOf(uint64(job.course.epoch()) + 1) != 0;
        if (known || time > job.course.submittedAt() + _p.reviewWindow || escrow.available(client(who)) < pledged) return false;
        V.Pledge memory pledge = V.Pledge(id, client(who), 1);
        bytes memory signature = sign(CLIENT_KEY + who, escrow.hashPledge(pledge));
        escrow.challenge(job, pledge, signature);
        sent.push(abi.encodeCall(escrow.challenge, (job, pledge, signature)));
        ++challenges;
        return true;
    }

    /// @dev Both sides want it; the keeper carries it.
    function cancel(bytes32 id, V.Job memory job) private {
        bytes32 digest = escrow.hashCancel(V.Cancel(id, uint64(time)));
        uint256 i;
        while (client(i) != job.client) ++i;
        V.CancelItem[] memory items = new V.CancelItem[](1);
        items[0] = V.CancelItem(id, job, uint64(time), sign(CLIENT_KEY + i, digest), sign(SIGNER_KEY + indexOf(job.operator), digest));
        vm.prank(KEEPER);
        escrow.cancel(items);
        sent.push(abi.encodeCall(escrow.cancel, (items)));
    }

    function releaseOrAccuse(bytes32 id, uint256 choice) private {
        V.Job memory job = _records[id];
        if (choice % 5 == 0 && challenge(id, job, choice)) return;
        recordSeed(uint64(job.course.epoch()) + 1);
        (, bool sampled) = escrow.isSampled(id, job);
        uint256 start = checkedFrom(job);
        uint256 longEnd = start + _p.longReview;
        if (choice % 9 == 0) {
            until(start + (sampled ? _p.longReview : _p.reviewWindow) + uint256(_p.openWindow) + 1);
            vm.prank(mover(uint256(id) >> 8));
            escrow.expire(single(id));
            return;
        }
        uint8 attempt = uint8(choice / 9 % 3);
        address checker = sampled ? escrow.drawnFor(id, job, attempt) : address(0);
        uint256 due = start + uint256(attempt) * _p.checkWindow;
        V.Attestation memory check;
        bytes memory signature;
        if (checker != address(0) && choice / 27 % 4 != 0) {
            if (time < due) pass(due - time);
            bool accuse = choice / 108 % 2 == 0 && time <= longEnd;
            bool exact = job.terms.comparison() == V.Comparison.Exact;
            V.Finding finding = exact ? V.Finding.Value : accuse ? V.Finding.Mismatch : V.Finding.Match;
            bool framing = exact && accuse && choice / 216 % 3 == 0;
            check = V.Attestation(id, 0, attempt, finding, accuse && !framing ? bytes32("other") : honest(id), 0);
            signature = sign(SIGNER_KEY + indexOf(checker), escrow.hashAttestation(check));
            if (accuse) {
                _plays[id].framed = framing;
                escrow.accuse(job, check, signature);
                sent.push(abi.encodeCall(escrow.accuse, (job, check, signature)));
                return;
            }
        }
        uint256 from = sampled && signature.length == 0 ? longEnd : uint256(job.course.submittedAt()) + _p.reviewWindow;
        if (time < from) pass(from - time);
        release(id, check, signature);
    }

    function release(bytes32 id, V.Attestation memory check, bytes memory signature) private {
        V.ReleaseItem[] memory items = new V.ReleaseItem[](1);
        items[0] = V.ReleaseItem(id, _records[id], opening(id), check.seat, check.value, signature);
        vm.prank(mover(uint256(id) >> 8));
        escrow.release(items);
    }

    /// @dev The windows of a decided job move by as much as its seed came after the review window.
    function checkedFrom(V.Job memory job) private view returns (uint256) {
        (uint256 inTime, uint256 seededAt) = (uint256(job.course.submittedAt()) + _p.reviewWindow, _seededAt[uint64(job.course.epoch()) + 1]);
        return job.course.submittedAt() + (seededAt > inTime ? seededAt - inTime : 0);
    }

    function stepCase(bytes32 id, uint256 choice) private {
        V.Case memory c = escrow.caseOf(id);
        V.Round memory r = escrow.roundOf(id, c.round);
        if (time > roundEnd(id) || choice % 11 == 0) return lapse(id);
        if (_plays[id].framed && c.round == 1 && choice % 3 == 0) {
            uint256 reviewed = _records[id].course.submittedAt() + _p.reviewWindow;
            if (time < reviewed) pass(reviewed - time);
            V.Attestation memory none;
            release(id, none, "");
            ++settledFramed;
        } else if (r.draws == 0) {
            recordSeed(uint64(r.epoch) + 1);
            try escrow.drawSeats(id, _records[id]) {} catch {
                lapse(id);
            }
        } else if (r.revealBy == 0) {
            commit(id, c, r, choice);
        } else if (!c.claimOpened && choice % 4 != 0) {
            vm.prank(mover(uint256(id) >> 8));
            escrow.openClaim(id, _records[id], opening(id));
            if (_plays[id].framed && c.round == 1) ++settledFramed;
        } else {
            certify(id, c, r, choice);
        }
    }

    function roundEnd(bytes32 id) private view returns (uint256) {
        uint8 round = escrow.caseOf(id).round;
        return escrow.roundOf(id, round).startedAt + uint256(round == 1 ? _p.verdictWindow : _p.appealVerdictWindow);
    }

    function lapse(bytes32 id) private {
        until(roundEnd(id) + 1);
        vm.prank(mover(uint256(id) >> 8));
        escrow.lapse(single(id));
    }

    function commit(bytes32 id, V.Case memory c, V.Round memory r, uint256 choice) private {
        bytes32 first = choice / 4 % 2 == 0 ? honest(id) : bytes32("other");
        for (uint8 seat; seat < r.seats.length; ++seat) {
            if (r.commitments[seat] != 0) continue;
            bool failed = (choice / 128 + seat) % 7 == 0;
            if (failed || time > r.commitBy || (choice / 64 + seat) % 5 == 0) return refill(id, c, r, seat, failed);
            bytes32 value = choice / 8 % 4 == 0 && seat == 2 ? bytes32("third") : first;
            _values[id][c.round][seat] = value;
            V.CommitItem[] memory items = new V.CommitItem[](1);
            V.SeatCommitment memory commitment = V.SeatCommitment(id, c.round, seat, keccak256(abi.encode(id, c.round, seat, seatSalt(seat), value)));
            items[0] = V.CommitItem(commitment, sign(SIGNER_KEY + indexOf(r.seats[seat]), escrow.hashSeatCommitment(commitment)));
            escrow.commitSeats(items);
            sent.push(abi.encodeCall(escrow.commitSeats, (items)));
        }
    }

    function refill(bytes32 id, V.Case memory c, V.Round memory r, uint8 seat, bool failed) private {
        if (!failed && time <= r.commitBy) pass(r.commitBy + 1 - time);
        V.Attestation memory word = V.Attestation(id, c.round, seat, V.Finding.Failed, 0, 0);
        bytes memory failure = failed ? sign(SIGNER_KEY + indexOf(r.seats[seat]), escrow.hashAttestation(word)) : bytes("");
        try escrow.refillSeat(id, _records[id], seat, failure) {
            if (failed) ++failures;
        } catch {
            lapse(id);
        }
    }

    function certify(bytes32 id, V.Case memory c, V.Round memory r, uint256 choice) private {
        bool late = !c.claimOpened || choice % 5 == 0;
        if (late && time <= r.revealBy) pass(r.revealBy + 1 - time);
        uint256 silentFrom = r.revealBy + uint256(_p.revealWindow) + 1;
        if (choice % 10 == 0 && time < silentFrom) pass(silentFrom - time);
        if (time > roundEnd(id)) return lapse(id);
        bool exact = _records[id].terms.comparison() == V.Comparison.Exact;
        V.Attestation[] memory attestations = new V.Attestation[](r.seats.length);
        bytes[] memory signatures = new bytes[](r.seats.length);
        for (uint8 seat; seat < r.seats.length; ++seat) {
            if (time >= silentFrom && (choice / 5 + seat) % 4 == 0) continue;
            V.Finding finding = V.Finding.Value;
            if (!exact) finding = c.claimOpened && (choice / 20 + seat / 2) % 3 != 0 ? V.Finding.Match : V.Finding.Mismatch;
            attestations[seat] = V.Attestation(id, c.round, seat, finding, _values[id][c.round][seat], seatSalt(seat));
            signatures[seat] = sign(SIGNER_KEY + indexOf(r.seats[seat]), escrow.hashAttestation(attestations[seat]));
        }
        vm.prank(mover(uint256(id) >> 8));
        escrow.certify(id, _records[id], attestations, signatures, 0);
    }

    function appealOrSlash(bytes32 id, uint256 choice) private {
        V.Case memory c = escrow.caseOf(id);
        address operator_ = _records[id].operator;
        bool affords = escrow.operatorOf(operator_).bond >= uint256(_p.secondSeats) * _records[id].terms.maxPrice();
        if (choice % 2 != 0 || c.round != 1 || time >= c.slashableAt || !affords) return slash(id);
        V.Pledge memory pledge = V.Pledge(id, operator_, 2);
        bytes memory signature = sign(SIGNER_KEY + indexOf(operator_), escrow.hashPledge(pledge));
        escrow.appeal(_records[id], pledge, signature);
        sent.push(abi.encodeCall(escrow.appeal, (_records[id], pledge, signature)));
        ++appeals;
    }

    function slash(bytes32 id) private {
        until(escrow.caseOf(id).slashableAt);
        vm.prank(mover(uint256(id) >> 8));
        escrow.slash(single(id));
    }

    /// @notice All parties go away. A stranger alone brings every job to its end, in no more time than stake unbonds.
    /// @dev Rare, or little would be left to do.
    function abandon(uint256 rare) external watched {
        if (rare % 16 != 0) return;
        uint256 from = time;
        for (uint256 i; i < jobs.length; ++i) {
            while (inFlight(jobs[i])) depart(jobs[i]);
            remember(jobs[i]);
        }
        require(time - from < _p.unbondingDelay, "a job that nobody cares for outlives the stake behind it");
        ++abandoned;
    }

    function depart(bytes32 id) private {
        V.Job memory job = _records[id];
        (V.State state,) = escrow.stateOf(id);
        if (state == V.State.Open) {
            until(job.course.openedAt() + job.terms.runWindow() + 1);
        } else if (state == V.State.Submitted) {
            recordSeed(uint64(job.course.epoch()) + 1);
            (, bool sampled) = escrow.isSampled(id, job);
            until(checkedFrom(job) + (sampled ? _p.longReview : _p.reviewWindow) + uint256(_p.openWindow) + 1);
        } else if (state == V.State.Accused) {
            return lapse(id);
        } else if (state == V.State.Appealed) {
            return lapse(id);
        } else {
            return slash(id);
        }
        vm.prank(KEEPER);
        escrow.expire(single(id));
    }

    function inFlight(bytes32 id) public view returns (bool) {
        (V.State state,) = escrow.stateOf(id);
        return state >= V.State.Open && state < V.State.Released;
    }

    // ---- tools

    function payoutKey(uint256 i) private pure returns (uint256) {
        return PAYOUT_KEY + (i == OPERATORS - 1 ? i - 1 : i);
    }

    function until(uint256 from) private {
        if (time < from) pass(from - time);
    }

    /// @dev Keepers are strangers or operators, active ones and others.
    function mover(uint256 choice) private pure returns (address) {
        return choice % 2 == 0 ? KEEPER : operator(choice / 2 % OPERATORS);
    }

    /// @dev The runner may set back time and height between calls.
    function settle() private {
        look();
        vm.warp(time);
        vm.roll(height);
    }

    function look() private {
        ghost.see(vm.getRecordedLogs());
    }

    function pass(uint256 seconds_) private {
        time += seconds_;
        height += 1 + seconds_ / 12;
        settle();
    }

    function recordSeed(uint64 epoch) private {
        if (escrow.seedOf(epoch) != 0) return;
        uint256 last = (uint256(epoch) + 1) * _p.epochBlocks - 1;
        if (height <= last) {
            height = last + 1;
            settle();
        } else if (height > last + 256) {
            uint64 next = epoch + 1;
            while (escrow.seedOf(next) == 0 && height > (uint256(next) + 1) * _p.epochBlocks - 1 + 256) ++next;
            for (; next > epoch; --next) {
                if (escrow.seedOf(next) == 0) sow(next);
            }
        }
        sow(epoch);
    }

    function sow(uint64 epoch) private {
        escrow.recordSeed(epoch);
        _seededAt[epoch] = time;
    }

    function opening(bytes32 id) public view returns (V.Opening memory) {
        return V.Opening(id, _plays[id].units, bytes32("salt"));
    }

    function honest(bytes32 id) private view returns (bytes32) {
        return keccak256(abi.encode(id, _plays[id].units));
    }

    function seatSalt(uint8 seat) private pure returns (bytes32) {
        return keccak256(abi.encode("seat", seat));
    }

    function indexOf(address operator_) private pure returns (uint256) {
        return uint256(uint160(operator_)) - 0x5000;
    }

    function single(bytes32 id) private view returns (V.JobItem[] memory list) {
        list = new V.JobItem[](1);
        list[0] = V.JobItem(id, _records[id]);
    }

    function sign(uint256 key, bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function fund(address who, uint256 amount) private {
        token.mint(who, amount);
        vm.prank(who);
        token.approve(address(escrow), type(uint256).max);
    }
}
