// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What an operator's jobs move, in one word: exposure and earned (96 bits each), clean checks (16), place in the roster plus one (24, zero while not
/// active), cluster (24), from the low end.
type Work is uint256;

/// @notice What every undisputed job needs of the parameters, in one word: floorPpm, maxRunWindow, reviewWindow (32 bits each), recordNumerator, recordOffset,
/// minRoster (16 each), keeperPart (96), from the low end.
type Rules is uint256;

using {exposureOf, earnedOf, cleanOf, placeOf, clusterOf, withJob, withoutJob, withPay, withCheck, withEarned, withClean, withPlace, withCluster} for Work global;
using {floorPpm, maxRunWindow, reviewWindow, recordNumerator, recordOffset, minRoster, keeperPart} for Rules global;

/// @dev Packed by hand: the compiler spends a thousand gas on a struct where these spend thirty.
error PayTooLarge(uint256 earned);

function exposureOf(Work word) pure returns (uint256) {
    return uint96(Work.unwrap(word));
}

function earnedOf(Work word) pure returns (uint256) {
    return uint96(Work.unwrap(word) >> 96);
}

function cleanOf(Work word) pure returns (uint256) {
    return uint16(Work.unwrap(word) >> 192);
}

function placeOf(Work word) pure returns (uint256) {
    return uint24(Work.unwrap(word) >> 208);
}

function clusterOf(Work word) pure returns (uint32) {
    return uint32(Work.unwrap(word) >> 232);
}

/// @dev Admission keeps the exposure below half of a bond of 96 bits.
function withJob(Work word, uint256 maxPrice) pure returns (Work) {
    unchecked {
        return Work.wrap(Work.unwrap(word) + maxPrice);
    }
}

/// @dev The exposure is the sum of such prices.
function withoutJob(Work word, uint256 maxPrice) pure returns (Work) {
    unchecked {
        return Work.wrap(Work.unwrap(word) - maxPrice);
    }
}

function withPay(Work word, uint256 pay) pure returns (Work) {
    unchecked {
        return withEarned(word, earnedOf(word) + pay);
    }
}

function withEarned(Work word, uint256 earned) pure returns (Work) {
    require(earned <= type(uint96).max, PayTooLarge(earned));
    return Work.wrap(Work.unwrap(word) & ~(uint256(type(uint96).max) << 96) | earned << 96);
}

/// @dev Stops at its end, where every rate has long been at the floor.
function withCheck(Work word) pure returns (Work) {
    unchecked {
        return cleanOf(word) == type(uint16).max ? word : Work.wrap(Work.unwrap(word) + (1 << 192));
    }
}

function withClean(Work word, uint16 clean) pure returns (Work) {
    return Work.wrap(Work.unwrap(word) & ~(uint256(type(uint16).max) << 192) | uint256(clean) << 192);
}

function withPlace(Work word, uint24 place) pure returns (Work) {
    return Work.wrap(Work.unwrap(word) & ~(uint256(type(uint24).max) << 208) | uint256(place) << 208);
}

function withCluster(Work word, uint24 cluster) pure returns (Work) {
    return Work.wrap(Work.unwrap(word) & ~(uint256(type(uint24).max) << 232) | uint256(cluster) << 232);
}

function floorPpm(Rules word) pure returns (uint256) {
    return uint32(Rules.unwrap(word));
}

function maxRunWindow(Rules word) pure returns (uint256) {
    return uint32(Rules.unwrap(word) >> 32);
}

function reviewWindow(Rules word) pure returns (uint256) {
    return uint32(Rules.unwrap(word) >> 64);
}

function recordNumerator(Rules word) pure returns (uint256) {
    return uint16(Rules.unwrap(word) >> 96);
}

function recordOffset(Rules word) pure returns (uint256) {
    return uint16(Rules.unwrap(word) >> 112);
}

function minRoster(Rules word) pure returns (uint256) {
    return uint16(Rules.unwrap(word) >> 128);
}

function keeperPart(Rules word) pure returns (uint256) {
    return Rules.unwrap(word) >> 160;
}

function rulesOf(
    uint32 floorPpm_,
    uint32 maxRunWindow_,
    uint32 reviewWindow_,
    uint16 recordNumerator_,
    uint16 recordOffset_,
    uint16 minRoster_,
    uint96 keeperPart_
) pure returns (Rules) {
    return Rules.wrap(
        uint256(floorPpm_) | uint256(maxRunWindow_) << 32 | uint256(reviewWindow_) << 64 | uint256(recordNumerator_) << 96
            | uint256(recordOffset_) << 112 | uint256(minRoster_) << 128 | uint256(keeperPart_) << 160
    );
}
