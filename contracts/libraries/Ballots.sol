// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVocabulary} from "../interfaces/IVocabulary.sol";

/// @title How the words of a round's seats are counted
/// @dev Under exact comparison a voice is the seat's value, under tolerance it matches the claim or not. Zero is silence.
library Ballots {
    bytes32 internal constant MATCH = bytes32(uint256(1));
    bytes32 internal constant MISMATCH = bytes32(uint256(2));

    /// @notice Whether enough seats say the same, and what. To convict they must agree on one word that is not the claim.
    /// @param claim The word that confirms the claim; zero if it was never opened, which differs from every word.
    function decide(bytes32[] memory voices, bytes32 claim, uint256 toConvict, uint256 toClear) internal pure returns (IVocabulary.Verdict, bytes32) {
        for (uint256 i; i < voices.length; ++i) {
            bytes32 voice = voices[i];
            if (voice == 0 || count(voices, voice) < (voice == claim ? toClear : toConvict)) continue;
            return (voice == claim ? IVocabulary.Verdict.Cleared : IVocabulary.Verdict.Convicted, voice);
        }
        return (IVocabulary.Verdict.Inconclusive, 0);
    }

    /// @notice How many say this; zero counts who agrees with another.
    function count(bytes32[] memory voices, bytes32 voice) internal pure returns (uint256 found) {
        for (uint256 i; i < voices.length; ++i) {
            if (isCounted(voices, i, voice)) ++found;
        }
    }

    /// @notice Whether this seat says it; zero asks whether it agrees with another.
    function isCounted(bytes32[] memory voices, uint256 seat, bytes32 voice) internal pure returns (bool) {
        bytes32 own = voices[seat];
        if (own == 0 || voice != 0) return own != 0 && own == voice;
        for (uint256 i; i < voices.length; ++i) {
            if (i != seat && voices[i] == own) return true;
        }
        return false;
    }
}
