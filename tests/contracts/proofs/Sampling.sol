// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Pricing} from "../../../contracts/libraries/Pricing.sol";
import {Sampling} from "../../../contracts/libraries/Sampling.sol";

/// @title What holds of every sampling rate
contract RateProof {
    function a_rate_lies_between_the_floor_and_certainty(uint16 clean, uint24 floorPpm, uint16 numerator, uint16 offset) external pure {
        require(floorPpm > 0 && floorPpm <= Pricing.PPM && offset > 0 && numerator >= offset);
        uint256 rate = Sampling.rateDown(clean, floorPpm, numerator, offset);
        assert(rate >= floorPpm && rate <= Pricing.PPM);
    }
}

contract NewcomerProof {
    function a_newcomer_is_always_checked(uint24 floorPpm, uint16 numerator, uint16 offset) external pure {
        require(floorPpm > 0 && floorPpm <= Pricing.PPM && offset > 0 && numerator >= offset);
        assert(Sampling.rateDown(0, floorPpm, numerator, offset) == Pricing.PPM);
    }
}

contract FallingProof {
    function a_check_never_raises_the_rate(uint16 clean, uint24 floorPpm, uint16 numerator, uint16 offset) external pure {
        require(floorPpm > 0 && floorPpm <= Pricing.PPM && offset > 0 && numerator >= offset);
        assert(Sampling.rateDown(uint256(clean) + 1, floorPpm, numerator, offset) <= Sampling.rateDown(clean, floorPpm, numerator, offset));
    }
}
