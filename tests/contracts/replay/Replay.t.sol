// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

// The specs deploy it as well, so it has to be among what is compiled.
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

interface Vm {
    struct DirEntry {
        string errorMessage;
        string path;
        uint64 depth;
        bool isDir;
        bool isSymlink;
    }

    function chainId(uint256 id) external;
    function deal(address who, uint256 balance) external;
    function envString(string calldata name) external view returns (string memory);
    function getCode(string calldata path) external view returns (bytes memory);
    function parseBytes(string calldata hexadecimal) external pure returns (bytes memory);
    function parseUint(string calldata number) external pure returns (uint256);
    function prank(address sender) external;
    function readDir(string calldata path) external view returns (DirEntry[] memory);
    function readLine(string calldata path) external view returns (string memory);
    function revertToState(uint256 snapshot) external returns (bool);
    function roll(uint256 blockNumber) external;
    function setBlockhash(uint256 blockNumber, bytes32 hash) external;
    function setNonceUnsafe(address who, uint64 nonce) external;
    function snapshotState() external returns (uint256);
    function toString(uint256 number) external pure returns (string memory);
    function warp(uint256 time) external;
}

/// @title Everything that the specs of tests/contracts/spec do on Hardhat's chain, done again on forge's, which knows what a branch is
/// @notice Both must say the same: what goes through goes through, and what fails fails with the same bytes.
contract ReplayTest {
    enum Kind { Send, Call, Snapshot, Revert }

    struct Step {
        Kind kind;
        address from;
        address to;
        bytes data;
        uint256 value;
        uint256 nonce;
        uint256 number;
        uint256 time;
        bool done;
        bool gasMatters;   // little gas was sent, so another compiler's code ends otherwise
        bytes answer;      // what a call returned, or what either failed with
        string created;    // artifact of a creation, whose data are the arguments then
        uint256 snapshot;
        uint256 firstHash; // number of the block whose hash is the first
        bytes32[] hashes;
    }

    /// @dev More than any step needs. Without a bound, one that burns all it gets would leave little to the others.
    uint256 private constant GAS = 1_000_000_000;
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    function test_forges_chain_agrees_with_hardhats_in_every_step() external {
        Vm.DirEntry[] memory traces = vm.readDir(vm.envString("ASSAY_TRACES"));
        require(traces.length > 0, "no traces");
        uint256 start = vm.snapshotState();
        for (uint256 i; i < traces.length; ++i) {
            this.replay(traces[i].path);
            vm.revertToState(start);
            start = vm.snapshotState();
        }
    }

    function replay(string calldata trace) external {
        vm.chainId(vm.parseUint(vm.readLine(trace)));
        uint256[] memory snapshots = new uint256[](100_000);
        for (uint256 line = 2; ; ++line) {
            uint256 free;
            assembly ("memory-safe") {
                free := mload(0x40)
            }
            string memory text = vm.readLine(trace);
            if (bytes(text).length == 0) return;
            Step memory step = abi.decode(vm.parseBytes(text), (Step));
            if (step.kind == Kind.Snapshot) {
                snapshots[step.snapshot] = vm.snapshotState();
            } else if (step.kind == Kind.Revert) {
                require(vm.revertToState(snapshots[step.snapshot]), "no such snapshot");
            } else {
                require(agrees(step) || step.gasMatters, string.concat("another end than on Hardhat: ", trace, ":", vm.toString(line)));
            }
            // Nothing of a step is needed after it.
            assembly ("memory-safe") {
                mstore(0x40, free)
            }
        }
    }

    function agrees(Step memory step) private returns (bool) {
        vm.roll(step.number);
        vm.warp(step.time);
        for (uint256 i; i < step.hashes.length; ++i) {
            vm.setBlockhash(step.firstHash + i, step.hashes[i]);
        }
        if (bytes(step.created).length != 0) return creates(step);
        vm.deal(step.from, step.value);
        vm.prank(step.from);
        (bool done, bytes memory answer) = step.to.call{value: step.value, gas: GAS}(step.data);
        if (done != step.done) return false;
        return (done && step.kind == Kind.Send) || keccak256(answer) == keccak256(step.answer);
    }

    function creates(Step memory step) private returns (bool) {
        bytes memory code = bytes.concat(vm.getCode(step.created), step.data);
        vm.setNonceUnsafe(step.from, uint64(step.nonce));
        vm.prank(step.from);
        address place;
        assembly ("memory-safe") {
            place := create(0, add(code, 32), mload(code))
        }
        return (place != address(0)) == step.done;
    }
}
