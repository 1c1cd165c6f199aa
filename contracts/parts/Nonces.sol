// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {JobBook} from "./JobBook.sol";

/// @title Words that are signed with a nonce and carried by anybody
abstract contract Nonces is JobBook {
    /// @dev A signed word works once, in time, and only by whose money it is about.
    function _carry(address account, uint256 nonce, uint256 expiry, bytes32 digest, bytes calldata signature) internal {
        require(block.timestamp <= expiry, Late(block.timestamp, expiry));
        _spend(account, nonce);
        require(_signedFor(account, digest, signature), BadSignature(account));
    }

    function _spend(address account, uint256 nonce) internal {
        uint256 spent = _nonces[account][nonce >> 8];
        uint256 bit = 1 << (nonce & 0xff);
        require(spent & bit == 0, NonceSpent(account, nonce));
        _nonces[account][nonce >> 8] = spent | bit;
        emit NonceCancelled(account, nonce);
    }
}
