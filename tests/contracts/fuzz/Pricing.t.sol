// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVocabulary} from "../../../contracts/interfaces/IVocabulary.sol";
import {Pricing} from "../../../contracts/libraries/Pricing.sol";
import {Sampling} from "../../../contracts/libraries/Sampling.sol";
import {vm} from "./Vm.sol";

contract PricingTest is IVocabulary {
    function test_fuzz_a_part_rounded_down_and_up_differ_by_at_most_one(uint128 amount, uint32 ppm) external pure {
        vm.assume(ppm <= Pricing.PPM);
        (uint256 down, uint256 up) = (Pricing.partDown(amount, ppm), Pricing.partUp(amount, ppm));
        assert(down <= up && up - down <= 1);
        assert(down * Pricing.PPM <= uint256(amount) * ppm && up * Pricing.PPM >= uint256(amount) * ppm);
        assert(up <= amount);
    }

    function test_fuzz_a_price_never_exceeds_what_the_client_agreed_to(uint64 units, uint96 unitPrice, uint96 maxPrice) external pure {
        uint256 price = Pricing.price(units, unitPrice, maxPrice);
        assert(price <= maxPrice);
        assert(price == maxPrice || price == uint256(units) * unitPrice);
    }

    function test_fuzz_a_slash_is_split_without_a_rest_and_half_of_it_is_insured(
        uint96 amount,
        uint96 maxPrice,
        uint32 accuserPpm,
        uint96 keeperPart
    ) external pure {
        vm.assume(accuserPpm <= Pricing.PPM / 10);
        (uint256 compensation, uint256 reward, uint256 keeper, uint256 insured) =
            Pricing.splitSlash(amount, maxPrice, accuserPpm, keeperPart);
        assert(compensation + reward + keeper + insured == amount);
        assert(insured * 2 >= amount);
        assert(compensation <= maxPrice && compensation * Pricing.PPM <= uint256(amount) * 400_000);
        assert(reward * 10 <= amount);
        assert(keeper <= keeperPart);
    }

    function test_fuzz_the_bond_covers_the_whole_slash_of_an_admitted_job(uint96 bond, uint96 exposure, uint96 maxPrice, uint32 floorPpm)
        external
        pure
    {
        vm.assume(floorPpm > 0 && floorPpm <= Pricing.PPM);
        if (!Pricing.admits(bond, exposure, maxPrice, floorPpm)) return;
        assert(Pricing.slashDown(maxPrice, floorPpm, Comparison.Exact) <= bond);
        assert(2 * (uint256(exposure) + maxPrice) <= bond);
    }

    function test_fuzz_an_exact_slash_outweighs_the_chance_of_it_and_a_tolerant_one_is_the_price(uint96 maxPrice, uint32 floorPpm) external pure {
        vm.assume(floorPpm > 0 && floorPpm <= Pricing.PPM);
        uint256 slash = Pricing.slashDown(maxPrice, floorPpm, Comparison.Exact);
        uint256 outweighed = 2 * uint256(maxPrice) * Pricing.PPM;
        assert(slash * floorPpm <= outweighed && outweighed - slash * floorPpm < floorPpm);
        assert(Pricing.slashDown(maxPrice, floorPpm, Comparison.Tolerance) == maxPrice);
    }

    function test_fuzz_the_sampling_rate_starts_at_certainty_and_falls_to_the_floor(uint32 clean, uint32 floorPpm, uint32 c, uint32 a)
        external
        pure
    {
        vm.assume(floorPpm > 0 && floorPpm <= Pricing.PPM && a > 0 && c >= a);
        uint256 rate = Sampling.rateDown(clean, floorPpm, c, a);
        assert(rate >= floorPpm && rate <= Pricing.PPM);
        assert(Sampling.rateDown(0, floorPpm, c, a) == Pricing.PPM);
        if (clean > 0) assert(rate <= Sampling.rateDown(clean - 1, floorPpm, c, a));
    }

    function test_fuzz_certainty_samples_and_impossibility_does_not(bytes32 seed, bytes32 job) external pure {
        assert(Sampling.isSampled(seed, job, Pricing.PPM));
        assert(!Sampling.isSampled(seed, job, 0));
    }

    function test_fuzz_who_is_sampled_at_a_rate_is_sampled_at_every_higher_one(bytes32 seed, bytes32 job, uint32 low, uint32 high) external pure {
        vm.assume(low <= high);
        if (Sampling.isSampled(seed, job, low)) assert(Sampling.isSampled(seed, job, high));
    }
}
