// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVocabulary} from "../interfaces/IVocabulary.sol";

/// @title What things cost. Pure; every rounding stands in its function's name
/// @dev Amounts are below 2^96 and shares at most PPM (Bounds and the types of the callers see to it), so that products and sums stay far below 2^256 and
/// nothing here needs a check of its arithmetic.
library Pricing {
    uint256 internal constant PPM = 1_000_000;

    /// @notice Largest share of a slash that may compensate the client.
    uint256 internal constant COMPENSATION_PPM = 400_000;

    function partDown(uint256 amount, uint256 ppm) internal pure returns (uint256) {
        unchecked {
            return amount * ppm / PPM;
        }
    }

    /// @dev Against the payer: a fee that rounded down to nothing would buy checks for free.
    function partUp(uint256 amount, uint256 ppm) internal pure returns (uint256) {
        unchecked {
            return (amount * ppm + PPM - 1) / PPM;
        }
    }

    function min(uint256 a, uint256 b) internal pure returns (uint256) {
        return a < b ? a : b;
    }

    /// @notice What metered units cost, never more than the client agreed to.
    function price(uint256 units, uint256 unitPrice, uint256 maxPrice) internal pure returns (uint256) {
        unchecked {
            return min(units * unitPrice, maxPrice);
        }
    }

    /// @notice The fee reserved beside the max price: the check at the floor rate, and the keeper's part.
    function feeUp(uint256 maxPrice, uint256 floorPpm, uint256 keeperPart) internal pure returns (uint256) {
        unchecked {
            return partUp(maxPrice, floorPpm) + keeperPart;
        }
    }

    /// @notice Whether a free bond covers one more job, see protocol section 2.
    /// @param bond Bond less unbonding.
    function admits(uint256 bond, uint256 exposure, uint256 maxPrice, uint256 floorPpm) internal pure returns (bool) {
        unchecked {
            return 2 * maxPrice * PPM <= floorPpm * bond && 2 * (exposure + maxPrice) <= bond;
        }
    }

    /// @notice What a wrong result costs its operator, as far as it is there. Where honest results differ by rounding, a conviction may be a matter of
    /// bounds: that costs a price, not a bond.
    function slashDown(uint256 maxPrice, uint256 floorPpm, IVocabulary.Comparison comparison) internal pure returns (uint256) {
        return comparison == IVocabulary.Comparison.Exact ? 2 * maxPrice * PPM / floorPpm : maxPrice;
    }

    /// @notice Splits a slash. The insurance pool takes at least half, and all dust; the rest goes to the client first, the keeper next, the accuser last.
    function splitSlash(uint256 amount, uint256 maxPrice, uint256 accuserPpm, uint256 keeperPart)
        internal
        pure
        returns (uint256 compensation, uint256 accuserReward, uint256 keeper, uint256 insured)
    {
        uint256 left = amount / 2;
        compensation = min(maxPrice, partDown(amount, COMPENSATION_PPM));
        left -= compensation;
        keeper = min(keeperPart, left);
        left -= keeper;
        accuserReward = min(partDown(amount, accuserPpm), left);
        insured = amount - compensation - keeper - accuserReward;
    }
}
