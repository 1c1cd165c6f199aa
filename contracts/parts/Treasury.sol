// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBank} from "../interfaces/IBank.sol";
import {Till} from "./Till.sol";

/// @title Clients' withdrawals and gifts to the pools
abstract contract Treasury is IBank, Till {
    /// @inheritdoc IBank
    function withdraw(uint256 amount) external nonReentrant {
        require(amount > 0, ZeroAmount());
        _debit(0, msg.sender, Book.Available, Reason.Withdrawal, amount);
        _push(msg.sender, amount);
    }

    /// @inheritdoc IBank
    function donate(Book pool, uint256 amount) external nonReentrant {
        require(pool == Book.CheckPool || pool == Book.InsurancePool, NotAPool(pool));
        require(amount > 0, ZeroAmount());
        _credit(0, address(this), pool, Reason.Donation, amount);
        _pull(amount);
    }
}
