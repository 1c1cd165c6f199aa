// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVocabulary} from "../../../contracts/interfaces/IVocabulary.sol";
import {Pricing} from "../../../contracts/libraries/Pricing.sol";

/// @title What holds of every price, for the whole range that Bounds and the callers' types leave
/// @notice Proved by solc's model checker (bench/proofs.mjs). The sums here are checked ones, the library's are not: an equality of the two says that nothing overflows there.
contract PartsProof {
    function parts_are_rounded_as_named(uint96 amount, uint24 ppm) external pure {
        require(ppm <= Pricing.PPM);
        uint256 down = Pricing.partDown(amount, ppm);
        uint256 up = Pricing.partUp(amount, ppm);
        assert(down <= up);
        assert(up <= amount);
        assert(up - down <= 1);
    }
}

contract PartsOverflowProof {
    function parts_are_what_a_checked_sum_says(uint96 amount, uint24 ppm) external pure {
        require(ppm <= Pricing.PPM);
        assert(Pricing.partDown(amount, ppm) == uint256(amount) * ppm / Pricing.PPM);
    }
}

contract PriceProof {
    function a_price_is_what_was_metered_and_at_most_what_was_agreed(uint64 units, uint96 unitPrice, uint96 maxPrice) external pure {
        uint256 price = Pricing.price(units, unitPrice, maxPrice);
        assert(price <= maxPrice);
        assert(price == maxPrice || price == uint256(units) * unitPrice);
    }
}

contract FeeProof {
    function a_fee_pays_the_check_at_the_floor_and_the_keeper(uint96 maxPrice, uint24 floorPpm, uint96 keeperPart) external pure {
        require(floorPpm <= Pricing.PPM);
        uint256 fee = Pricing.feeUp(maxPrice, floorPpm, keeperPart);
        assert(fee >= keeperPart);
        assert((fee - keeperPart) * Pricing.PPM >= uint256(maxPrice) * floorPpm);
    }
}

contract AdmissionProof is IVocabulary {
    function an_admitted_price_is_covered_by_the_bond(uint96 bond, uint96 exposure, uint96 maxPrice, uint24 floorPpm) external pure {
        require(floorPpm > 0 && floorPpm <= Pricing.PPM);
        bool admitted = Pricing.admits(bond, exposure, maxPrice, floorPpm);
        assert(admitted == (2 * uint256(maxPrice) * Pricing.PPM <= uint256(floorPpm) * bond && 2 * (uint256(exposure) + maxPrice) <= bond));
        if (admitted) assert(Pricing.slashDown(maxPrice, floorPpm, Comparison.Exact) <= bond);
    }
}

/// @dev A question each: together they are more than the checker answers.
contract SplitCompensationProof {
    function a_compensation_is_at_most_the_price(uint96 amount, uint96 maxPrice, uint24 accuserPpm, uint96 keeperPart) external pure {
        require(accuserPpm <= Pricing.PPM / 10);
        (uint256 compensation,,,) = Pricing.splitSlash(amount, maxPrice, accuserPpm, keeperPart);
        assert(compensation <= maxPrice);
    }
}

contract SplitKeeperProof {
    function a_keeper_gets_at_most_its_part(uint96 amount, uint96 maxPrice, uint24 accuserPpm, uint96 keeperPart) external pure {
        require(accuserPpm <= Pricing.PPM / 10);
        (,, uint256 keeper,) = Pricing.splitSlash(amount, maxPrice, accuserPpm, keeperPart);
        assert(keeper <= keeperPart);
    }
}

contract SplitRewardProof {
    function an_accuser_gets_at_most_its_share(uint96 amount, uint96 maxPrice, uint24 accuserPpm, uint96 keeperPart) external pure {
        require(accuserPpm <= Pricing.PPM / 10);
        (, uint256 reward,,) = Pricing.splitSlash(amount, maxPrice, accuserPpm, keeperPart);
        assert(reward <= Pricing.partDown(amount, accuserPpm));
    }
}

contract SplitInsuranceProof {
    function half_of_a_slash_is_insured(uint96 amount, uint96 maxPrice, uint24 accuserPpm, uint96 keeperPart) external pure {
        require(accuserPpm <= Pricing.PPM / 10);
        (,,, uint256 insured) = Pricing.splitSlash(amount, maxPrice, accuserPpm, keeperPart);
        assert(insured >= amount - amount / 2);
    }
}

contract SplitSumProof {
    function a_slash_is_split_without_a_rest(uint96 amount, uint96 maxPrice, uint24 accuserPpm, uint96 keeperPart) external pure {
        require(accuserPpm <= Pricing.PPM / 10);
        (uint256 compensation, uint256 reward, uint256 keeper, uint256 insured) = Pricing.splitSlash(amount, maxPrice, accuserPpm, keeperPart);
        unchecked {
            assert(compensation + reward + keeper + insured == amount);
        }
    }
}
