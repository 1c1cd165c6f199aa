// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBank} from "../interfaces/IBank.sol";
import {Pricing} from "../libraries/Pricing.sol";
import {Treasury} from "./Treasury.sol";

/// @title Operators: registration, bonds, exit, earnings
abstract contract Operators is Treasury {
    /// @inheritdoc IBank
    function register(address signer, address payout, uint96 bond) external nonReentrant {
        _register(signer, payout, address(0), bond);
    }

    /// @inheritdoc IBank
    function registerOwned(address signer, address payout, address owner, uint96 bond) external nonReentrant {
        require(owner != address(0), ZeroAddress());
        _register(signer, payout, owner, bond);
    }

    function _register(address signer, address payout, address owner, uint96 bond) private {
        require(signer != address(0) && payout != address(0), ZeroAddress());
        OperatorRecord storage operator = _operators[msg.sender];
        require(operator.signer == address(0), AlreadyRegistered(msg.sender));
        require(bond >= _minBond(), BondTooSmall(bond, _minBond()));

        operator.signer = signer;
        operator.payout = payout;
        operator.work = operator.work.withCluster(_enterCluster(msg.sender, payout, owner == address(0) ? payout : owner));
        emit OperatorRegistered(msg.sender, signer, payout, owner);
        _credit(0, msg.sender, Book.Bond, Reason.Bonding, bond);
        _join(msg.sender);
        _pull(bond);
    }

    /// @inheritdoc IBank
    function addBond(uint96 amount) external nonReentrant {
        require(amount > 0, ZeroAmount());
        _registered(msg.sender);
        _credit(0, msg.sender, Book.Bond, Reason.Bonding, amount);
        _pull(amount);
    }

    /// @inheritdoc IBank
    function requestUnbonding(uint96 amount) external nonReentrant {
        require(amount > 0, ZeroAmount());
        OperatorRecord storage operator = _registered(msg.sender);
        uint96 free = operator.free;
        require(amount <= free, InsufficientBalance(free, amount));

        operator.free = free - amount;
        operator.unbonding += amount;
        operator.unbondsAt = uint40(block.timestamp + _least.unbondingDelay);
        emit UnbondingRequested(msg.sender, amount, operator.unbondsAt);
        if (free - amount < _minBond()) _retire(msg.sender, false);
    }

    /// @inheritdoc IBank
    function withdrawBond() external nonReentrant {
        OperatorRecord storage operator = _registered(msg.sender);
        uint96 amount = operator.unbonding;
        require(amount > 0, ZeroAmount());
        require(block.timestamp >= operator.unbondsAt, Early(block.timestamp, operator.unbondsAt));

        // The delay outlasts a job that is moved on in time; one that was not must not lose its cover, at the lowest floor that any version has.
        (uint256 stays, uint256 covers) = (operator.free, 2 * operator.work.exposureOf() * Pricing.PPM / _least.floorPpm);
        require(stays >= covers, BondTooSmall(stays, covers));

        (operator.free, operator.unbonding) = (operator.free + amount, 0);
        _debit(0, msg.sender, Book.Bond, Reason.BondWithdrawal, amount);
        _push(msg.sender, amount);
    }

    /// @inheritdoc IBank
    function rejoin() external nonReentrant {
        OperatorRecord storage operator = _registered(msg.sender);
        require(operator.work.placeOf() == 0, AlreadyActive(msg.sender));
        uint96 free = operator.free;
        require(free >= _minBond(), BondTooSmall(free, _minBond()));
        // Places taken and left at will would fill the roster until the draw finds nobody.
        uint256 from = uint256(_roster[operator.work.lastPlaceOf() - 1].leftAt) + _least.unbondingDelay;
        require(block.timestamp >= from, Early(block.timestamp, from));

        operator.noShows = 0;
        _join(msg.sender);
    }

    /// @inheritdoc IBank
    function claim(address operator) external nonReentrant {
        _claim(operator, _registered(operator).payout);
    }

    /// @inheritdoc IBank
    function claimTo(address operator, address to) external nonReentrant {
        require(msg.sender == _registered(operator).payout, NotPayout(operator, msg.sender));
        _claim(operator, to);
    }

    /// @inheritdoc IBank
    function claimSigned(Claim calldata word, bytes calldata signature) external nonReentrant {
        _carry(_registered(word.operator).payout, word.nonce, word.expiry, _hashClaim(word), signature);
        _claim(word.operator, word.to);
    }

    function _claim(address operator, address to) private {
        uint256 amount = _operators[operator].work.earnedOf();
        require(amount > 0, ZeroAmount());
        _debit(0, operator, Book.Earned, Reason.Claim, amount);
        _payTo(to, amount);
    }

    function _registered(address who) private view returns (OperatorRecord storage operator) {
        operator = _operators[who];
        require(operator.signer != address(0), NotRegistered(who));
    }
}
