// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRegistry} from "../interfaces/IRegistry.sol";
import {Governed} from "./Governed.sol";
import {Nonces} from "./Nonces.sol";

/// @title What is taken back, who may order at whose cost, in which pool, and which runtimes are deterministic
abstract contract Approvals is IRegistry, Governed, Nonces {
    /// @dev Without an authority it is the deployer.
    modifier onlyRegistrar() {
        require(address(_authority) == address(0) ? msg.sender == _deployer : _isAuthorized(), NotAuthorized(msg.sender));
        _;
    }

    /// @inheritdoc IRegistry
    function cancelNonce(uint256 nonce) external nonReentrant {
        _spend(msg.sender, nonce);
    }

    /// @inheritdoc IRegistry
    function cancelNonceSigned(Void calldata word, bytes calldata signature) external nonReentrant {
        _carry(word.account, word.spent, word.expiry, _hashVoid(word), signature);
    }

    /// @inheritdoc IRegistry
    function approveSpending(address spender, uint96 perJob, uint96 perDay, uint40 until) external nonReentrant {
        _approve(msg.sender, spender, perJob, perDay, until);
    }

    /// @inheritdoc IRegistry
    function approveSpendingSigned(Spending calldata word, bytes calldata signature) external nonReentrant {
        _carry(word.payer, word.nonce, word.expiry, _hashSpending(word), signature);
        _approve(word.payer, word.spender, word.perJob, word.perDay, word.until);
    }

    /// @inheritdoc IRegistry
    function spendingOf(address payer, address spender) external view returns (uint96 perJob, uint96 perDay, uint40 until, uint256 spentToday) {
        Allowance storage allowance = _allowances[payer][spender];
        return (allowance.perJob, allowance.perDay, allowance.until, _spentToday(allowance));
    }

    /// @inheritdoc IRegistry
    function adopt(address operator) external nonReentrant {
        _adopted[msg.sender][operator] = true;
    }

    /// @inheritdoc IRegistry
    function createPool() external nonReentrant returns (uint32 pool) {
        pool = ++_poolCount;
        _poolOwners[pool] = msg.sender;
        emit PoolOwned(pool, msg.sender);
    }

    /// @inheritdoc IRegistry
    function transferPool(uint32 pool, address owner) external nonReentrant {
        _onlyOwner(pool);
        require(owner != address(0), ZeroAddress());
        _poolOwners[pool] = owner;
        emit PoolOwned(pool, owner);
    }

    /// @inheritdoc IRegistry
    function setPoolMembers(uint32 pool, PoolMember[] calldata members) external nonReentrant {
        _onlyOwner(pool);
        for (uint256 i; i < members.length; ++i) {
            PoolMember calldata member = members[i];
            _members[pool][member.account] = Member(member.orders, member.works);
            emit PoolMemberSet(pool, member.account, member.orders, member.works);
        }
    }

    /// @inheritdoc IRegistry
    function poolOwner(uint32 pool) external view returns (address) {
        return _poolOwners[pool];
    }

    /// @inheritdoc IRegistry
    function poolMember(uint32 pool, address account) external view returns (bool orders, bool works) {
        return (_members[pool][account].orders, _members[pool][account].works);
    }

    /// @inheritdoc IRegistry
    function registerRuntime(uint8 number, bytes32 runtime, bool deterministic) external nonReentrant onlyRegistrar {
        bytes32 known = _runtimes[number];
        require(number != 0 && number < 128 && runtime != 0 && (known == 0 || known == runtime), RuntimeTaken(number, known));
        _runtimes[number] = runtime;
        uint128 bit = uint128(1) << number;
        _counts.deterministic = deterministic ? _counts.deterministic | bit : _counts.deterministic & ~bit;
        emit RuntimeRegistered(number, runtime, deterministic);
    }

    /// @inheritdoc IRegistry
    function runtimeOf(uint8 number) external view returns (bytes32 runtime, bool deterministic) {
        return (_runtimes[number], _counts.deterministic >> number & 1 != 0);
    }

    /// @dev What was used of the day stays used.
    function _approve(address payer, address spender, uint96 perJob, uint96 perDay, uint40 until) private {
        require(spender != address(0), ZeroAddress());
        Allowance storage allowance = _allowances[payer][spender];
        (allowance.perJob, allowance.perDay, allowance.until) = (perJob, perDay, until);
        emit SpendingApproved(payer, spender, perJob, perDay, until);
    }

    function _onlyOwner(uint32 pool) private view {
        require(msg.sender == _poolOwners[pool], NotPoolOwner(pool, msg.sender));
    }
}
