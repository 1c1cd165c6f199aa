// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVocabulary} from "../../../contracts/interfaces/IVocabulary.sol";
import {PayTooLarge, Rules, Work, rulesOf} from "../../../contracts/libraries/Words.sol";
import {vm} from "./Vm.sol";

/// @title Words packed by hand: what is written is read, and the neighbours stay as they were
contract WordsTest {
    struct Parts {
        uint256 exposure;
        uint256 earned;
        uint256 clean;
        uint256 place;
        uint256 lastPlace;
        uint256 cluster;
    }

    function test_fuzz_every_part_of_an_operators_work_is_read_as_written(uint96 exposure, uint96 earned, uint16 clean, uint24 place, uint24 cluster)
        external
        pure
    {
        place /= 2;
        Work none;
        // In one order and in the other.
        Work one = none.withJob(exposure).withEarned(earned).withClean(clean).withPlace(place).withCluster(cluster);
        Work two = none.withCluster(cluster).withPlace(place).withClean(clean).withEarned(earned).withJob(exposure);
        assert(Work.unwrap(one) == Work.unwrap(two));
        assert(same(parts(one), Parts(exposure, earned, clean, place, place, cluster)));
    }

    function test_fuzz_no_part_touches_another(uint256 word, uint96 earned, uint16 clean, uint24 place, uint24 cluster) external pure {
        Work work = Work.wrap(word);
        Parts memory expected = parts(work);
        expected.earned = earned;
        assert(same(parts(work = work.withEarned(earned)), expected));
        expected.clean = clean;
        assert(same(parts(work = work.withClean(clean)), expected));
        expected.place = expected.lastPlace = place / 2;
        assert(same(parts(work = work.withPlace(place / 2)), expected));
        expected.place = 0;
        assert(same(parts(work = work.withoutPlace()), expected));
        expected.cluster = cluster;
        assert(same(parts(work.withCluster(cluster)), expected));
    }

    function test_fuzz_a_job_comes_and_goes(uint256 word, uint96 maxPrice) external pure {
        Work work = Work.wrap(word);
        Parts memory expected = parts(work);
        vm.assume(expected.exposure + maxPrice <= type(uint96).max);
        expected.exposure += maxPrice;
        Work busy = work.withJob(maxPrice);
        assert(same(parts(busy), expected));
        assert(Work.unwrap(busy.withoutJob(maxPrice)) == word);
    }

    function test_fuzz_a_pay_adds_up_and_is_refused_where_it_would_spill(uint256 word, uint256 pay) external {
        Work work = Work.wrap(word);
        Parts memory expected = parts(work);
        pay %= 2 ** 100;
        expected.earned += pay;
        try this.paid(work, pay) returns (Work after_) {
            assert(expected.earned <= type(uint96).max && same(parts(after_), expected));
        } catch (bytes memory reason) {
            assert(expected.earned > type(uint96).max && bytes4(reason) == PayTooLarge.selector);
        }
    }

    function test_fuzz_a_check_counts_until_the_counter_is_full(uint256 word, bool full) external pure {
        Work work = full ? Work.wrap(word).withClean(type(uint16).max) : Work.wrap(word);
        Parts memory expected = parts(work);
        if (expected.clean < type(uint16).max) ++expected.clean;
        assert(same(parts(work.withCheck()), expected));
    }

    function test_fuzz_every_rule_is_read_as_written(uint32[4] memory words, uint16[3] memory numbers, uint72 keeperPart, uint16 version, bool paused)
        external
        pure
    {
        IVocabulary.Parameters memory p;
        (p.floorPpm, p.accuserPpm, p.maxRunWindow, p.reviewWindow) = (words[0] % 1_000_001, words[1] % 100_001, words[2], words[3]);
        (p.recordNumerator, p.recordOffset, p.minRoster, p.keeperPart) = (numbers[0], numbers[1], numbers[2], keeperPart);
        Rules rules = rulesOf(p, version).withPause(!paused).withPause(paused);
        assert(rules.versionOf() == version && rules.paused() == paused);
        assert(rules.floorPpm() == p.floorPpm && rules.accuserPpm() == p.accuserPpm);
        assert(rules.maxRunWindow() == p.maxRunWindow && rules.reviewWindow() == p.reviewWindow && rules.minRoster() == p.minRoster);
        assert(rules.recordNumerator() == p.recordNumerator && rules.recordOffset() == p.recordOffset && rules.keeperPart() == p.keeperPart);
    }

    function paid(Work work, uint256 pay) external pure returns (Work) {
        return work.withPay(pay);
    }

    function parts(Work work) private pure returns (Parts memory) {
        return Parts(work.exposureOf(), work.earnedOf(), work.cleanOf(), work.placeOf(), work.lastPlaceOf(), work.clusterOf());
    }

    function same(Parts memory one, Parts memory two) private pure returns (bool) {
        return keccak256(abi.encode(one)) == keccak256(abi.encode(two));
    }
}
