// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVocabulary} from "./IVocabulary.sol";

/// @title Accounts: clients' money, operators' bonds, and what can be read of everything
interface IBank is IVocabulary {
    // ---------------------------------------------------------------- clients

    /// @notice Moves `amount` tokens of the caller into the available balance of `client`.
    /// @dev Fails with IsPaused, ZeroAmount, BadRecipient, UnexpectedTransfer, or as the token does.
    function depositFor(address client, uint256 amount) external;

    /// @notice As `depositFor`, with the caller's ERC-2612 permit for the escrow. A permit that the token refuses, because somebody else has sent it before or
    /// because it has none, does not matter as long as the allowance is there.
    /// @param deadline Last second of the permit.
    /// @dev Fails as `depositFor`.
    function depositWithPermit(address client, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;

    /// @notice Moves `amount` tokens of `from` into the available balance of `from`, by its EIP-3009 authorization to the escrow (`ReceiveWithAuthorization`).
    /// Anybody may carry it and pay the gas. An authorization names no client, so the money is credited to whose it was and to nobody else; the token takes it from
    /// the escrow alone, so nobody can use it past the books.
    /// @param nonce The authorization's own, of the token's books.
    /// @dev Fails with IsPaused, ZeroAmount, BadRecipient, UnexpectedTransfer, or as the token does.
    function depositWithAuthorization(
        address from, uint256 amount, uint256 validAfter, uint256 validBefore, bytes32 nonce, uint8 v, bytes32 r, bytes32 s
    ) external;

    /// @notice Pays `amount` of the caller's available balance out to the caller.
    function withdraw(uint256 amount) external;

    /// @notice Pays `amount` of the caller's available balance out to `to`.
    /// @dev Fails with ZeroAmount, BadRecipient, InsufficientBalance, or as the token does.
    function withdrawTo(address to, uint256 amount) external;

    /// @notice Does what the account has signed; anybody may carry it.
    /// @param signature 65 bytes by the account's key, or what the account takes as a contract wallet (ERC-1271).
    /// @dev Fails with Late, NonceSpent, BadSignature, TooLittleGas (contract wallets only), and as `withdrawTo`.
    function withdrawSigned(Withdraw calldata word, bytes calldata signature) external;

    /// @notice Moves `amount` tokens of the caller into CheckPool or InsurancePool.
    function donate(Book pool, uint256 amount) external;

    // ---------------------------------------------------------------- operators

    /// @notice Makes the caller an operator with a place in the roster.
    /// @param signer Hot key for acceptances, attestations and seat commitments.
    /// @param payout Where `claim` pays to. Operators with the same payout address are one cluster and never check each other.
    /// @param bond Tokens of the caller, at least `minBond`.
    function register(address signer, address payout, uint96 bond) external;

    /// @notice As `register`, of an operator that declares its owner. Operators with the same owner or payout address are one cluster.
    /// @dev Fails with NotAdopted without the owner's word (`adopt`), unless it is the caller; with ClustersDiffer where the payout address is known otherwise:
    /// another one helps.
    function registerOwned(address signer, address payout, address owner, uint96 bond) external;

    /// @notice Adds tokens of the caller to its bond.
    function addBond(uint96 amount) external;

    /// @notice Announces that `amount` of the caller's bond shall leave. It stays slashable until withdrawn and backs no new job. A second request adds to
    /// the first and restarts the delay. The place is retired if less than `minBond` stays.
    function requestUnbonding(uint96 amount) external;

    /// @notice Pays the unbonding stake out to the calling operator once the delay is over and the rest covers the slash of every job in flight
    /// (2 * exposure / f).
    function withdrawBond() external;

    /// @notice Gives the calling operator a new place after jail or exit, if its bond less unbonding is at least `minBond` and
    /// `unbondingDelay` has passed since. Forgets its no-shows, not its strikes.
    function rejoin() external;

    /// @notice Pays what `operator` has earned to its payout address; anybody may call it.
    /// @dev Fails with NotRegistered, ZeroAmount, BadRecipient (the payout address is the escrow), or as the token does.
    function claim(address operator) external;

    /// @notice Pays what `operator` has earned to `to`. Only its payout address may say so: a hot key that was stolen redirects nothing.
    /// @dev Fails with NotRegistered, NotPayout, ZeroAmount, BadRecipient, or as the token does.
    function claimTo(address operator, address to) external;

    /// @notice Does what the operator's payout address has signed; anybody may carry it. Whoever calls `claim` before leaves nothing to redirect.
    /// @param signature 65 bytes by the payout address' key, or what it takes as a contract wallet (ERC-1271).
    /// @dev Fails with NotRegistered, Late, NonceSpent, BadSignature, TooLittleGas (contract wallets only), ZeroAmount, BadRecipient, or as the token does.
    function claimSigned(Claim calldata word, bytes calldata signature) external;

    // ---------------------------------------------------------------- views

    /// @notice The ERC-20 token.
    function token() external view returns (address);
    /// @notice The version of the parameters under which jobs are opened now.
    function parameters() external view returns (Parameters memory);
    /// @notice Its number.
    function currentVersion() external view returns (uint16);
    /// @notice A version's parameters; zeros if there is none of this number.
    function parametersOf(uint16 version) external view returns (Parameters memory);
    /// @notice Between these, field by field, every version is. Epoch lengths and unbonding delay are the same in both.
    function limits() external view returns (Parameters memory least, Parameters memory most);
    /// @notice Whether deposits and openings are stopped.
    function paused() external view returns (bool);
    /// @notice What a client may spend or withdraw. Keepers' parts arrive here too, those of an active operator in what it has earned.
    function available(address client) external view returns (uint256);
    /// @notice An operator's record; zeros if not registered.
    function operatorOf(address who) external view returns (Operator memory);
    /// @notice A job's case; zeros if never accused.
    function caseOf(bytes32 job) external view returns (Case memory);
    /// @notice The first or the second round of a job's case; zeros if it never began.
    function roundOf(bytes32 job, uint8 number) external view returns (Round memory);
    /// @notice The two pools: what pays re-executors, and what insures.
    function pools() external view returns (uint256 checkPool, uint256 insurancePool);
    /// @notice Places ever given, retired ones included.
    function rosterLength() external view returns (uint32);
    /// @notice A place by its index.
    function placeAt(uint32 index) external view returns (Place memory);
    /// @notice Operators holding a place.
    function activeOperators() external view returns (uint32);
    /// @notice Clusters of which an operator holds a place.
    function activeClusters() external view returns (uint32);
    /// @notice The epoch of this block, as the version under which jobs are opened now counts it.
    function currentEpoch() external view returns (uint64);
    /// @notice The epoch of this block as a version counts: by blocks, or by seconds of the beacon's epochs plus 2^39.
    function epochOf(uint16 version) external view returns (uint64);
    /// @notice The recorded seed; zero while unknown.
    function seedOf(uint64 epoch) external view returns (bytes32);
    /// @notice Whether the account's nonce has opened a job, carried a Withdraw or a Claim, or was cancelled.
    function nonceUsed(address client, uint256 nonce) external view returns (bool);
    /// @notice Whether the job's sampling is decided (submitted, and the seed recorded), and how.
    function isSampled(bytes32 job, Job calldata record) external view returns (bool decided, bool sampled);
    /// @notice Who re-executes at this attempt (0 to 2); zero while undecided, if not sampled, or if the draw found nobody.
    function drawnFor(bytes32 job, Job calldata record, uint8 attempt) external view returns (address);
}
