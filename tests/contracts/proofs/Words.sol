// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Work} from "../../../contracts/libraries/Words.sol";

/// @title What holds of the words that are packed by hand
contract JobProof {
    function a_job_comes_and_goes(uint256 word, uint96 price) external pure {
        Work work = Work.wrap(word);
        assert(Work.unwrap(work.withJob(price).withoutJob(price)) == word);
    }
}
