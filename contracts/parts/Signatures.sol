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

    /// @dev Structs of values lie in calldata and in memory as abi.encode writes them, so their hashes take a copy and no decoding.
    function _hashOrder(Order calldata order) internal view returns (bytes32) {
        return _hashTypedDataV4(_hashStruct(ORDER, _at(order), 11));
    }

    function _hashAcceptance(Acceptance memory acceptance) internal view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(ACCEPTANCE, acceptance)));
    }

    function _hashResult(Result calldata result) internal view returns (bytes32) {
        uint256 place;
        assembly {
            place := result
        }
        return _hashTypedDataV4(_hashStruct(RESULT, place, 3));
    }

    function _hashAttestation(Attestation memory attestation) internal view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(ATTESTATION, attestation)));
    }

    function _hashSeatCommitment(SeatCommitment calldata commitment) internal view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(SEAT_COMMITMENT, commitment)));
    }

    function _at(Order calldata order) private pure returns (uint256 place) {
        assembly {
            place := order
        }
    }

    function _hashStruct(bytes32 typeHash, uint256 place, uint256 words) private pure returns (bytes32 digest) {
        assembly ("memory-safe") {
            let memoryPlace := mload(0x40)
            mstore(memoryPlace, typeHash)
            calldatacopy(add(memoryPlace, 32), place, mul(words, 32))
            digest := keccak256(memoryPlace, add(mul(words, 32), 32))
        }
    }

    /// @dev False for any malformed signature, high s and the zero address included, so that a batch can skip it.
    function _signedBy(address signer, bytes32 digest, bytes calldata signature) internal pure returns (bool) {
        (address recovered, ECDSA.RecoverError fault,) = ECDSA.tryRecoverCalldata(digest, signature);
        return fault == ECDSA.RecoverError.NoError && recovered == signer;
    }
}
