// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Rewards beyond the job: cumulative amounts by account, under one Merkle root for each epoch
/// @notice A root says of every account what it has been owed since the beginning. Whoever claims gets what an active root says, less what was claimed before; so a
/// claim may be late, and no root pays twice. Anybody can build a root again from public data.
/// @dev Leaves are those of OpenZeppelin's StandardMerkleTree over (address account, uint256 amount): keccak256(keccak256(abi.encode(account, amount))), nodes
/// are hashes of sorted pairs.
interface IRewards {
    /// @param root Of the tree.
    /// @param activeFrom First second at which it pays; until then it may be disabled.
    /// @param disabled It will never pay.
    struct Root { bytes32 root; uint40 activeFrom; bool disabled; }

    /// @notice Signed by the account: pays what it is owed to `to`. Good for one claim, since the amount claimed before is part of it.
    struct RewardClaim { address account; address to; uint256 amount; uint256 claimed; uint64 expiry; }

    /// @notice Tokens joined the pool.
    event Funded(address indexed from, uint256 amount);
    /// @notice The epoch's root will pay from `activeFrom` on.
    event RootSubmitted(uint64 indexed epoch, bytes32 root, uint40 activeFrom);
    /// @notice The epoch's root will never pay; another one may take its place.
    event RootDisabled(uint64 indexed epoch, bytes32 root);
    /// @notice `paid` went to `to`; the account has claimed `amount` in all.
    event Claimed(address indexed account, address indexed to, uint64 indexed epoch, uint256 amount, uint256 paid);

    /// @notice An address that must not be zero.
    error ZeroAddress();
    /// @notice Only the submitter says roots, only the guardian disables them.
    error NotAllowed(address caller);
    /// @notice Roots come in the order of their epochs.
    error EpochOver(uint64 epoch, uint64 newest);
    /// @notice No root of this epoch, or it is disabled.
    error NoRoot(uint64 epoch);
    /// @notice The root pays from `activeFrom` on, and may be disabled before.
    error NotActive(uint64 epoch, uint256 time, uint40 activeFrom);
    /// @notice The root pays already.
    error Active(uint64 epoch);
    /// @notice The proof does not lead from account and amount to the root.
    error BadProof(address account, uint256 amount);
    /// @notice The account has claimed as much.
    error NothingToClaim(address account, uint256 claimed);
    /// @notice Signed for another amount claimed before, or not by the account.
    error BadSignature(address account);
    /// @notice The claim was good until `expiry`.
    error Late(uint256 time, uint64 expiry);

    /// @notice Adds tokens of the caller to the pool that claims are paid from.
    function fund(uint256 amount) external;

    /// @notice Says the root of an epoch, later than all before. It pays after the delay.
    function submitRoot(uint64 epoch, bytes32 root) external;

    /// @notice Takes back a root that does not pay yet. The guardian's.
    function disableRoot(uint64 epoch) external;

    /// @notice Pays the caller what it is owed under the root of an epoch.
    /// @param amount All that the root says of the caller, not what is left of it.
    /// @dev Fails with NoRoot, NotActive, BadProof, NothingToClaim, or as the token does when the pool holds too little.
    function claim(uint64 epoch, uint256 amount, bytes32[] calldata proof) external;

    /// @notice As `claim`, to somebody else.
    function claimTo(address to, uint64 epoch, uint256 amount, bytes32[] calldata proof) external;

    /// @notice Does what the account has signed; anybody may carry it. An account with code is asked by ERC-1271.
    function claimSigned(RewardClaim calldata word, uint64 epoch, bytes32[] calldata proof, bytes calldata signature) external;

    /// @notice The root of an epoch; zeros if there is none.
    function rootOf(uint64 epoch) external view returns (Root memory);
    /// @notice What the account has been paid since the beginning.
    function claimedBy(address account) external view returns (uint256);
    /// @notice EIP-712 digest of a signed claim.
    function hashRewardClaim(RewardClaim calldata word) external view returns (bytes32);
}
