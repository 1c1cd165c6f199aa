// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBeacon} from "../interfaces/IBeacon.sol";

/// @title Hashing to the curve BLS12-381 G1 as RFC 9380 does (suite BLS12381G1_XMD:SHA-256_SSWU_RO_), by the precompiles of EIP-198 and EIP-2537
/// @dev A field element is 64 bytes, the first 16 of them zero; a point is its two coordinates.
library HashToCurve {
    address private constant MODEXP = address(0x05);
    address private constant ADD = address(0x0b);
    address private constant MAP = address(0x10);

    bytes private constant MODULUS = hex"1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab";

    /// @notice The point of a message.
    /// @param tag Separates uses of the hash: at most 255 bytes.
    function toG1(bytes memory message, bytes memory tag) internal view returns (bytes memory) {
        bytes32[4] memory uniform = expand(message, tag);
        return ask(ADD, bytes.concat(map(reduce(uniform[0], uniform[1])), map(reduce(uniform[2], uniform[3]))), 128);
    }

    /// @notice expand_message_xmd with SHA-256, to 128 bytes.
    function expand(bytes memory message, bytes memory tag) internal pure returns (bytes32[4] memory words) {
        bytes memory suffix = bytes.concat(tag, bytes1(uint8(tag.length)));
        bytes32 first = sha256(bytes.concat(new bytes(64), message, hex"008000", suffix));
        bytes32 last;
        for (uint8 i; i < 4; ++i) {
            last = words[i] = sha256(bytes.concat(first ^ last, bytes1(i + 1), suffix));
        }
    }

    /// @notice The field element that these 64 bytes are congruent to.
    function reduce(bytes32 high, bytes32 low) internal view returns (bytes memory) {
        bytes memory question = abi.encodePacked(uint256(64), uint256(1), uint256(48), high, low, uint8(1), MODULUS);
        return bytes.concat(bytes16(0), ask(MODEXP, question, 48));
    }

    /// @notice The point that a field element is mapped to, of the right subgroup.
    function map(bytes memory element) internal view returns (bytes memory) {
        return ask(MAP, element, 128);
    }

    function ask(address precompile, bytes memory question, uint256 size) private view returns (bytes memory) {
        (bool done, bytes memory answer) = precompile.staticcall(question);
        require(done && answer.length == size, IBeacon.NoPrecompile(precompile));
        return answer;
    }
}
