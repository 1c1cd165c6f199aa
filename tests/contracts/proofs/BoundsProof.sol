// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVocabulary} from "../../../contracts/interfaces/IVocabulary.sol";
import {Bounds} from "../../../contracts/libraries/Bounds.sol";
import {Pricing} from "../../../contracts/libraries/Pricing.sol";

/// @title What every set of parameters that passes has
contract BoundsProof is IVocabulary {
    function stake_outlasts_the_longest_life_of_a_job(Parameters memory p) external pure {
        Bounds.check(p);
        assert(p.unbondingDelay > uint256(p.maxRunWindow) + p.longReview + p.openWindow + p.verdictWindow + p.appealWindow);
    }

    function a_seed_can_be_recorded_in_time(Parameters memory p) external pure {
        Bounds.check(p);
        assert(p.epochBlocks > 0 && 2 * uint256(p.epochBlocks) <= 256);
    }

    function every_drawn_operator_has_its_turn_before_the_long_review_ends(Parameters memory p) external pure {
        Bounds.check(p);
        assert(uint256(p.longReview) >= uint256(p.reviewWindow) + Bounds.MAX_ATTEMPTS * uint256(p.checkWindow));
    }

    function shares_are_parts_of_a_whole_and_newcomers_are_checked(Parameters memory p) external pure {
        Bounds.check(p);
        assert(p.floorPpm > 0 && p.floorPpm <= Pricing.PPM && p.noShowPpm <= Pricing.PPM && p.seatPenaltyPpm <= Pricing.PPM);
        assert(10 * uint256(p.accuserPpm) <= Pricing.PPM);
        assert(p.recordOffset > 0 && p.recordNumerator >= p.recordOffset);
    }
}
