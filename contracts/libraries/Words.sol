// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVocabulary} from "../interfaces/IVocabulary.sol";

/// @notice What an operator's jobs move, in one word: exposure and earned (96 bits each), clean checks (16), its last place in the roster plus one (23),
/// whether it holds it (1), cluster (24), from the low end.
type Work is uint256;

/// @notice What a job was agreed and opened under, in one word of its record: unit price, max price (96 bits each), run window in seconds (32), sampling rate in ppm,
/// frozen at the opening (24), comparison (7), whether a JobBound tells of payer, pool or witness (1), from the low end.
type Terms is uint256;

/// @notice The rest of a job's numbers, in one word of its record: fee, reserved beside the max price for check and keeper (96 bits), `openedAt`, `submittedAt`
/// (unix seconds), epoch of the submission (40 each), length of the roster at the opening (24), version of the parameters it was opened under (16), from the
/// low end. `submittedAt` and epoch are zero until the result.
type Course is uint256;

/// @notice What most ends of a job need of the parameters, in one word: floorPpm, accuserPpm (24 bits each), maxRunWindow, reviewWindow (32 each),
/// recordNumerator, recordOffset, minRoster (16 each), keeperPart (72), version (16), whether deposits and openings are stopped (1), from the low end.
type Rules is uint256;

using {exposureOf, earnedOf, cleanOf, placeOf, clusterOf, withJob, withoutJob, withPay, withCheck, withEarned, withClean, withPlace, withoutPlace, lastPlaceOf, withCluster} for Work global;
using {floorPpm, accuserPpm, maxRunWindow, reviewWindow, recordNumerator, recordOffset, minRoster, keeperPart, versionOf, paused, withPause} for Rules global;
using {unitPrice, maxPrice, runWindow, ratePpm, comparison, bound} for Terms global;
using {fee, openedAt, submittedAt, epoch, rosterLength, version, withResult} for Course global;

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

uint256 constant HOLDS_PLACE = 1 << 231;

/// @dev Zero while not active.
function placeOf(Work word) pure returns (uint256) {
    return Work.unwrap(word) & HOLDS_PLACE == 0 ? 0 : lastPlaceOf(word);
}

function lastPlaceOf(Work word) pure returns (uint256) {
    return Work.unwrap(word) >> 208 & 0x7fffff;
}

function clusterOf(Work word) pure returns (uint32) {
    return uint32(Work.unwrap(word) >> 232);
}

/// @dev Admission keeps the exposure below half of a bond of 96 bits.
function withJob(Work word, uint256 price) pure returns (Work) {
    unchecked {
        return Work.wrap(Work.unwrap(word) + price);
    }
}

/// @dev The exposure is the sum of such prices.
function withoutJob(Work word, uint256 price) pure returns (Work) {
    unchecked {
        return Work.wrap(Work.unwrap(word) - price);
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

function withPlace(Work word, uint256 place) pure returns (Work) {
    return Work.wrap(Work.unwrap(word) & ~(uint256(0x7fffff) << 208) | place << 208 | HOLDS_PLACE);
}

function withoutPlace(Work word) pure returns (Work) {
    return Work.wrap(Work.unwrap(word) & ~HOLDS_PLACE);
}

function withCluster(Work word, uint24 cluster) pure returns (Work) {
    return Work.wrap(Work.unwrap(word) & ~(uint256(type(uint24).max) << 232) | uint256(cluster) << 232);
}

function floorPpm(Rules word) pure returns (uint256) {
    return uint24(Rules.unwrap(word));
}

function accuserPpm(Rules word) pure returns (uint256) {
    return uint24(Rules.unwrap(word) >> 24);
}

function maxRunWindow(Rules word) pure returns (uint256) {
    return uint32(Rules.unwrap(word) >> 48);
}

function reviewWindow(Rules word) pure returns (uint256) {
    return uint32(Rules.unwrap(word) >> 80);
}

function recordNumerator(Rules word) pure returns (uint256) {
    return uint16(Rules.unwrap(word) >> 112);
}

function recordOffset(Rules word) pure returns (uint256) {
    return uint16(Rules.unwrap(word) >> 128);
}

function minRoster(Rules word) pure returns (uint256) {
    return uint16(Rules.unwrap(word) >> 144);
}

function keeperPart(Rules word) pure returns (uint256) {
    return uint72(Rules.unwrap(word) >> 160);
}

function versionOf(Rules word) pure returns (uint256) {
    return uint16(Rules.unwrap(word) >> 232);
}

uint256 constant PAUSED = 1 << 248;

function paused(Rules word) pure returns (bool) {
    return Rules.unwrap(word) & PAUSED != 0;
}

function withPause(Rules word, bool paused_) pure returns (Rules) {
    return Rules.wrap(paused_ ? Rules.unwrap(word) | PAUSED : Rules.unwrap(word) & ~PAUSED);
}

/// @dev Bounds has seen the parameters: shares are at most PPM, which 24 bits hold, the keeper's part fits 72.
function rulesOf(IVocabulary.Parameters memory p, uint256 number) pure returns (Rules) {
    return Rules.wrap(
        uint256(p.floorPpm) | uint256(p.accuserPpm) << 24 | uint256(p.maxRunWindow) << 48 | uint256(p.reviewWindow) << 80
            | uint256(p.recordNumerator) << 112 | uint256(p.recordOffset) << 128 | uint256(p.minRoster) << 144 | uint256(p.keeperPart) << 160
            | number << 232
    );
}

function unitPrice(Terms word) pure returns (uint256) {
    return uint96(Terms.unwrap(word));
}

function maxPrice(Terms word) pure returns (uint256) {
    return uint96(Terms.unwrap(word) >> 96);
}

function runWindow(Terms word) pure returns (uint256) {
    return uint32(Terms.unwrap(word) >> 192);
}

function ratePpm(Terms word) pure returns (uint256) {
    return uint24(Terms.unwrap(word) >> 224);
}

function comparison(Terms word) pure returns (IVocabulary.Comparison) {
    return IVocabulary.Comparison(Terms.unwrap(word) >> 248 & 0x7f);
}

function bound(Terms word) pure returns (bool) {
    return Terms.unwrap(word) >> 255 != 0;
}

/// @dev The order's types bound what is not the contract's own, and a rate is at most PPM.
function termsOf(IVocabulary.Order calldata order, uint256 rate, bool isBound) pure returns (Terms) {
    return Terms.wrap(
        uint256(order.unitPrice) | uint256(order.maxPrice) << 96 | uint256(order.runWindow) << 192 | rate << 224 | uint256(order.comparison) << 248
            | (isBound ? 1 << 255 : 0)
    );
}

function fee(Course word) pure returns (uint256) {
    return uint96(Course.unwrap(word));
}

function openedAt(Course word) pure returns (uint256) {
    return uint40(Course.unwrap(word) >> 96);
}

function submittedAt(Course word) pure returns (uint256) {
    return uint40(Course.unwrap(word) >> 136);
}

function epoch(Course word) pure returns (uint256) {
    return uint40(Course.unwrap(word) >> 176);
}

function rosterLength(Course word) pure returns (uint256) {
    return uint24(Course.unwrap(word) >> 216);
}

function version(Course word) pure returns (uint256) {
    return Course.unwrap(word) >> 240;
}

/// @dev A fee of a max price that passes admission fits 96 bits (Bounds), places are counted in 24.
function courseOf(uint256 fee_, uint256 rosterLength_, uint256 version_) view returns (Course) {
    return Course.wrap(fee_ | block.timestamp << 96 | rosterLength_ << 216 | version_ << 240);
}

/// @dev Submitted now, once.
function withResult(Course word, uint256 epoch_) view returns (Course) {
    return Course.wrap(Course.unwrap(word) | block.timestamp << 136 | epoch_ << 176);
}
