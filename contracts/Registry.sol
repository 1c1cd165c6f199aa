// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {Approvals} from "./parts/Approvals.sol";
import {Cancels} from "./parts/Cancels.sol";
import {CaseBook} from "./parts/CaseBook.sol";
import {Governed} from "./parts/Governed.sol";

/// @title The registry: what parties say beside a job's own words, and the digests of all that is signed
/// @notice Code of the escrow, run by delegatecall on its storage through the bank.
contract Registry is Approvals, Cancels, CaseBook {
    /// @param authority_ An AccessManager; zero for a deployment that never changes, whose deployer says which runtimes are deterministic.
    constructor(IAccessManager authority_) Governed(authority_) {}

    /// @inheritdoc IRegistry
    function hashOrder(Order calldata order) external view returns (bytes32) {
        return _hashOrder(_domainSeparatorV4(), order);
    }

    /// @inheritdoc IRegistry
    function hashAcceptance(Acceptance calldata acceptance) external view returns (bytes32) {
        return _hashAcceptance(acceptance);
    }

    /// @inheritdoc IRegistry
    function hashResult(Result calldata result) external view returns (bytes32) {
        return _hashResult(_domainSeparatorV4(), result);
    }

    /// @inheritdoc IRegistry
    function hashAttestation(Attestation calldata attestation) external view returns (bytes32) {
        return _hashAttestation(attestation);
    }

    /// @inheritdoc IRegistry
    function hashSeatCommitment(SeatCommitment calldata commitment) external view returns (bytes32) {
        return _hashSeatCommitment(commitment);
    }

    /// @inheritdoc IRegistry
    function hashPledge(Pledge calldata pledge) external view returns (bytes32) {
        return _hashPledge(pledge);
    }

    /// @inheritdoc IRegistry
    function hashStored(Stored calldata word) external view returns (bytes32) {
        return _hashStored(word.job, word.commitment);
    }

    /// @inheritdoc IRegistry
    function hashCancel(Cancel calldata word) external view returns (bytes32) {
        return _hashCancel(word.job, word.expiry);
    }

    /// @inheritdoc IRegistry
    function hashSpending(Spending calldata word) external view returns (bytes32) {
        return _hashSpending(word);
    }

    /// @inheritdoc IRegistry
    function hashVoid(Void calldata word) external view returns (bytes32) {
        return _hashVoid(word);
    }

    /// @inheritdoc IRegistry
    function hashWithdraw(Withdraw calldata word) external view returns (bytes32) {
        return _hashWithdraw(word);
    }

    /// @inheritdoc IRegistry
    function hashClaim(Claim calldata word) external view returns (bytes32) {
        return _hashClaim(word);
    }
}
