// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEscrow} from "../../../contracts/interfaces/IEscrow.sol";
import {IBank} from "../../../contracts/interfaces/IBank.sol";
import {IJobs} from "../../../contracts/interfaces/IJobs.sol";
import {IVocabulary as V} from "../../../contracts/interfaces/IVocabulary.sol";
import {TestToken} from "../../../contracts/mocks/TestToken.sol";
import {deployed} from "./Deployment.sol";
import {Handler} from "./Handler.sol";

/// @title One bit changed in a record as it stands in the calldata, within its field's type or beyond, is one bit too many
contract RecordTest {
    uint256 private constant BITS = 8 * 256;

    IEscrow private _escrow;
    Handler private _handler;
    bytes32 private _open;
    bytes32 private _submitted;

    function setUp() external {
        TestToken token = new TestToken();
        _escrow = deployed(address(token));
        _handler = new Handler(_escrow, token);
        for (uint256 i; i < 2; ++i) {
            _handler.open(i, i, 100e6, 50, false);
        }
        (_open, _submitted) = (_handler.jobs(0), _handler.jobs(1));
        _handler.step(1, 1);
    }

    function test_the_jobs_are_where_the_tests_want_them() external view {
        assert(stateOf(_open) == V.State.Open && stateOf(_submitted) == V.State.Submitted);
    }

    function test_fuzz_is_not_the_record(uint256 bit, bool submitted) external view {
        bytes32 id = submitted ? _submitted : _open;
        bytes memory call = abi.encodeCall(IJobs.isRecord, (id, _handler.recordOf(id)));
        (bool done, bytes memory answer) = address(_escrow).staticcall(call);
        assert(done && abi.decode(answer, (bool)));
        (done, answer) = address(_escrow).staticcall(flipped(call, 36, bit));
        assert(done && !abi.decode(answer, (bool)));
    }

    function test_fuzz_tells_nothing_about_the_sampling(uint256 bit) external view {
        bytes memory call = abi.encodeCall(IBank.isSampled, (_submitted, _handler.recordOf(_submitted)));
        (bool done,) = address(_escrow).staticcall(call);
        assert(done);
        bytes memory answer;
        (done, answer) = address(_escrow).staticcall(flipped(call, 36, bit));
        assert(!done && keccak256(answer) == keccak256(abi.encodeWithSelector(V.WrongRecord.selector, _submitted)));
    }

    function test_fuzz_submits_nothing(uint256 bit) external {
        V.SubmitItem[] memory items = new V.SubmitItem[](1);
        items[0] = V.SubmitItem(_handler.recordOf(_open), V.Result(_open, bytes32("commitment"), 0), "");
        refused(abi.encodeCall(IJobs.submit, (items)), 100, bit);
        assert(stateOf(_open) == V.State.Open);
    }

    function test_fuzz_releases_nothing(uint256 bit) external {
        V.ReleaseItem[] memory items = new V.ReleaseItem[](1);
        items[0] = V.ReleaseItem(_submitted, _handler.recordOf(_submitted), V.Opening(0, 0, 0), 0, 0, "");
        refused(abi.encodeCall(IJobs.release, (items)), 132, bit);
        assert(stateOf(_submitted) == V.State.Submitted);
    }

    function test_fuzz_expires_nothing(uint256 bit, bool submitted) external {
        bytes32 id = submitted ? _submitted : _open;
        V.JobItem[] memory items = new V.JobItem[](1);
        items[0] = V.JobItem(id, _handler.recordOf(id));
        refused(abi.encodeCall(IJobs.expire, (items)), 100, bit);
        assert(stateOf(id) == (submitted ? V.State.Submitted : V.State.Open));
    }

    /// @dev As it stands the call fails for another reason, so that the record is what the changed one fails for.
    function refused(bytes memory call, uint256 start, uint256 bit) private {
        bytes32 wrongRecord = keccak256(abi.encodeWithSelector(V.Skipped.selector, V.Skip.WrongRecord));
        (bool done, bytes memory answer) = address(_escrow).call(call);
        assert(!done && bytes4(answer) == V.Skipped.selector && keccak256(answer) != wrongRecord);
        (done, answer) = address(_escrow).call(flipped(call, start, bit));
        assert(!done && keccak256(answer) == wrongRecord);
    }

    /// @param start Byte at which the record begins.
    function flipped(bytes memory call, uint256 start, uint256 bit) private pure returns (bytes memory changed) {
        changed = bytes.concat(call);
        bit %= BITS;
        changed[start + bit / 8] ^= bytes1(uint8(1 << bit % 8));
    }

    function stateOf(bytes32 id) private view returns (V.State state) {
        (state,) = _escrow.stateOf(id);
    }
}
