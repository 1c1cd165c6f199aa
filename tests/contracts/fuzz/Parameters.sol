// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVocabulary as V} from "../../../contracts/interfaces/IVocabulary.sol";

/// @dev Those of the other tests.
function parameters() pure returns (V.Parameters memory p) {
    p.floorPpm = 100_000;
    (p.recordNumerator, p.recordOffset) = (1, 1);
    p.epochBlocks = 4;
    p.minRoster = 8;
    (p.firstSeats, p.secondSeats, p.convictQuorum, p.clearQuorum) = (3, 3, 3, 2);
    p.maxRunWindow = 300;
    p.reviewWindow = 60;
    p.checkWindow = 100;
    p.longReview = 600;
    p.openWindow = 120;
    p.commitWindow = 50;
    p.revealWindow = 50;
    p.verdictWindow = 500;
    p.appealWindow = 100;
    p.appealVerdictWindow = 500;
    p.unbondingDelay = 3000;
    p.noShowPpm = 200_000;
    p.noShowsToJail = 2;
    p.seatPenaltyPpm = 100_000;
    p.accuserPpm = 50_000;
    p.minBond = 1000e6;
    p.keeperPart = 10_000;
    p.epochSeconds = 12;
}
