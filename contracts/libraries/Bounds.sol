// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVocabulary} from "../interfaces/IVocabulary.sol";
import {Pricing} from "./Pricing.sol";

/// @title Which parameters make a safe deployment
library Bounds {
    uint256 internal constant MAX_ATTEMPTS = 3;

    /// @notice Reverts with the name of the first parameter that contradicts the protocol.
    function check(IVocabulary.Parameters memory p) internal pure {
        require(p.floorPpm > 0 && p.floorPpm <= Pricing.PPM, IVocabulary.BadParameter("floorPpm"));
        // c >= a checks a newcomer always.
        require(p.recordOffset > 0, IVocabulary.BadParameter("recordOffset"));
        require(p.recordNumerator >= p.recordOffset, IVocabulary.BadParameter("recordNumerator"));
        // An older block hash than 256 blocks cannot be read, so half of that time must be left to record the seed.
        require(p.epochBlocks > 0 && p.epochBlocks <= 128, IVocabulary.BadParameter("epochBlocks"));
        // More seats would cost a certificate more gas than a case is worth.
        require(p.firstSeats >= 3 && p.firstSeats <= 15, IVocabulary.BadParameter("firstSeats"));
        require(p.secondSeats >= p.firstSeats && p.secondSeats <= 15, IVocabulary.BadParameter("secondSeats"));
        // Majorities, so that no two verdicts can have theirs; to convict is never easier than to clear.
        require(p.convictQuorum >= p.clearQuorum && p.convictQuorum <= p.secondSeats, IVocabulary.BadParameter("convictQuorum"));
        require(2 * uint256(p.clearQuorum) > p.secondSeats, IVocabulary.BadParameter("clearQuorum"));
        // One operator, one accuser, and seats for both rounds.
        require(p.minRoster >= 2 + uint256(p.firstSeats) + p.secondSeats, IVocabulary.BadParameter("minRoster"));
        require(p.maxRunWindow > 0, IVocabulary.BadParameter("maxRunWindow"));
        // Otherwise the second re-executor could release before the first one may.
        require(p.checkWindow > 0 && p.checkWindow >= p.reviewWindow, IVocabulary.BadParameter("checkWindow"));
        require(p.longReview >= p.reviewWindow + MAX_ATTEMPTS * p.checkWindow, IVocabulary.BadParameter("longReview"));
        require(p.openWindow > 0, IVocabulary.BadParameter("openWindow"));
        require(p.commitWindow > 0, IVocabulary.BadParameter("commitWindow"));
        require(p.revealWindow > 0, IVocabulary.BadParameter("revealWindow"));
        // A seat's silence counts after a second reveal window.
        require(p.verdictWindow > uint256(p.commitWindow) + 2 * uint256(p.revealWindow), IVocabulary.BadParameter("verdictWindow"));
        require(p.appealVerdictWindow > uint256(p.commitWindow) + 2 * uint256(p.revealWindow), IVocabulary.BadParameter("appealVerdictWindow"));
        // A slash is possible at the latest after this long a life and must find the bond still there.
        uint256 life = uint256(p.maxRunWindow) + p.longReview + p.openWindow + p.verdictWindow + p.appealWindow + p.appealVerdictWindow;
        require(p.unbondingDelay > life, IVocabulary.BadParameter("unbondingDelay"));
        require(p.noShowPpm <= Pricing.PPM, IVocabulary.BadParameter("noShowPpm"));
        require(p.noShowsToJail > 0, IVocabulary.BadParameter("noShowsToJail"));
        require(p.seatPenaltyPpm <= Pricing.PPM, IVocabulary.BadParameter("seatPenaltyPpm"));
        require(p.accuserPpm <= Pricing.PPM / 10, IVocabulary.BadParameter("accuserPpm"));
        require(p.minBond > 0, IVocabulary.BadParameter("minBond"));
        // It is packed in 72 bits; a max price that passes admission and its fee then fit 96 bits together.
        require(p.keeperPart <= type(uint72).max, IVocabulary.BadParameter("keeperPart"));
        // An epoch is the margin between what was fixed and the round that decides over it, so a round at least.
        bool timed = p.epochSeconds >= 3 && p.epochSeconds <= 1 days;
        bool byBlocks = p.randomness == IVocabulary.Randomness.BlockHash;
        require(timed || byBlocks, IVocabulary.BadParameter("epochSeconds"));
        // Seats are drawn by a seed that comes up to two epochs after the accusation; a shorter window would let every case lapse.
        uint256 judged = uint256(p.commitWindow) + 2 * uint256(p.revealWindow) + 2 * uint256(p.epochSeconds);
        require(byBlocks || p.verdictWindow > judged, IVocabulary.BadParameter("verdictWindow"));
        require(byBlocks || p.appealVerdictWindow > judged, IVocabulary.BadParameter("appealVerdictWindow"));
    }

    /// @notice Reverts if these do not bound what a version may say: epochs must not be counted anew under jobs in flight, and one unbonding delay must outlast the
    /// longest life under every version.
    function checkLimits(IVocabulary.Parameters memory least, IVocabulary.Parameters memory most) internal pure {
        require(least.epochBlocks == most.epochBlocks, IVocabulary.BadParameter("epochBlocks"));
        require(least.epochSeconds == most.epochSeconds, IVocabulary.BadParameter("epochSeconds"));
        // A bond that leaves stays above the cover of what is in flight at the lowest floor.
        require(least.floorPpm > 0, IVocabulary.BadParameter("floorPpm"));
        require(least.unbondingDelay == most.unbondingDelay, IVocabulary.BadParameter("unbondingDelay"));
    }

    /// @notice Reverts with the first field that is not between its limits.
    function checkWithin(IVocabulary.Parameters memory p, IVocabulary.Parameters memory least, IVocabulary.Parameters memory most) internal pure {
        uint256 size = abi.encode(p).length;
        for (uint256 offset; offset < size; offset += 32) {
            bool within;
            assembly ("memory-safe") {
                let word := mload(add(p, offset))
                within := iszero(or(lt(word, mload(add(least, offset))), gt(word, mload(add(most, offset)))))
            }
            require(within, IVocabulary.OutOfLimits(offset / 32));
        }
    }
}
