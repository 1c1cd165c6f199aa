// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC3009} from "@openzeppelin/contracts/interfaces/draft-IERC3009.sol";
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

    function _pull(uint256 amount) internal {
        uint256 before = _held();
        _token.safeTransferFrom(msg.sender, address(this), amount);
        _checkReceived(before, amount);
    }

    /// @dev What the token does with an authorization is its own matter; what arrived decides.
    function _pullAuthorized(
        address from, uint256 amount, uint256 validAfter, uint256 validBefore, bytes32 nonce, uint8 v, bytes32 r, bytes32 s
    ) internal {
        uint256 before = _held();
        IERC3009(address(_token)).receiveWithAuthorization(from, address(this), amount, validAfter, validBefore, nonce, v, r, s);
        _checkReceived(before, amount);
    }

    function _push(address to, uint256 amount) internal {
        _token.safeTransfer(to, amount);
    }

    /// @dev Asked twice in every deposit, so by hand.
    function _held() private view returns (uint256 held) {
        (address token, uint256 question) = (address(_token), uint32(IERC20.balanceOf.selector));
        assembly ("memory-safe") {
            mstore(0, question)
            mstore(32, address())
            if iszero(and(gt(returndatasize(), 31), staticcall(gas(), token, 28, 36, 0, 32))) { revert(0, 0) }
            held := mload(0)
        }
    }

    /// @dev Tokens that keep a part of what is sent would leave the books without cover.
    function _checkReceived(uint256 before, uint256 amount) private view {
        uint256 received;
        unchecked {
            received = _held() - before; // less than before is no amount either
        }
        require(received == amount, UnexpectedTransfer(amount, received));
    }
}
