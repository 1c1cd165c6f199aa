// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Ledger} from "./Ledger.sol";

/// @title The token's way in and out
abstract contract Till is Ledger {
    using SafeERC20 for IERC20;

    IERC20 internal immutable _token;

    constructor(IERC20 token_) {
        require(address(token_) != address(0), ZeroAddress());
        _token = token_;
    }

    /// @dev Tokens that keep a part of what is sent would leave the books without cover.
    function _pull(uint256 amount) internal {
        uint256 before = _token.balanceOf(address(this));
        _token.safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = _token.balanceOf(address(this)) - before;
        require(received == amount, UnexpectedTransfer(amount, received));
    }

    function _push(address to, uint256 amount) internal {
        _token.safeTransfer(to, amount);
    }
}
