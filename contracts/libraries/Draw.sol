// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVocabulary} from "../interfaces/IVocabulary.sol";

/// @title Who checks a result: a draw that anybody can repeat from the seed and the roster
library Draw {
    bytes32 internal constant DOMAIN = keccak256("assay.draw");

    /// @notice Bounds the gas of a draw. With half of the roster ineligible, one draw in 2^64 finds nobody.
    uint256 internal constant PROBES = 64;

    /// @notice What a draw depends on beside the roster.
    struct Terms {
        bytes32 seed;
        bytes32 job;
        uint8 round;              // 0 spot check, 1 and 2 the rounds of a case
        uint256 rosterLength;     // frozen before the seed's block
        bool byTime;              // of the seed's epoch: whether its end is a second or a block
        uint256 last;             // second or block; who retired later still counts
        address client;           // never drawn
        address payer;            // never drawn; zero: the client
        uint32 operatorCluster;   // never drawn
        uint32[] excluded;        // clusters never drawn: of accuser and appellant, and in round 2 of the first round's seats
    }

    /// @notice The first picks in order, each of a cluster of its own; fewer than `count` if the probes ran out.
    function picks(mapping(uint256 => IVocabulary.Place) storage roster, Terms memory terms, uint256 count) internal view returns (address[] memory drawn) {
        uint256 others = terms.excluded.length;
        uint256[] memory places = new uint256[](others + count);
        bytes memory preimage = abi.encode(DOMAIN, terms.seed, terms.job, terms.round, uint256(0));
        uint256 found;
        // Counters below PROBES and `count`.
        unchecked {
            for (uint256 i; i < others; ++i) {
                places[i] = uint256(terms.excluded[i]) << 160;
            }
            uint256 length = terms.rosterLength;
            for (uint256 probe; probe < PROBES && found < count && length != 0; ++probe) {
                uint256 place = wordOf(roster[indexAt(preimage, probe, length)]);
                if (place >> 184 != 0 && leftAt(place, terms.byTime) <= terms.last) continue;
                uint256 cluster = clusterOf(place);
                if (cluster == terms.operatorCluster || (others + found != 0 && contains(places, others + found, cluster))) continue;
                address operator = operatorOf(place);
                if (operator == terms.client || operator == terms.payer) continue;
                places[others + found++] = place;
            }
            for (uint256 i = others; i < others + found; ++i) {
                places[i] = uint160(places[i]);
            }
        }
        // The operators of the places: the list begins behind the excluded ones, its length is cut to what was found, and the words behind it stay unused.
        assembly ("memory-safe") {
            drawn := add(places, shl(5, others))
            mstore(drawn, found)
        }
    }

    /// @dev The roster index of a probe, which is the last word of the preimage.
    function indexAt(bytes memory preimage, uint256 probe, uint256 length) private pure returns (uint256 hash) {
        assembly ("memory-safe") {
            mstore(add(preimage, 160), probe)
            hash := keccak256(add(preimage, 32), 160)
        }
        return hash % length;
    }

    /// @dev A place is one word, read once.
    function wordOf(IVocabulary.Place storage place) private view returns (uint256 word) {
        assembly ("memory-safe") {
            word := sload(place.slot)
        }
    }

    /// @dev The second in which the place was left, or the block.
    function leftAt(uint256 place, bool byTime) private pure returns (uint256) {
        return byTime ? place >> 224 : uint40(place >> 184);
    }

    function operatorOf(uint256 place) private pure returns (address) {
        return address(uint160(place));
    }

    function clusterOf(uint256 place) private pure returns (uint256) {
        return uint24(place >> 160);
    }

    function contains(uint256[] memory places, uint256 length, uint256 cluster) private pure returns (bool) {
        for (uint256 i; i < length; ++i) {
            if (clusterOf(places[i]) == cluster) return true;
        }
        return false;
    }
}
