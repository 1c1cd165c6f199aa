// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVocabulary} from "../interfaces/IVocabulary.sol";
import {Draw} from "../libraries/Draw.sol";
import {Pricing} from "../libraries/Pricing.sol";
import {Sampling} from "../libraries/Sampling.sol";

/// @title Lets tests ask the escrow's libraries about any roster, seed and record
contract DrawHarness {
    mapping(uint256 => IVocabulary.Place) internal _roster;

    function setRoster(IVocabulary.Place[] calldata roster) external {
        for (uint256 i; i < roster.length; ++i) {
            _roster[i] = roster[i];
        }
    }

    function picks(Draw.Terms calldata terms, uint256 count) external view returns (address[] memory) {
        return Draw.picks(_roster, terms, count);
    }

    function rateDown(uint256 clean, uint256 floorPpm, uint256 recordNumerator, uint256 recordOffset) external pure returns (uint256) {
        return Sampling.rateDown(clean, floorPpm, recordNumerator, recordOffset);
    }

    function isSampled(bytes32 seed, bytes32 job, uint256 ratePpm) external pure returns (bool) {
        return Sampling.isSampled(seed, job, ratePpm);
    }

    function splitSlash(uint256 amount, uint256 maxPrice, uint256 accuserPpm, uint256 keeperPart)
        external
        pure
        returns (uint256 compensation, uint256 accuserReward, uint256 keeper, uint256 insured)
    {
        return Pricing.splitSlash(amount, maxPrice, accuserPpm, keeperPart);
    }
}
