// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVocabulary} from "../../../contracts/interfaces/IVocabulary.sol";
import {Draw} from "../../../contracts/libraries/Draw.sol";

contract DrawTest {
    mapping(uint256 index => IVocabulary.Place) private _roster;
    uint256 private _places;
    mapping(address operator => IVocabulary.Place) private _placeOf;

    function test_fuzz_a_draw_takes_only_who_is_eligible(bytes32 seed, bytes32 job, uint256 shape, uint8 length) external {
        Draw.Terms memory terms = given(seed, job, shape, length);
        address[] memory drawn = Draw.picks(_roster, terms, 6);
        assert(drawn.length <= 6);
        for (uint256 i; i < drawn.length; ++i) {
            IVocabulary.Place memory place = _placeOf[drawn[i]];
            assert(place.cluster != terms.operatorCluster && (terms.excluded.length == 0 || place.cluster != terms.excluded[0]));
            assert(place.retiredAt == 0 || place.retiredAt > terms.last);
            assert(drawn[i] != terms.client);
            assert(uint160(drawn[i]) - 1000 < terms.rosterLength);
            for (uint256 j; j < i; ++j) {
                assert(_placeOf[drawn[j]].cluster != place.cluster);
            }
        }
    }

    function test_fuzz_more_picks_keep_the_first_ones(bytes32 seed, bytes32 job, uint256 shape, uint8 length) external {
        Draw.Terms memory terms = given(seed, job, shape, length);
        address[] memory all = Draw.picks(_roster, terms, 6);
        for (uint256 count; count <= 6; ++count) {
            address[] memory some = Draw.picks(_roster, terms, count);
            assert(some.length == (count < all.length ? count : all.length));
            for (uint256 i; i < some.length; ++i) {
                assert(some[i] == all[i]);
            }
        }
    }

    function test_fuzz_places_beyond_the_frozen_length_change_nothing(bytes32 seed, bytes32 job, uint256 shape, uint8 length) external {
        Draw.Terms memory terms = given(seed, job, shape, length);
        address[] memory before = Draw.picks(_roster, terms, 6);
        _roster[_places] = IVocabulary.Place(address(7), 9, 0, 0);
        address[] memory later = Draw.picks(_roster, terms, 6);
        assert(keccak256(abi.encode(before)) == keccak256(abi.encode(later)));
    }

    function test_a_roster_of_nobody_draws_nobody() external view {
        Draw.Terms memory terms;
        terms.excluded = new uint32[](2);
        assert(Draw.picks(_roster, terms, 3).length == 0);
    }

    /// @dev Up to 24 places in up to 8 clusters, some retired before and some after the last block.
    function given(bytes32 seed, bytes32 job, uint256 shape, uint8 length) private returns (Draw.Terms memory) {
        uint256 count = 1 + length % 24;
        for (uint256 i; i < count; ++i) {
            uint256 bits = uint256(keccak256(abi.encode(shape, i)));
            uint64 retiredAt = bits % 4 == 0 ? uint64(50 + (bits >> 8) % 100) : 0;
            IVocabulary.Place memory place = IVocabulary.Place(address(uint160(1000 + i)), uint24(1 + (bits >> 32) % 8), uint40(retiredAt), 0);
            _roster[i] = place;
            _placeOf[place.operator] = place;
        }
        _places = count;
        uint32[] memory excluded = new uint32[](shape % 2);
        if (shape % 2 != 0) excluded[0] = uint32(1 + (shape >> 32) % 8);
        return Draw.Terms({
            seed: seed,
            job: job,
            round: uint8(shape % 2),
            rosterLength: 1 + (shape >> 8) % count,
            byTime: false,
            last: 100,
            client: address(uint160(1000 + (shape >> 16) % count)),
            payer: address(uint160(1000 + (shape >> 40) % count)),
            operatorCluster: uint32(1 + (shape >> 24) % 8),
            excluded: excluded
        });
    }
}
