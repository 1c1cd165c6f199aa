// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
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

    function _hashOrder(Order calldata order) internal view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(ORDER, order)));
    }

    function _hashAcceptance(Acceptance calldata acceptance) internal view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(ACCEPTANCE, acceptance)));
    }

    function _hashResult(Result calldata result) internal view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(RESULT, result)));
    }

    function _hashAttestation(Attestation calldata attestation) internal view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(ATTESTATION, attestation)));
    }

    function _hashSeatCommitment(SeatCommitment calldata commitment) internal view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(SEAT_COMMITMENT, commitment)));
    }

    /// @dev False for any malformed signature, high s and the zero address included, so that a batch can skip it.
    function _signedBy(address signer, bytes32 digest, bytes calldata signature) internal pure returns (bool) {
        (address recovered, ECDSA.RecoverError fault,) = ECDSA.tryRecoverCalldata(digest, signature);
        return fault == ECDSA.RecoverError.NoError && recovered == signer;
    }
}
