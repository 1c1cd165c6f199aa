// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {IBank} from "../interfaces/IBank.sol";
import {Nonces} from "./Nonces.sol";
import {Till} from "./Till.sol";

/// @title Clients' money in and out, what is signed about it, and gifts to the pools
abstract contract Treasury is IBank, Till, Nonces {
    /// @inheritdoc IBank
    function depositFor(address client, uint256 amount) external nonReentrant {
        _deposit(client, amount);
    }

    /// @inheritdoc IBank
    /// @dev Owner of the permit and payer is the caller, so what somebody else does with the permit moves nothing.
    function depositWithPermit(address client, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external nonReentrant {
        try IERC20Permit(address(_token)).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        _deposit(client, amount);
    }

    /// @inheritdoc IBank
    function depositWithAuthorization(
        address from, uint256 amount, uint256 validAfter, uint256 validBefore, bytes32 nonce, uint8 v, bytes32 r, bytes32 s
    ) external nonReentrant {
        _creditDeposit(from, amount);
        _pullAuthorized(from, amount, validAfter, validBefore, nonce, v, r, s);
    }

    /// @inheritdoc IBank
    function withdraw(uint256 amount) external nonReentrant {
        _withdraw(msg.sender, msg.sender, amount);
    }

    /// @inheritdoc IBank
    function withdrawTo(address to, uint256 amount) external nonReentrant {
        _withdraw(msg.sender, to, amount);
    }

    /// @inheritdoc IBank
    function withdrawSigned(Withdraw calldata word, bytes calldata signature) external nonReentrant {
        _carry(word.account, word.nonce, word.expiry, _hashWithdraw(word), signature);
        _withdraw(word.account, word.to, word.amount);
    }

    /// @inheritdoc IBank
    function donate(Book pool, uint256 amount) external nonReentrant {
        require(pool == Book.CheckPool || pool == Book.InsurancePool, NotAPool(pool));
        require(amount > 0, ZeroAmount());
        _credit(0, address(this), pool, Reason.Donation, amount);
        _pull(amount);
    }

    function _payTo(address to, uint256 amount) internal {
        _checkRecipient(to);
        _push(to, amount);
    }

    function _deposit(address client, uint256 amount) private {
        _creditDeposit(client, amount);
        _pull(amount);
    }

    function _creditDeposit(address client, uint256 amount) private {
        require(!_rules.paused(), IsPaused());
        require(amount > 0, ZeroAmount());
        _checkRecipient(client);
        _credit(0, client, Book.Available, Reason.Deposit, amount);
    }

    function _withdraw(address account, address to, uint256 amount) private {
        require(amount > 0, ZeroAmount());
        _debit(0, account, Book.Available, Reason.Withdrawal, amount);
        _payTo(to, amount);
    }

    function _checkRecipient(address who) private view {
        require(who != address(0) && who != address(this), BadRecipient(who));
    }
}
