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
        uint8 round;              // 0 spot check, 1 case
        uint256 rosterLength;     // frozen before the seed's block
        bool byTime;              // of the seed's epoch: whether its end is a second or a block
        uint256 last;             // second or block; who retired later still counts
        address client;           // never drawn
        uint32 operatorCluster;   // never drawn
        uint32 accuserCluster;    // never drawn; zero in round 0
    }

    /// @notice The first picks in order, each of a cluster of its own; fewer than `count` if the probes ran out.
    function picks(mapping(uint256 => IVocabulary.Place) storage roster, Terms memory terms, uint256 count) internal view returns (address[] memory drawn) {
        drawn = new address[](count);
        uint32[] memory clusters = new uint32[](count);
        uint256 found;
        // Counters below PROBES and `count`.
        unchecked {
            for (uint256 probe; probe < PROBES && found < count && terms.rosterLength != 0; ++probe) {
                uint256 place = read(roster[indexAt(terms, probe)]);
                if (place >> 184 != 0 && leftAt(place, terms.byTime) <= terms.last) continue;
                uint32 cluster = uint24(place >> 160);
                if (cluster == terms.operatorCluster || cluster == terms.accuserCluster || contains(clusters, found, cluster)) continue;
                address operator = address(uint160(place));
                if (operator == terms.client) continue;
                clusters[found] = cluster;
                drawn[found++] = operator;
            }
        }
        // The length is cut to what was found; the words behind it stay unused.
        assembly ("memory-safe") {
            mstore(drawn, found)
        }
    }

    /// @notice The roster index of a probe.
    function indexAt(Terms memory terms, uint256 probe) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(DOMAIN, terms.seed, terms.job, terms.round, probe))) % terms.rosterLength;
    }

    /// @dev Its one word at once.
    function read(IVocabulary.Place storage place) private view returns (uint256 word) {
        assembly ("memory-safe") {
            word := sload(place.slot)
        }
    }

    /// @dev The second in which the place was left, or the block.
    function leftAt(uint256 place, bool byTime) private pure returns (uint256) {
        return byTime ? place >> 224 : uint40(place >> 184);
    }

    function contains(uint32[] memory list, uint256 length, uint32 item) private pure returns (bool) {
        for (uint256 i; i < length; ++i) {
            if (list[i] == item) return true;
        }
        return false;
    }
}
