// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEscrow} from "../../../contracts/interfaces/IEscrow.sol";
import {IVocabulary as V} from "../../../contracts/interfaces/IVocabulary.sol";
import {TestToken} from "../../../contracts/mocks/TestToken.sol";
import {deployed} from "./Deployment.sol";
import {Ghost} from "./Ghost.sol";
import {Handler} from "./Handler.sol";
import {Intruder} from "./Intruder.sol";

/// @title What holds after any sequence of acts
/// @notice Each rule is a function of its own, in `holds_`; a campaign checks all rules of its part after every act. The rules about single movements and transitions
/// are in Ghost, those about what must be refused in Intruder: they fail in the act itself.
abstract contract Campaign {
    IEscrow internal _escrow;
    TestToken internal _token;
    Handler internal _handler;
    Intruder internal _intruder;
    Ghost internal _ghost;
    V.Parameters internal _p;

    function setUp() external {
        _token = new TestToken();
        _escrow = deployed(address(_token));
        _handler = new Handler(_escrow, _token);
        _intruder = new Intruder(_handler);
        _ghost = _handler.ghost();
        _p = _escrow.parameters();
    }

    /// @dev Only these act.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](2);
        (targets[0], targets[1]) = (address(_handler), address(_intruder));
    }

    function stateOf(bytes32 id) internal view returns (V.State state) {
        (state,) = _escrow.stateOf(id);
    }

    function operatorAt(uint256 i) internal view returns (address, V.Operator memory) {
        return (_handler.operator(i), _escrow.operatorOf(_handler.operator(i)));
    }
}

abstract contract MoneyRules is Campaign {
    function holds_money() internal view {
        holds_the_tokens_cover_every_obligation();
        holds_the_tokens_are_the_books_the_reserves_and_what_strayed_in();
        holds_every_book_is_the_sum_of_its_movements();
        holds_what_came_in_and_has_not_left_is_held();
        holds_what_is_reserved_belongs_to_the_jobs_in_flight();
        holds_only_checks_seats_and_gifts_move_the_pools();
    }

    /// @notice tokens >= sum of all books + all that is reserved
    function holds_the_tokens_cover_every_obligation() internal view {
        require(_token.balanceOf(address(_escrow)) >= booked() + _ghost.reserved(), "the escrow owes more than it holds");
    }

    /// @notice tokens = sum of all books + all that is reserved + what was sent past its functions
    function holds_the_tokens_are_the_books_the_reserves_and_what_strayed_in() internal view {
        require(_token.balanceOf(address(_escrow)) == booked() + _ghost.reserved() + _ghost.strays(), "tokens belong to nobody or to two");
    }

    /// @notice for every account and book: what the view answers = the sum of the events
    function holds_every_book_is_the_sum_of_its_movements() internal view {
        (uint256 checkPool, uint256 insurancePool) = _escrow.pools();
        require(checkPool == _ghost.book(address(_escrow), V.Book.CheckPool), "the check pool is not its movements");
        require(insurancePool == _ghost.book(address(_escrow), V.Book.InsurancePool), "the insurance pool is not its movements");
        for (uint256 i; i < _handler.CLIENTS(); ++i) {
            requireAvailable(_handler.client(i));
        }
        requireAvailable(_handler.keeper());
        for (uint256 i; i < _handler.OPERATORS(); ++i) {
            (address who, V.Operator memory record) = operatorAt(i);
            requireAvailable(who);
            require(record.bond == _ghost.book(who, V.Book.Bond), "a bond is not its movements");
            require(record.locked == _ghost.book(who, V.Book.Locked), "a lock is not its movements");
            require(record.earned == _ghost.book(who, V.Book.Earned), "earnings are not their movements");
        }
    }

    /// @notice deposits + bonds + gifts - withdrawals - bonds withdrawn - claims + strays = tokens
    function holds_what_came_in_and_has_not_left_is_held() internal view {
        int256 through = _ghost.total(V.Reason.Deposit) + _ghost.total(V.Reason.Bonding) + _ghost.total(V.Reason.Donation)
            + _ghost.total(V.Reason.Withdrawal) + _ghost.total(V.Reason.BondWithdrawal) + _ghost.total(V.Reason.Claim);
        require(through + int256(_ghost.strays()) == int256(_token.balanceOf(address(_escrow))), "money appeared or vanished inside");
    }

    /// @notice reserved = sum over jobs in flight of price and fee, as the parties' own records say
    function holds_what_is_reserved_belongs_to_the_jobs_in_flight() internal view {
        uint256 sum;
        for (uint256 i; i < _handler.jobCount(); ++i) {
            bytes32 id = _handler.jobs(i);
            if (!_handler.inFlight(id)) continue;
            V.Job memory job = _handler.recordOf(id);
            sum += job.terms.maxPrice() + job.course.fee();
        }
        require(sum == _ghost.reserved(), "reserved money without a job, or the other way round");
    }

    /// @notice pools = gifts + fees and record costs - check pay - seat pay + penalties and parts of slashes; never below zero
    function holds_only_checks_seats_and_gifts_move_the_pools() internal view {
        (uint256 checkPool, uint256 insurancePool) = _escrow.pools();
        require(_ghost.flow(0, V.Reason.SeatPay) == 0, "a pool paid a seat of no job");
        require(checkPool + insurancePool <= _token.balanceOf(address(_escrow)), "the pools hold more than the escrow");
    }

    /// @dev The whole of what accounts and pools are said to own, by the views.
    function booked() private view returns (uint256 sum) {
        (uint256 checkPool, uint256 insurancePool) = _escrow.pools();
        sum = checkPool + insurancePool + _escrow.available(_handler.keeper());
        for (uint256 i; i < _handler.CLIENTS(); ++i) {
            sum += _escrow.available(_handler.client(i)) + _escrow.operatorOf(_handler.client(i)).locked;
        }
        for (uint256 i; i < _handler.OPERATORS(); ++i) {
            (address who, V.Operator memory record) = operatorAt(i);
            sum += uint256(record.bond) + record.locked + record.earned + _escrow.available(who);
        }
    }

    function requireAvailable(address who) private view {
        require(_escrow.available(who) == _ghost.book(who, V.Book.Available), "an available balance is not its movements");
    }
}

abstract contract JobRules is Campaign {
    function holds_jobs() internal view {
        for (uint256 i; i < _handler.jobCount(); ++i) {
            bytes32 id = _handler.jobs(i);
            holds_an_end_is_an_end(id);
            holds_the_kept_record_is_the_one_that_was_agreed(id, i);
        }
        bytes32[] memory moved = _ghost.touched();
        for (uint256 i; i < moved.length; ++i) {
            bytes32 id = moved[i];
            Ghost.Life memory life = _ghost.lifeOf(id);
            holds_the_state_is_the_one_that_the_events_lead_to(id, life);
            holds_an_outcome_belongs_to_its_state(id);
            holds_only_a_result_is_paid(id, life);
            holds_no_result_is_paid_before_its_seed_and_review(id, life);
            holds_what_was_drawn_was_checked(id, life);
            holds_who_confirmed_was_drawn(id, life);
            holds_an_absent_operator_costs_its_client_nothing(life);
        }
        holds_seeds_stand_and_come_after_their_epoch();
        holds_nonces_are_used_once_and_for_ever();
        holds_parameters_never_change();
    }

    function holds_the_state_is_the_one_that_the_events_lead_to(bytes32 id, Ghost.Life memory life) internal view {
        (V.State state, V.Outcome outcome) = _escrow.stateOf(id);
        require(state == life.state, "a state that no event tells of");
        require(outcome == life.outcome, "an outcome that no event tells of");
    }

    function holds_an_end_is_an_end(bytes32 id) internal view {
        (V.State state, V.Outcome outcome) = _escrow.stateOf(id);
        Handler.Play memory play = _handler.playOf(id);
        require(!play.ended || (state == play.end && outcome == play.outcome), "a job ended twice");
    }

    function holds_an_outcome_belongs_to_its_state(bytes32 id) internal view {
        (V.State state, V.Outcome outcome) = _escrow.stateOf(id);
        require((state == V.State.Slashed) == (outcome == V.Outcome.WrongResult), "a slash for something else");
        require((state < V.State.Released) == (outcome == V.Outcome.None), "an outcome before the end, or an end without one");
        bool paid = outcome >= V.Outcome.Delivered && outcome <= V.Outcome.Cleared;
        require((state == V.State.Released) == paid, "a release for something that is not paid");
    }

    function holds_the_kept_record_is_the_one_that_was_agreed(bytes32 id, uint256 i) internal view {
        V.Job memory job = _handler.recordOf(id);
        require(_escrow.isRecord(id, job), "the chain keeps another record");
        job.commitment ^= bytes32(uint256(1) << i % 256);
        require(!_escrow.isRecord(id, job), "another record passes");
    }

    function holds_only_a_result_is_paid(bytes32 id, Ghost.Life memory life) internal view {
        if (life.state == V.State.Released) require(life.submittedAt != 0 && life.submittedAt <= life.openedAt + _handler.recordOf(id).terms.runWindow(), "paid without a result in time");
        if (life.outcome == V.Outcome.NoShow) require(life.submittedAt == 0, "a no-show that had sent its result");
    }

    function holds_no_result_is_paid_before_its_seed_and_review(bytes32, Ghost.Life memory life) internal view {
        if (life.state != V.State.Released) return;
        require(life.outcome == V.Outcome.Cleared || _ghost.seeds(uint64(life.epoch) + 1) != 0, "paid before anybody knew whether it is checked");
        if (life.outcome != V.Outcome.Cleared && life.accusedAt == 0) require(life.endedAt >= life.submittedAt + _p.reviewWindow, "paid before its review was over");
    }

    function holds_what_was_drawn_was_checked(bytes32 id, Ghost.Life memory life) internal view {
        if (life.state != V.State.Released || life.outcome == V.Outcome.Cleared) return;
        (, bool sampled) = _escrow.isSampled(id, _handler.recordOf(id));
        require(sampled == (life.outcome != V.Outcome.Delivered), "a drawn result passed unseen, or an undrawn one was checked");
        if (life.outcome == V.Outcome.Unchecked) require(life.endedAt >= life.submittedAt + _p.longReview, "unchecked before the long review was over");
    }

    function holds_who_confirmed_was_drawn(bytes32 id, Ghost.Life memory life) internal view {
        require((life.outcome == V.Outcome.Checked) == (life.reexecutor != address(0)), "checked by nobody, or confirmed without a check");
        if (life.outcome != V.Outcome.Checked) return;
        V.Job memory job = _handler.recordOf(id);
        bool drawn;
        for (uint8 attempt; attempt < 3; ++attempt) {
            drawn = drawn || _escrow.drawnFor(id, job, attempt) == life.reexecutor;
        }
        require(drawn && life.reexecutor != life.operator && life.reexecutor != life.client, "confirmed by who was not drawn");
    }

    function holds_an_absent_operator_costs_its_client_nothing(Ghost.Life memory life) internal pure {
        if (life.outcome != V.Outcome.NoShow && life.outcome != V.Outcome.Unavailable) return;
        require(life.refund == life.maxPrice + life.fee && life.penalty <= life.maxPrice, "a client paid for an absence");
    }

    function holds_seeds_stand_and_come_after_their_epoch() internal view {
        for (uint256 i; i < _ghost.epochCount(); ++i) {
            uint64 epoch = _ghost.epochs(i);
            require(_escrow.seedOf(epoch) == _ghost.seeds(epoch), "a seed changed");
        }
        require(_escrow.seedOf(_escrow.currentEpoch()) == 0, "the seed of a running epoch is known");
    }

    function holds_nonces_are_used_once_and_for_ever() internal view {
        for (uint256 nonce; nonce < _handler.nonces(); ++nonce) {
            for (uint256 i; i < _handler.CLIENTS(); ++i) {
                address who = _handler.client(i);
                require(_escrow.nonceUsed(who, nonce) == _ghost.nonceUsed(who, nonce), "a nonce is used or free without an event");
            }
        }
    }

    function holds_parameters_never_change() internal view {
        require(keccak256(abi.encode(_escrow.parameters())) == keccak256(abi.encode(_p)), "a parameter changed");
    }
}

abstract contract OperatorRules is Campaign {
    function holds_operators() internal view {
        uint256[] memory exposure = exposures();
        uint256 active;
        for (uint256 i; i < exposure.length; ++i) {
            (address who, V.Operator memory record) = operatorAt(i);
            if (record.active) ++active;
            holds_exposure_is_the_most_price_of_its_jobs_in_flight(record, exposure[i]);
            holds_what_unbonds_is_part_of_the_bond(record);
            holds_a_place_is_one_on_the_roster(who, record);
            holds_a_place_costs_a_bond(record);
            holds_who_was_absent_too_often_has_no_place(record);
            holds_keys_and_payout_never_change(i, record);
        }
        holds_the_roster_only_grows();
        holds_the_roster_counts_who_is_active(active);
        holds_operators_of_one_payout_address_are_one_cluster();
    }

    function holds_exposure_is_the_most_price_of_its_jobs_in_flight(V.Operator memory record, uint256 exposure) internal pure {
        require(record.exposure == exposure, "an exposure without jobs, or jobs without exposure");
    }

    function holds_what_unbonds_is_part_of_the_bond(V.Operator memory record) internal pure {
        require(record.unbonding <= record.bond, "more unbonds than is bonded");
    }

    function holds_a_place_is_one_on_the_roster(address who, V.Operator memory record) internal view {
        if (!record.active) return;
        V.Place memory place = _escrow.placeAt(record.place);
        require(place.operator == who && place.retiredAt == 0 && place.cluster != 0, "an active operator without a place");
    }

    /// @dev Half of the least bond, for one penalty takes no place; a convicted operator keeps its place until the slash.
    function holds_a_place_costs_a_bond(V.Operator memory record) internal view {
        require(!record.active || record.exposure != 0 || 2 * (uint256(record.bond) + record.locked) >= _p.minBond, "a place with nothing behind it");
    }

    function holds_who_was_absent_too_often_has_no_place(V.Operator memory record) internal view {
        require(!record.active || record.noShows < _p.noShowsToJail, "a place for who is never there");
    }

    function holds_keys_and_payout_never_change(uint256 i, V.Operator memory record) internal view {
        require(record.signer != address(0) && record.payout == _handler.payout(i), "a payout address changed");
    }

    function holds_the_roster_only_grows() internal view {
        require(_escrow.rosterLength() == _ghost.places(), "a place was given or taken without an event");
        for (uint32 i; i < _ghost.places(); ++i) {
            V.Place memory place = _escrow.placeAt(i);
            require(place.operator == _ghost.placeOf(i), "a place went to another");
            require(place.retiredAt == _ghost.retiredAt(i) && (place.leftAt == 0) == (place.retiredAt == 0), "a retired place came back, or moved in time");
        }
    }

    function holds_the_roster_counts_who_is_active(uint256 active) internal view {
        uint256 open;
        for (uint256 i; i < _ghost.places(); ++i) {
            if (_ghost.retiredAt(i) == 0) ++open;
        }
        require(open == active && _escrow.activeOperators() == active, "the roster miscounts");
    }

    function holds_operators_of_one_payout_address_are_one_cluster() internal view {
        uint256 count = _handler.OPERATORS();
        V.Place[] memory firsts = new V.Place[](count);
        for (uint32 i; i < count; ++i) {
            firsts[i] = _escrow.placeAt(i);
            for (uint256 j; j < i; ++j) {
                bool sameOwner = _handler.payout(i) == _handler.payout(j);
                require((firsts[i].cluster == firsts[j].cluster) == sameOwner, "clusters and payout addresses differ");
            }
        }
        for (uint256 i = count; i < _escrow.rosterLength(); ++i) {
            V.Place memory place = _escrow.placeAt(uint32(i));
            require(place.cluster == firsts[uint160(place.operator) - 0x5000].cluster, "an operator changed its cluster");
        }
    }

    function exposures() private view returns (uint256[] memory exposure) {
        exposure = new uint256[](_handler.OPERATORS());
        for (uint256 i; i < _handler.jobCount(); ++i) {
            bytes32 id = _handler.jobs(i);
            if (!_handler.inFlight(id)) continue;
            V.Job memory job = _handler.recordOf(id);
            exposure[uint256(uint160(job.operator)) - 0x5000] += job.terms.maxPrice();
        }
    }
}

abstract contract CaseRules is Campaign {
    function holds_cases() internal view {
        bytes32[] memory moved = _ghost.touched();
        for (uint256 i; i < moved.length; ++i) {
            bytes32 id = moved[i];
            Ghost.Life memory life = _ghost.lifeOf(id);
            V.Case memory c = _escrow.caseOf(id);
            holds_a_case_is_what_its_accusation_made_it(life, c);
            holds_an_accuser_was_drawn_or_has_pledged(id, life, c);
            holds_a_lock_belongs_to_a_running_case(id, life);
            holds_seats_of_both_rounds_are_strangers_to_all(id, life, c);
            holds_nobody_is_convicted_before_all_have_sealed(id, life, c);
            holds_nobody_is_slashed_before_the_appeal_window_is_over(life, c);
            holds_a_slash_is_bounded(life);
            holds_a_slash_is_split_in_the_protocols_proportions(life);
        }
        holds_all_locks_together_are_those_of_the_cases();
    }

    function holds_a_case_is_what_its_accusation_made_it(Ghost.Life memory life, V.Case memory c) internal pure {
        require(c.accuser == life.accuser, "a case changed its accuser");
        require((c.slashableAt != 0) == (life.convictedAt != 0), "a conviction that no verdict tells of");
        require((c.round == 2) == (life.appealedAt != 0), "a second round that nobody began");
        require(life.accusedAt == 0 || life.accusedAt >= life.submittedAt, "accused before its result");
    }

    function holds_an_accuser_was_drawn_or_has_pledged(bytes32 id, Ghost.Life memory life, V.Case memory c) internal view {
        if (life.accuser == address(0)) return;
        if (c.bonded) return require(life.accuser != life.operator, "accused by oneself");
        V.Job memory job = _handler.recordOf(id);
        bool drawn;
        for (uint8 attempt; attempt < 3; ++attempt) {
            drawn = drawn || _escrow.drawnFor(id, job, attempt) == life.accuser;
        }
        require(drawn && life.accuser != life.operator && life.accuser != life.client, "accused by oneself, or by who was not drawn");
    }

    function holds_a_lock_belongs_to_a_running_case(bytes32 id, Ghost.Life memory life) internal view {
        int256 locked = _ghost.lockedBy(id);
        bool runs = life.state >= V.State.Accused && life.state <= V.State.Appealed;
        // A slash takes what other cases of its operator have locked, where there is nothing else.
        if (!runs) return require(life.state == V.State.Slashed ? locked <= 0 && locked >= -int256(slashOf(life)) : locked >= 0, "a lock outlived its case");
        uint256 seats = 2 * (uint256(_p.firstSeats) + _p.secondSeats) + _p.secondSeats;
        require(locked >= 0 && locked <= int256(seats * life.maxPrice + slashOf(life)), "a case locked more than its seats and its slash can cost");
    }

    function holds_seats_of_both_rounds_are_strangers_to_all(bytes32 id, Ghost.Life memory life, V.Case memory c) internal view {
        uint32[] memory clusters = new uint32[](2 + uint256(_p.firstSeats) + _p.secondSeats);
        (clusters[0], clusters[1]) = (clusterOf(life.operator), clusterOf(life.accuser));
        uint256 count = 2;
        for (uint8 round = 1; round <= c.round; ++round) {
            address[] memory seats = _escrow.roundOf(id, round).seats;
            for (uint256 i; i < seats.length; ++i) {
                require(seats[i] != life.client, "a client judged its own job");
                clusters[count] = clusterOf(seats[i]);
                for (uint256 j; j < count; ++j) {
                    require(clusters[count] != clusters[j], "a seat of a party, or two seats of one owner");
                }
                ++count;
            }
        }
    }

    function holds_nobody_is_convicted_before_all_have_sealed(bytes32 id, Ghost.Life memory life, V.Case memory c) internal view {
        if (life.convictedAt == 0) return;
        V.Round memory first = _escrow.roundOf(id, 1);
        require(first.seats.length == _p.firstSeats && first.revealBy != 0, "convicted without seats");
        V.Round memory second = _escrow.roundOf(id, 2);
        bool bySecond = c.round == 2 && c.first != V.Verdict.Convicted;
        require(!bySecond || (second.seats.length == _p.secondSeats && second.revealBy != 0), "convicted without a second round");
    }

    function holds_nobody_is_slashed_before_the_appeal_window_is_over(Ghost.Life memory life, V.Case memory c) internal view {
        if (life.state != V.State.Slashed) return;
        uint256 from = c.round == 1 ? life.convictedAt + _p.appealWindow : life.convictedAt;
        require(life.convictedAt != 0 && c.slashableAt != 0 && life.endedAt >= from, "slashed without a certificate, or before an appeal was possible");
    }

    function holds_a_slash_is_bounded(Ghost.Life memory life) internal view {
        require(life.slashed <= slashOf(life), "a slash above its bound");
    }

    function holds_a_slash_is_split_in_the_protocols_proportions(Ghost.Life memory life) internal pure {
        require(life.compensation <= life.maxPrice && life.compensation * 10 <= life.slashed * 4, "a client gained by being cheated");
        require(life.accuserReward * 10 <= life.slashed, "an accuser took more than a tenth");
        require(2 * life.insured >= life.slashed, "less than half of a slash is insured");
    }

    function holds_all_locks_together_are_those_of_the_cases() internal view {
        (int256 locked, int256 left) = (0, 0);
        for (uint256 i; i < _handler.jobCount(); ++i) {
            bytes32 id = _handler.jobs(i);
            V.State state = stateOf(id);
            locked += _ghost.lockedBy(id);
            if (state < V.State.Accused || state > V.State.Appealed) left += _ghost.lockedBy(id);
        }
        require(left <= 0, "ended cases hold more than slashes took of other cases");
        uint256 sum;
        for (uint256 i; i < _handler.OPERATORS(); ++i) {
            (, V.Operator memory record) = operatorAt(i);
            sum += record.locked;
        }
        for (uint256 i; i < _handler.CLIENTS(); ++i) {
            sum += _escrow.operatorOf(_handler.client(i)).locked;
        }
        require(int256(sum) == locked, "locks without a case");
    }

    function slashOf(Ghost.Life memory life) private view returns (uint256) {
        return life.exact ? 2 * life.maxPrice * 1e6 / _p.floorPpm : life.maxPrice;
    }

    /// @dev A client has none.
    function clusterOf(address who) private view returns (uint32) {
        if (uint160(who) < 0x5000 || uint160(who) >= 0x5000 + _handler.OPERATORS()) return 0;
        return _escrow.placeAt(uint32(uint160(who)) - 0x5000).cluster; // the handler registers them in order
    }
}

contract InvariantsTest is MoneyRules, JobRules, OperatorRules, CaseRules {
    function invariant_money() external view {
        holds_money();
    }

    function invariant_jobs() external view {
        holds_jobs();
    }

    function invariant_operators() external view {
        holds_operators();
    }

    function invariant_cases() external view {
        holds_cases();
    }

    /// @notice The play reaches what the invariants speak of; otherwise they would say little.
    function test_the_play_reaches_every_end_and_every_refusal() external {
        for (uint256 i; i < 240; ++i) {
            uint256 chance = uint256(keccak256(abi.encode(i)));
            _handler.bond(i, uint96(chance));
            _handler.rejoin(i, 0);
            _handler.approve(i, i + 1, uint96(chance), uint96(chance >> 96), uint40(chance >> 192));
            _handler.admit(i, chance % 4 != 0, i, chance % 5 != 0);
            if (i % 4 == 1) _handler.openBound(i + 1, i, uint96(chance), uint64(chance), i, chance % 2 == 0, chance % 3 == 0);
            else _handler.open(i, i, uint96(chance), uint64(chance), i % 3 == 0);
            intrude(i, chance);
            if (_handler.jobCount() == 0) continue;
            if (i % 5 != 0) {
                for (uint256 j; j < 6; ++j) {
                    _handler.step(_handler.jobCount() - 1, uint256(keccak256(abi.encode(chance, j))));
                    intrude(_handler.jobCount() - 1, chance >> j);
                }
                _handler.finish(_handler.jobCount() - 1, chance);
            } else {
                _handler.step(_handler.jobCount() - 1, 1);
            }
            if (i % 20 == 19) _handler.releaseTogether(chance);
            if (i % 40 == 39) _handler.abandon(0);
        }
        for (uint8 outcome = uint8(V.Outcome.Delivered); outcome <= uint8(V.Outcome.Cancelled); ++outcome) {
            require(_handler.ends(V.Outcome(outcome)) > 0, string.concat("never reached outcome ", string(abi.encodePacked(48 + outcome))));
        }
        require(_handler.batches() > 0, "no batch was released");
        require(_handler.lent() > 0 && _handler.pooled() > 0, "nobody paid for another, or no pool was used");
        require(_handler.settledFramed() > 0, "no confirming accusation was settled");
        require(_handler.abandoned() > 0, "nobody was ever left alone");
        require(_handler.appeals() > 0 && _handler.challenges() > 0 && _handler.failures() > 0, "nobody appealed, pledged or failed");
        string[13] memory attempts = [
            "a forbidden transition", "an early expiry", "an early expiry of a result", "an early release", "an early lapse", "an early lapse of an appeal", "an early slash",
            "a release without its check", "a replay", "a job that nobody may open", "a theft", "a job at the cost or in the pool of who did not agree", "a cancel without both"
        ];
        for (uint256 i; i < attempts.length; ++i) {
            require(_intruder.refusals(attempts[i]) > 0, string.concat("never tried: ", attempts[i]));
        }
        holds_money();
        holds_jobs();
        holds_operators();
        holds_cases();
    }

    function intrude(uint256 i, uint256 chance) private {
        _intruder.trespass(i, uint8(chance), chance);
        _intruder.hurry(i, chance);
        _intruder.skipTheCheck(i, chance, chance % 2 == 0);
        _intruder.replay(chance, chance);
        _intruder.overreach(i, i + 1, uint96(chance), uint8(chance));
        _intruder.steal(i, uint8(chance), uint96(chance));
        _intruder.borrow(i, i + 1, i >> 1, uint96(chance), chance % 2 == 0);
        _intruder.revoke(i, chance);
    }
}
