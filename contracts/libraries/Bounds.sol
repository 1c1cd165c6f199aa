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
        // One operator, one accuser, three seats.
        require(p.minRoster >= 5, IVocabulary.BadParameter("minRoster"));
        require(p.maxRunWindow > 0, IVocabulary.BadParameter("maxRunWindow"));
        // Otherwise the second re-executor could release before the first one may.
        require(p.checkWindow > 0 && p.checkWindow >= p.reviewWindow, IVocabulary.BadParameter("checkWindow"));
        require(p.longReview >= p.reviewWindow + MAX_ATTEMPTS * p.checkWindow, IVocabulary.BadParameter("longReview"));
        require(p.openWindow > 0, IVocabulary.BadParameter("openWindow"));
        require(p.commitWindow > 0, IVocabulary.BadParameter("commitWindow"));
        require(p.revealWindow > 0, IVocabulary.BadParameter("revealWindow"));
        // A seat's silence counts after a second reveal window.
        require(p.verdictWindow > uint256(p.commitWindow) + 2 * uint256(p.revealWindow), IVocabulary.BadParameter("verdictWindow"));
        // A slash is possible at the latest after this long a life and must find the bond still there.
        uint256 life = uint256(p.maxRunWindow) + p.longReview + p.openWindow + p.verdictWindow + p.appealWindow;
        require(p.unbondingDelay > life, IVocabulary.BadParameter("unbondingDelay"));
        require(p.noShowPpm <= Pricing.PPM, IVocabulary.BadParameter("noShowPpm"));
        require(p.noShowsToJail > 0, IVocabulary.BadParameter("noShowsToJail"));
        require(p.seatPenaltyPpm <= Pricing.PPM, IVocabulary.BadParameter("seatPenaltyPpm"));
        require(p.accuserPpm <= Pricing.PPM / 10, IVocabulary.BadParameter("accuserPpm"));
        require(p.minBond > 0, IVocabulary.BadParameter("minBond"));
        // Then a max price that passes admission and its fee fit 96 bits together.
        require(p.keeperPart <= type(uint96).max / 4, IVocabulary.BadParameter("keeperPart"));
    }
}
