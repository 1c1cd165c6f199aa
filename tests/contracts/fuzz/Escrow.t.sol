// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Escrow} from "../../../contracts/Escrow.sol";
import {IVocabulary as V} from "../../../contracts/interfaces/IVocabulary.sol";
import {TestToken} from "../../../contracts/mocks/TestToken.sol";
import {Handler} from "./Handler.sol";

/// @title What holds after any sequence of acts
contract EscrowTest {
    Escrow private _escrow;
    TestToken private _token;
    Handler private _handler;

    function setUp() external {
        _token = new TestToken();
        _escrow = new Escrow(_token, parameters());
        _handler = new Handler(_escrow, _token);
    }

    /// @dev Only the handler acts.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    /// @notice The tokens held are what all books together say.
    function invariant_tokens_equal_the_books() external view {
        (uint256 checkPool, uint256 insurancePool) = _escrow.pools();
        uint256 total = checkPool + insurancePool + accountOf(_handler.keeper());
        for (uint256 i; i < _handler.CLIENTS(); ++i) {
            total += accountOf(_handler.client(i));
        }
        for (uint256 i; i < _handler.OPERATORS(); ++i) {
            V.Operator memory record = _escrow.operatorOf(_handler.operator(i));
            total += record.bond + record.locked + record.earned;
        }
        assert(_token.balanceOf(address(_escrow)) == total);
    }

    /// @notice Reserved is what the client's jobs in flight hold; exposure is their max prices; a lock belongs to a case that runs.
    function invariant_reserved_exposure_and_locks_follow_the_jobs() external view {
        uint256 reserved;
        uint256[] memory exposure = new uint256[](_handler.OPERATORS());
        bool accused;
        for (uint256 i; i < _handler.jobCount(); ++i) {
            V.Job memory job = _escrow.jobOf(_handler.jobs(i));
            if (job.state >= V.State.Released) continue;
            reserved += uint256(job.maxPrice) + job.fee;
            exposure[uint256(uint160(job.operator)) - 0x5000] += job.maxPrice;
            accused = accused || job.state == V.State.Accused;
        }
        uint256 held;
        for (uint256 i; i < _handler.CLIENTS(); ++i) {
            (, uint256 part) = _escrow.account(_handler.client(i));
            held += part;
        }
        assert(held == reserved);
        for (uint256 i; i < exposure.length; ++i) {
            V.Operator memory record = _escrow.operatorOf(_handler.operator(i));
            assert(record.exposure == exposure[i]);
            assert(accused || record.locked == 0);
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
            assert(place.operator == _handler.operator(i) && place.retiredAt == 0 && place.cluster == record.payout);
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
            V.Job memory job = _escrow.jobOf(id);
            Handler.Play memory play = _handler.playOf(id);
            if (play.ended) assert(job.state == play.end && job.outcome == play.outcome);
            assert((job.state == V.State.Slashed) == (job.outcome == V.Outcome.WrongResult));
            assert((job.state < V.State.Released) == (job.outcome == V.Outcome.None));
        }
    }

    /// @notice The handler does reach every end; otherwise the invariants above say little.
    function test_the_handler_reaches_every_end() external {
        for (uint256 i; i < 160; ++i) {
            uint256 chance = uint256(keccak256(abi.encode(i)));
            _handler.bond(i, uint96(chance));
            _handler.rejoin(i, 0);
            _handler.open(i, i, uint96(chance), uint64(chance), i % 3 == 0);
            if (_handler.jobCount() > 0) _handler.finish(_handler.jobCount() - 1, chance);
        }
        for (uint8 outcome = uint8(V.Outcome.Delivered); outcome <= uint8(V.Outcome.WrongResult); ++outcome) {
            require(_handler.ends(V.Outcome(outcome)) > 0, string.concat("never reached outcome ", string(abi.encodePacked(48 + outcome))));
        }
        require(_handler.settledFramed() > 0, "no confirming accusation was settled");
        this.invariant_tokens_equal_the_books();
        this.invariant_reserved_exposure_and_locks_follow_the_jobs();
        this.invariant_bonds_and_roster_are_sound();
        this.invariant_an_end_is_an_end();
    }

    function accountOf(address who) private view returns (uint256) {
        (uint256 available, uint256 reserved) = _escrow.account(who);
        return available + reserved;
    }

    function parameters() private pure returns (V.Parameters memory p) {
        p.floorPpm = 100_000;
        (p.recordNumerator, p.recordOffset) = (1, 1);
        p.epochBlocks = 4;
        p.minRoster = 5;
        p.maxRunWindow = 300;
        p.reviewWindow = 60;
        p.checkWindow = 100;
        p.longReview = 600;
        p.openWindow = 120;
        p.commitWindow = 50;
        p.revealWindow = 50;
        p.verdictWindow = 500;
        p.appealWindow = 100;
        p.unbondingDelay = 2000;
        p.noShowPpm = 200_000;
        p.noShowsToJail = 2;
        p.seatPenaltyPpm = 100_000;
        p.accuserPpm = 50_000;
        p.minBond = 1000e6;
        p.keeperPart = 10_000;
    }
}
