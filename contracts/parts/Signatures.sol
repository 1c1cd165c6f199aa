// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {IVocabulary} from "../interfaces/IVocabulary.sol";

/// @title EIP-712 digests of what parties sign, bound to this chain and this contract
abstract contract Signatures is IVocabulary, EIP712("Assay", "1") {
    bytes32 private constant ORDER = keccak256(
        "Order(address client,address operator,bytes32 workload,bytes32 policy,uint8 comparison,uint96 unitPrice,uint96 maxPrice,uint96 maxFee,uint32 runWindow,uint256 nonce,uint64 expiry)"
    );
    bytes32 private constant ACCEPTANCE = keccak256("Acceptance(bytes32 order,address operator,address nodeKey,uint64 openBy)");
    bytes32 private constant RESULT = keccak256("Result(bytes32 job,bytes32 commitment,bytes32 manifest)");
    bytes32 private constant ATTESTATION =
        keccak256("Attestation(bytes32 job,uint8 round,uint8 seat,uint8 finding,bytes32 value,bytes32 salt)");
    bytes32 private constant SEAT_COMMITMENT = keccak256("SeatCommitment(bytes32 job,uint8 round,uint8 seat,bytes32 commitment)");

    /// @dev Structs of values lie in calldata and in memory as abi.encode writes them, so their hashes take a copy and no decoding.
    /// @param domain The domain separator, which a batch asks for once.
    function _hashOrder(bytes32 domain, Order calldata order) internal pure returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(domain, _structHashOf(order));
    }

    function _hashAcceptance(Acceptance memory acceptance) internal view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(ACCEPTANCE, acceptance)));
    }

    /// @dev The acceptance of an order that was hashed before.
    function _hashAcceptance(bytes32 domain, bytes32 order, OpenItem calldata item) internal pure returns (bytes32) {
        bytes32 typeHash = ACCEPTANCE;
        bytes32 digest;
        assembly ("memory-safe") {
            let place := mload(0x40)
            mstore(place, typeHash)
            mstore(add(place, 32), order)
            calldatacopy(add(place, 64), add(item, 384), 96) // operator, node key and time follow the order and one offset
            digest := keccak256(place, 160)
        }
        return MessageHashUtils.toTypedDataHash(domain, digest);
    }

    function _hashResult(bytes32 domain, Result calldata result) internal pure returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(domain, _structHashOf(result));
    }

    function _hashAttestation(Attestation memory attestation) internal view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(ATTESTATION, attestation)));
    }

    /// @dev The attestation of a spot check, of which only the attempt, the finding and the value are not known beforehand.
    function _hashCheck(bytes32 job, uint8 attempt, Finding finding, bytes32 value) internal view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(ATTESTATION, job, uint256(0), attempt, finding, value, bytes32(0))));
    }

    function _hashSeatCommitment(SeatCommitment calldata commitment) internal view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(SEAT_COMMITMENT, commitment)));
    }

    function _structHashOf(Order calldata order) private pure returns (bytes32 digest) {
        bytes32 typeHash = ORDER;
        assembly ("memory-safe") {
            let place := mload(0x40)
            mstore(place, typeHash)
            calldatacopy(add(place, 32), order, 352)
            digest := keccak256(place, 384)
        }
    }

    function _structHashOf(Result calldata result) private pure returns (bytes32 digest) {
        bytes32 typeHash = RESULT;
        assembly ("memory-safe") {
            let place := mload(0x40)
            mstore(place, typeHash)
            calldatacopy(add(place, 32), result, 96)
            digest := keccak256(place, 128)
        }
    }

    /// @dev Who sends a word need not sign it too: an empty signature is the sender's.
    function _sentBy(address signer, bytes calldata signature) internal view returns (bool) {
        return signature.length == 0 && msg.sender == signer;
    }

    /// @dev False for any malformed signature, high s and the zero address included, so that a batch can skip it.
    function _signedBy(address signer, bytes32 digest, bytes calldata signature) internal pure returns (bool) {
        (address recovered,,) = ECDSA.tryRecoverCalldata(digest, signature);
        return recovered == signer && signer != address(0);
    }
}
