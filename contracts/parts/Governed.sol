// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {IVocabulary} from "../interfaces/IVocabulary.sol";

/// @title What only the authority allows
abstract contract Governed is IVocabulary {
    IAccessManager internal immutable _authority;

    /// @dev A delayed role reaches this through the manager's `execute`, which has then waited and answers for its caller.
    modifier restricted() {
        require(_isAuthorized(), NotAuthorized(msg.sender));
        _;
    }

    /// @param authority_ An AccessManager; zero for a deployment that never changes.
    constructor(IAccessManager authority_) {
        _authority = authority_;
    }

    function _isAuthorized() internal view returns (bool allowed) {
        if (address(_authority) != address(0)) (allowed,) = _authority.canCall(msg.sender, address(this), msg.sig);
    }
}
