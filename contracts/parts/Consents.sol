// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ledger} from "./Ledger.sol";

/// @title What others have to say to an order before it opens: its payer, its pool, and who vouches for runtimes
abstract contract Consents is Ledger {
    /// @dev A payer's standing word for one spender, and what the spender has used of the day.
    struct Allowance {
        uint96 perJob;
        uint96 perDay;
        uint40 until;
        uint24 day;         // since 1970, in UTC
        uint96 spent;       // on that day
    }

    struct Member {
        bool orders;
        bool works;
    }

    uint256 private constant DAY = 1 days;

    address internal _deployer;
    uint32 internal _poolCount;
    mapping(address payer => mapping(address spender => Allowance)) internal _allowances;
    mapping(uint32 pool => address) internal _poolOwners;
    mapping(uint32 pool => mapping(address account => Member)) internal _members;
    mapping(uint8 number => bytes32) internal _runtimes;

    function _today() internal view returns (uint24) {
        return uint24(block.timestamp / DAY);
    }

    function _spentToday(Allowance storage allowance) internal view returns (uint256) {
        return allowance.day == _today() ? allowance.spent : 0;
    }

    function _allows(address payer, address spender, uint256 amount) internal view returns (bool) {
        if (payer == spender) return true;
        Allowance storage allowance = _allowances[payer][spender];
        return block.timestamp <= allowance.until && amount <= allowance.perJob && _spentToday(allowance) + amount <= allowance.perDay;
    }

    /// @dev Of what `_allows` has allowed. What a job gives back stays used.
    function _use(address payer, address spender, uint256 amount) internal {
        if (payer == spender) return;
        Allowance storage allowance = _allowances[payer][spender];
        (allowance.spent, allowance.day) = (uint96(_spentToday(allowance) + amount), _today());
    }

    /// @dev The pool with the number zero is everybody.
    function _meet(uint32 pool, address client, address operator) internal view returns (bool) {
        return pool == 0 || (_members[pool][client].orders && _members[pool][operator].works);
    }
}
