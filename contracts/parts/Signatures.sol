// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {IVocabulary} from "../interfaces/IVocabulary.sol";

/// @title EIP-712 digests of what parties sign, bound to this chain and this contract
abstract contract Signatures is IVocabulary, EIP712("Assay", "1") {
    bytes32 private constant ORDER = keccak256(
        "Order(address client,address operator,bytes32 workload,bytes32 policy,uint8 comparison,uint96 unitPrice,uint96 maxPrice,uint96 maxFee,uint32 runWindow,uint256 nonce,uint64 expiry,address payer,uint32 pool,uint8 runtime,address witness)"
    );
    bytes32 private constant ACCEPTANCE = keccak256("Acceptance(bytes32 order,address operator,address nodeKey,uint64 openBy)");
    bytes32 private constant RESULT = keccak256("Result(bytes32 job,bytes32 commitment,bytes32 manifest)");
    bytes32 private constant ATTESTATION =
        keccak256("Attestation(bytes32 job,uint8 round,uint8 seat,uint8 finding,bytes32 value,bytes32 salt)");
    bytes32 private constant SEAT_COMMITMENT = keccak256("SeatCommitment(bytes32 job,uint8 round,uint8 seat,bytes32 commitment)");

    bytes32 private constant STORED = keccak256("Stored(bytes32 job,bytes32 commitment)");
    bytes32 private constant CANCEL = keccak256("Cancel(bytes32 job,uint64 expiry)");
    bytes32 private constant SPENDING = keccak256(
        "Spending(address payer,address spender,uint96 perJob,uint96 perDay,uint40 until,uint256 nonce,uint64 expiry)"
    );
    bytes32 private constant VOID = keccak256("Void(address account,uint256 spent,uint64 expiry)");
    bytes32 private constant PLEDGE = keccak256("Pledge(bytes32 job,address account,uint8 round)");
    bytes32 private constant WITHDRAW = keccak256("Withdraw(address account,address to,uint256 amount,uint256 nonce,uint64 expiry)");
    bytes32 private constant CLAIM = keccak256("Claim(address operator,address to,uint256 nonce,uint64 expiry)");

    /// @dev What a contract wallet may take to check a signature: enough for several owners, bounded because a relayer pays it.
    uint256 private constant WALLET_GAS = 150_000;
    /// @dev A call hands on at most 63 of 64 parts; the rest is for the call itself.
    uint256 private constant WALLET_GAS_AHEAD = WALLET_GAS * 64 / 63 + 5000;

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
            calldatacopy(add(place, 64), add(item, 512), 96) // operator, node key and time follow the order and one offset
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
        bytes32 typeHash = ATTESTATION;
        bytes32 digest;
        assembly ("memory-safe") {
            let place := mload(0x40)
            mstore(place, typeHash)
            mstore(add(place, 32), job)
            mstore(add(place, 64), 0)
            mstore(add(place, 96), attempt)
            mstore(add(place, 128), finding)
            mstore(add(place, 160), value)
            mstore(add(place, 192), 0)
            digest := keccak256(place, 224)
        }
        return _hashTypedDataV4(digest);
    }

    function _hashSeatCommitment(SeatCommitment calldata commitment) internal view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(SEAT_COMMITMENT, commitment)));
    }

    function _hashPledge(Pledge calldata pledge) internal view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(PLEDGE, pledge)));
    }

    function _hashWithdraw(Withdraw calldata word) internal view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(WITHDRAW, word)));
    }

    function _hashClaim(Claim calldata word) internal view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(CLAIM, word)));
    }

    function _hashStored(bytes32 job, bytes32 commitment) internal view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(STORED, job, commitment)));
    }

    function _hashCancel(bytes32 job, uint64 expiry) internal view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(CANCEL, job, expiry)));
    }

    function _hashSpending(Spending calldata word) internal view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(SPENDING, word)));
    }

    function _hashVoid(Void calldata word) internal view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(VOID, word)));
    }

    function _structHashOf(Order calldata order) private pure returns (bytes32 digest) {
        bytes32 typeHash = ORDER;
        assembly ("memory-safe") {
            let place := mload(0x40)
            mstore(place, typeHash)
            calldatacopy(add(place, 32), order, 480)
            digest := keccak256(place, 512)
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

    /// @dev As `_signedBy`, and for an account with code also what it takes as a contract wallet.
    function _signedFor(address account, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        return _signedBy(account, digest, signature) || _takenBy(account, digest, signature);
    }

    /// @dev A wallet can refuse in any way, with any answer, and only ever costs `WALLET_GAS`: one word of what it returns is looked at, nothing is copied.
    function _takenBy(address wallet, bytes32 digest, bytes calldata signature) private view returns (bool taken) {
        if (wallet.code.length == 0) return false;
        bytes4 magic = IERC1271.isValidSignature.selector;
        bytes memory question = abi.encodeCall(IERC1271.isValidSignature, (digest, signature));
        require(gasleft() >= WALLET_GAS_AHEAD, TooLittleGas(gasleft(), WALLET_GAS_AHEAD));
        uint256 most = WALLET_GAS;
        assembly ("memory-safe") {
            let answered := staticcall(most, wallet, add(question, 32), mload(question), 0, 32)
            taken := and(and(answered, eq(returndatasize(), 32)), eq(mload(0), magic))
        }
    }
}
