// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Bank} from "../../../contracts/Bank.sol";
import {Court} from "../../../contracts/Court.sol";
import {Escrow} from "../../../contracts/Escrow.sol";
import {IEscrow} from "../../../contracts/interfaces/IEscrow.sol";
import {IVocabulary as V} from "../../../contracts/interfaces/IVocabulary.sol";
import {TestToken} from "../../../contracts/mocks/TestToken.sol";
import {Handler} from "./Handler.sol";
import {parameters} from "./Parameters.sol";

/// @title What holds after any sequence of acts
contract EscrowTest {
    IEscrow private _escrow;
    TestToken private _token;
    Handler private _handler;

    function setUp() external {
        _token = new TestToken();
        _escrow = IEscrow(address(new Escrow(address(new Court()), address(new Bank(IERC20(address(_token)))), parameters())));
        _handler = new Handler(_escrow, _token);
    }

    /// @dev Only the handler acts.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    /// @notice The tokens held are what all books and the jobs in flight together say.
    function invariant_tokens_equal_the_books_and_the_reserves() external view {
        (uint256 checkPool, uint256 insurancePool) = _escrow.pools();
        uint256 total = checkPool + insurancePool + _escrow.available(_handler.keeper());
        for (uint256 i; i < _handler.CLIENTS(); ++i) {
            total += _escrow.available(_handler.client(i));
        }
        for (uint256 i; i < _handler.OPERATORS(); ++i) {
            address operator = _handler.operator(i);
            V.Operator memory record = _escrow.operatorOf(operator);
            total += record.bond + record.locked + record.earned + _escrow.available(operator);
        }
        for (uint256 i; i < _handler.jobCount(); ++i) {
            bytes32 id = _handler.jobs(i);
            if (!inFlight(id)) continue;
            V.Job memory job = _handler.recordOf(id);
            total += job.terms.maxPrice() + job.course.fee();
        }
        assert(_token.balanceOf(address(_escrow)) == total);
    }

    /// @notice Exposure is the max prices of the jobs in flight; a lock belongs to a case that runs.
    function invariant_exposure_and_locks_follow_the_jobs() external view {
        uint256[] memory exposure = new uint256[](_handler.OPERATORS());
        bool accused;
        for (uint256 i; i < _handler.jobCount(); ++i) {
            bytes32 id = _handler.jobs(i);
            if (!inFlight(id)) continue;
            V.Job memory job = _handler.recordOf(id);
            exposure[uint256(uint160(job.operator)) - 0x5000] += job.terms.maxPrice();
            (V.State state,) = _escrow.stateOf(id);
            accused = accused || state == V.State.Accused;
        }
        for (uint256 i; i < exposure.length; ++i) {
            V.Operator memory record = _escrow.operatorOf(_handler.operator(i));
            assert(record.exposure == exposure[i]);
            assert(accused || record.locked == 0);
        }
    }

    /// @notice What the chain keeps of a job is the record that its parties know, through every state.
    function invariant_the_kept_record_is_the_one_that_was_agreed() external view {
        for (uint256 i; i < _handler.jobCount(); ++i) {
            bytes32 id = _handler.jobs(i);
            V.Job memory job = _handler.recordOf(id);
            assert(_escrow.isRecord(id, job));
            job.commitment ^= bytes32(uint256(1) << i % 256);
            assert(!_escrow.isRecord(id, job));
        }
    }

    /// @notice What unbonds is part of the bond, and the roster counts who is active.
    function invariant_bonds_and_roster_are_sound() external view {
        uint256 active;
        for (uint256 i; i < _handler.OPERATORS(); ++i) {
            V.Operator memory record = _escrow.operatorOf(_handler.operator(i));
            assert(record.unbonding <= record.bond);
            if (!record.active) continue;
            ++active;
            V.Place memory place = _escrow.placeAt(record.place);
            assert(place.operator == _handler.operator(i) && place.retiredAt == 0 && place.cluster != 0);
        }
        assert(_escrow.activeOperators() == active);
        uint256 open;
        for (uint32 i; i < _escrow.rosterLength(); ++i) {
            if (_escrow.placeAt(i).retiredAt == 0) ++open;
        }
        assert(open == active);
    }

    /// @notice A job that ended stays as it ended, and its outcome belongs to its state.
    function invariant_an_end_is_an_end() external view {
        for (uint256 i; i < _handler.jobCount(); ++i) {
            bytes32 id = _handler.jobs(i);
            (V.State state, V.Outcome outcome) = _escrow.stateOf(id);
            Handler.Play memory play = _handler.playOf(id);
            if (play.ended) assert(state == play.end && outcome == play.outcome);
            assert((state == V.State.Slashed) == (outcome == V.Outcome.WrongResult));
            assert((state < V.State.Released) == (outcome == V.Outcome.None));
        }
    }

    /// @notice The handler does reach every end; otherwise the invariants above say little.
    function test_the_handler_reaches_every_end() external {
        for (uint256 i; i < 160; ++i) {
            uint256 chance = uint256(keccak256(abi.encode(i)));
            _handler.bond(i, uint96(chance));
            _handler.rejoin(i, 0);
            _handler.open(i, i, uint96(chance), uint64(chance), i % 3 == 0);
            if (i % 5 != 0 && _handler.jobCount() > 0) _handler.finish(_handler.jobCount() - 1, chance);
            else if (_handler.jobCount() > 0) _handler.step(_handler.jobCount() - 1, 1);
            if (i % 20 == 19) _handler.releaseTogether(chance);
        }
        for (uint8 outcome = uint8(V.Outcome.Delivered); outcome <= uint8(V.Outcome.WrongResult); ++outcome) {
            require(_handler.ends(V.Outcome(outcome)) > 0, string.concat("never reached outcome ", string(abi.encodePacked(48 + outcome))));
        }
        require(_handler.batches() > 0, "no batch was released");
        require(_handler.settledFramed() > 0, "no confirming accusation was settled");
        this.invariant_tokens_equal_the_books_and_the_reserves();
        this.invariant_exposure_and_locks_follow_the_jobs();
        this.invariant_the_kept_record_is_the_one_that_was_agreed();
        this.invariant_bonds_and_roster_are_sound();
        this.invariant_an_end_is_an_end();
    }

    function inFlight(bytes32 id) private view returns (bool) {
        (V.State state,) = _escrow.stateOf(id);
        return state >= V.State.Open && state <= V.State.Convicted;
    }
}
