// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVocabulary} from "./IVocabulary.sol";

/// @title What parties say beside a job's own words: what they take back, approve and agree on, pools, runtimes; and the digests of all that is signed
interface IRegistry is IVocabulary {
    // ---------------------------------------------------------------- clients

    /// @notice Makes what the caller has signed with this nonce worthless: an order, a Withdraw or a Claim.
    function cancelNonce(uint256 nonce) external;

    /// @notice Does what the account has signed, as `cancelNonce` by itself would; anybody may carry it.
    /// @dev Fails with Late, NonceSpent, BadSignature, TooLittleGas (contract wallets only).
    function cancelNonceSigned(Void calldata word, bytes calldata signature) external;

    /// @notice Lets `spender` open orders at the caller's cost: each of at most `perJob` (max price and fee), all of one day (UTC) of at most `perDay`, whatever
    /// comes back of them, until `until`. Replaces what was said before about the same spender; zeros revoke it. Jobs that are open stay.
    function approveSpending(address spender, uint96 perJob, uint96 perDay, uint40 until) external;

    /// @notice Does what the payer has signed; anybody may carry it.
    /// @dev Fails with Late, NonceSpent, BadSignature, TooLittleGas (contract wallets only), ZeroAddress.
    function approveSpendingSigned(Spending calldata word, bytes calldata signature) external;

    /// @notice Ends open jobs as client and operator have signed: all comes back but the keeper's part, and nobody is blamed. An empty signature stands for the
    /// sender's own.
    /// @dev Skips: WrongState, WrongRecord, Expired, BadClientSignature, BadOperatorSignature.
    function cancel(CancelItem[] calldata items) external;

    // ---------------------------------------------------------------- owners

    /// @notice Lets `operator` register with the caller as its owner, or with the caller's payout address when another operator has it already. They are one cluster then and
    /// never check or judge each other, which nobody can bring about alone.
    function adopt(address operator) external;

    // ---------------------------------------------------------------- pools and runtimes

    /// @notice Makes a pool of the caller's, without members. Orders that name it are opened only for clients and with operators that it lists. Who checks a
    /// result is drawn from the whole roster all the same.
    function createPool() external returns (uint32 pool);

    /// @notice Gives the caller's pool to another owner.
    function transferPool(uint32 pool, address owner) external;

    /// @notice Says of accounts whether they may order and work in the caller's pool. Jobs that are open stay.
    function setPoolMembers(uint32 pool, PoolMember[] calldata members) external;

    /// @notice Says whether orders that name this number (1 to 127) may be compared byte for byte. The authority (AccessManager), without one the deployer, answers for it that the runtime gives the same
    /// bytes on every provider. A number stands for one runtime for ever. Jobs that are open stay.
    /// @param runtime SHA-256 of the runtime's name as manifests have it.
    function registerRuntime(uint8 number, bytes32 runtime, bool deterministic) external;

    // ---------------------------------------------------------------- views

    /// @notice What a payer has approved for a spender, and what is used of it today (UTC).
    function spendingOf(address payer, address spender) external view returns (uint96 perJob, uint96 perDay, uint40 until, uint256 spentToday);
    /// @notice A pool's owner; zero: no such pool.
    function poolOwner(uint32 pool) external view returns (address);
    /// @notice What an account may do in a pool.
    function poolMember(uint32 pool, address account) external view returns (bool orders, bool works);
    /// @notice The runtime of this number, zero if none, and whether orders that name it may be exact.
    function runtimeOf(uint8 number) external view returns (bytes32 runtime, bool deterministic);
    /// @notice EIP-712 digest of an order: the job id.
    function hashOrder(Order calldata order) external view returns (bytes32);
    /// @notice EIP-712 digest of an acceptance.
    function hashAcceptance(Acceptance calldata acceptance) external view returns (bytes32);
    /// @notice EIP-712 digest of a result.
    function hashResult(Result calldata result) external view returns (bytes32);
    /// @notice EIP-712 digest of an attestation.
    function hashAttestation(Attestation calldata attestation) external view returns (bytes32);
    /// @notice EIP-712 digest of a seat commitment.
    function hashSeatCommitment(SeatCommitment calldata commitment) external view returns (bytes32);
    /// @notice EIP-712 digest of a pledge.
    function hashPledge(Pledge calldata pledge) external view returns (bytes32);
    /// @notice EIP-712 digest of a witness' word.
    function hashStored(Stored calldata word) external view returns (bytes32);
    /// @notice EIP-712 digest of what both sign to cancel a job.
    function hashCancel(Cancel calldata word) external view returns (bytes32);
    /// @notice EIP-712 digest of a spending approval.
    function hashSpending(Spending calldata word) external view returns (bytes32);
    /// @notice EIP-712 digest of a nonce's cancellation.
    function hashVoid(Void calldata word) external view returns (bytes32);
    /// @notice EIP-712 digest of a withdrawal.
    function hashWithdraw(Withdraw calldata word) external view returns (bytes32);
    /// @notice EIP-712 digest of a claim.
    function hashClaim(Claim calldata word) external view returns (bytes32);
}
