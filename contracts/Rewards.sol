// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IRewards} from "./interfaces/IRewards.sol";

/// @title Rewards for availability and capacity, paid from a pool of their own
/// @notice Holds no stake and no client's money: a wrong root can cost the pool, and nothing else.
contract Rewards is IRewards, EIP712("Assay Rewards", "1") {
    using SafeERC20 for IERC20;

    bytes32 private constant REWARD_CLAIM =
        keccak256("RewardClaim(address account,address to,uint256 amount,uint256 claimed,uint64 expiry)");

    /// @notice What is paid in.
    IERC20 public immutable token;
    /// @notice Who says roots.
    address public immutable submitter;
    /// @notice Who takes back roots that do not pay yet.
    address public immutable guardian;
    /// @notice Seconds in which anybody can build a submitted root again and the guardian can disable it.
    uint40 public immutable delay;

    /// @notice The newest epoch that has a root.
    uint64 public newest;
    mapping(uint64 epoch => Root) private _roots;
    /// @inheritdoc IRewards
    mapping(address account => uint256) public claimedBy;

    constructor(IERC20 token_, address submitter_, address guardian_, uint40 delay_) {
        require(address(token_) != address(0) && submitter_ != address(0) && guardian_ != address(0), ZeroAddress());
        (token, submitter, guardian, delay) = (token_, submitter_, guardian_, delay_);
    }

    /// @inheritdoc IRewards
    function fund(uint256 amount) external {
        emit Funded(msg.sender, amount);
        token.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc IRewards
    function submitRoot(uint64 epoch, bytes32 root) external {
        require(msg.sender == submitter, NotAllowed(msg.sender));
        require(epoch > newest || (epoch == newest && _roots[epoch].disabled), EpochOver(epoch, newest));
        require(root != 0, NoRoot(epoch));
        newest = epoch;
        uint40 activeFrom = uint40(block.timestamp) + delay;
        _roots[epoch] = Root(root, activeFrom, false);
        emit RootSubmitted(epoch, root, activeFrom);
    }

    /// @inheritdoc IRewards
    function disableRoot(uint64 epoch) external {
        require(msg.sender == guardian, NotAllowed(msg.sender));
        Root storage record = _roots[epoch];
        require(record.root != 0 && !record.disabled, NoRoot(epoch));
        require(block.timestamp < record.activeFrom, Active(epoch));
        record.disabled = true;
        emit RootDisabled(epoch, record.root);
    }

    /// @inheritdoc IRewards
    function claim(uint64 epoch, uint256 amount, bytes32[] calldata proof) external {
        _claim(msg.sender, msg.sender, epoch, amount, proof);
    }

    /// @inheritdoc IRewards
    function claimTo(address to, uint64 epoch, uint256 amount, bytes32[] calldata proof) external {
        _claim(msg.sender, to, epoch, amount, proof);
    }

    /// @inheritdoc IRewards
    function claimSigned(RewardClaim calldata word, uint64 epoch, bytes32[] calldata proof, bytes calldata signature) external {
        require(block.timestamp <= word.expiry, Late(block.timestamp, word.expiry));
        bool good = word.claimed == claimedBy[word.account] && SignatureChecker.isValidSignatureNowCalldata(word.account, hashRewardClaim(word), signature);
        require(good, BadSignature(word.account));
        _claim(word.account, word.to, epoch, word.amount, proof);
    }

    /// @inheritdoc IRewards
    function rootOf(uint64 epoch) external view returns (Root memory) {
        return _roots[epoch];
    }

    /// @inheritdoc IRewards
    function hashRewardClaim(RewardClaim calldata word) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(REWARD_CLAIM, word)));
    }

    /// @dev An older root says nothing that a newer one does not, as amounts are sums since the beginning; and no root pays an account twice.
    function _claim(address account, address to, uint64 epoch, uint256 amount, bytes32[] calldata proof) private {
        Root storage record = _roots[epoch];
        (bytes32 root, uint40 activeFrom) = (record.root, record.activeFrom);
        require(root != 0 && !record.disabled, NoRoot(epoch));
        require(block.timestamp >= activeFrom, NotActive(epoch, block.timestamp, activeFrom));
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(account, amount))));
        require(MerkleProof.verifyCalldata(proof, root, leaf), BadProof(account, amount));
        uint256 claimed = claimedBy[account];
        require(amount > claimed, NothingToClaim(account, claimed));
        require(to != address(0), ZeroAddress());

        claimedBy[account] = amount;
        emit Claimed(account, to, epoch, amount, amount - claimed);
        token.safeTransfer(to, amount - claimed);
    }
}
