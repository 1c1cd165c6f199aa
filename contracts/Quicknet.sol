// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBeacon} from "./interfaces/IBeacon.sol";
import {HashToCurve} from "./libraries/HashToCurve.sol";

/// @title drand's network quicknet, checked on the chain
/// @notice Chain 52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971 of the scheme bls-unchained-g1-rfc9380: every three seconds a BLS signature of the
/// round's number. The proof of a round is that signature as a point of G1, uncompressed: x and y, 48 bytes each. Its value is the SHA-256 of the
/// signature as drand publishes it, which is the compressed point.
/// @dev No owner, no state. One deployment serves every escrow of a chain that has EIP-2537.
contract Quicknet is IBeacon {
    uint256 private constant GENESIS = 1_692_803_367;
    uint256 private constant PERIOD = 3;
    bytes private constant TAG = "BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";

    /// @dev The network's public key, a point of G2.
    bytes private constant KEY =
        hex"000000000000000000000000000000000d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a"
        hex"0000000000000000000000000000000003cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d106451"
        hex"000000000000000000000000000000000e5db2b6bfbb01c867749cadffca88b36c24f3012ba09fc4d3022c5c37dce0f977d3adb5d183c7477c442b1f04515273"
        hex"0000000000000000000000000000000001a714f2edb74119a2f2b0d5a7c75ba902d163700a61bc224ededd8e63aef7be1aaf8e93d7a9718b047ccddb3eb5d68b";
    /// @dev The generator of G2 with its y turned round, so that a right signature makes the product of the two pairings one.
    bytes private constant GENERATOR =
        hex"00000000000000000000000000000000024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"
        hex"0000000000000000000000000000000013e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e"
        hex"000000000000000000000000000000000d1b3cc2c7027888be51d9ef691d77bcb679afda66c73f17f9ee3837a55024f78c71363275a75d75d86bab79f74782aa"
        hex"0000000000000000000000000000000013fa4d4a0ad8b1ce186ed5061789213d993923066dddaf1040bc3ff59f825c78df74f2d75467e25e0f55f8a00fa030ed";

    address private constant PAIRING = address(0x0f);

    /// @dev (p - 1) / 2 in its upper 16 and lower 32 bytes: of a point and its mirror image, the one with the greater y has its sign set.
    uint256 private constant HALF_HIGH = 0x0d0088f51cbff34d258dd3db21a5d66b;
    uint256 private constant HALF_LOW = 0xb23ba5c279c2895fb39869507b587b120f55ffff58a9ffffdcff7fffffffd555;

    /// @inheritdoc IBeacon
    function roundAfter(uint256 time) public pure returns (uint64) {
        return time < GENESIS ? 1 : uint64((time - GENESIS) / PERIOD + 2);
    }

    /// @inheritdoc IBeacon
    function randomnessAfter(uint256 time, bytes calldata proof) external view returns (bytes32) {
        uint64 round = roundAfter(time);
        require(proof.length == 96 && _isSigned(round, proof), BadBeacon(round));
        return sha256(bytes.concat(_flagged(proof), proof[1:48]));
    }

    /// @dev The precompile refuses what is no point of the right subgroup, whatever is not below the modulus included.
    function _isSigned(uint64 round, bytes calldata proof) private view returns (bool) {
        bytes memory hashed = HashToCurve.toG1(bytes.concat(sha256(bytes.concat(bytes8(round)))), TAG);
        (bool done, bytes memory answer) =
            PAIRING.staticcall(bytes.concat(bytes16(0), proof[:48], bytes16(0), proof[48:], GENERATOR, hashed, KEY));
        return done && answer.length == 32 && bytes32(answer) == bytes32(uint256(1));
    }

    /// @dev The first byte of x with the marks of a compressed point: that it is one, and which of the two y belongs to it.
    function _flagged(bytes calldata proof) private pure returns (bytes1) {
        (uint256 high, uint256 low) = (uint128(bytes16(proof[48:64])), uint256(bytes32(proof[64:])));
        bool greater = high > HALF_HIGH || (high == HALF_HIGH && low > HALF_LOW);
        return proof[0] | (greater ? bytes1(0xa0) : bytes1(0x80));
    }
}
