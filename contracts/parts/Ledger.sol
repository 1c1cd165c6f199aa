// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IVocabulary} from "../interfaces/IVocabulary.sol";

/// @title The books: every balance, and the one place where any of them changes
abstract contract Ledger is IVocabulary, ReentrancyGuardTransient {
    using SafeCast for uint256;

    /// @dev Five words, by who needs them: admission reads the first and writes the second, an honest end writes the second only.
    struct OperatorRecord {
        address signer;
        uint96 bond;
        uint96 exposure;
        uint96 earned;
        uint24 clean;       // stops counting at its end
        uint32 placeNumber; // index in the roster plus one; zero while not active
        bool unbonds;       // whether `unbonding` is more than zero
        address payout;
        uint96 unbonding;
        uint96 locked;
        uint96 owed;        // of a slash that found stake locked in other cases; never more than `locked`
        uint40 unbondsAt;
        uint40 rejoinsAt;
        uint32 noShows;
        uint32 strikes;
        uint32 cluster;     // number of the payout address
    }

    struct Pools {
        uint128 checkPool;
        uint128 insurancePool;
    }

    /// @dev What every job's undisputed way needs, in one word.
    struct Rules {
        uint32 floorPpm;
        uint16 recordNumerator;
        uint16 recordOffset;
        uint16 epochBlocks;
        uint16 minRoster;
        uint32 maxRunWindow;
        uint32 reviewWindow;
        uint96 keeperPart;
    }

    Rules internal _rules;
    Parameters internal _parameters;
    Pools internal _pools;
    mapping(address client => uint256) internal _available;
    mapping(address => OperatorRecord) internal _operators;

    function _credit(bytes32 job, address who, Book book, Reason reason, uint256 amount) internal {
        if (amount == 0) return;
        uint256 balance = _balanceOf(who, book) + amount;
        _setBalance(who, book, balance);
        emit LedgerMoved(job, who, book, reason, amount.toInt256(), balance);
    }

    function _debit(bytes32 job, address who, Book book, Reason reason, uint256 amount) internal {
        if (amount == 0) return;
        uint256 balance = _balanceOf(who, book);
        require(balance >= amount, InsufficientBalance(balance, amount));
        balance -= amount;
        _setBalance(who, book, balance);
        emit LedgerMoved(job, who, book, reason, -amount.toInt256(), balance);
    }

    /// @dev Unbonding stake is taken too: what leaves the bond never leaves it smaller than what still unbonds.
    function _debitBond(bytes32 job, address who, Reason reason, uint256 amount) internal {
        _debit(job, who, Book.Bond, reason, amount);
        OperatorRecord storage operator = _operators[who];
        if (operator.unbonds && operator.unbonding > operator.bond) _setUnbonding(operator, operator.bond);
    }

    function _setUnbonding(OperatorRecord storage operator, uint96 amount) internal {
        operator.unbonding = amount;
        operator.unbonds = amount != 0;
    }

    /// @dev What backs new jobs.
    function _freeBond(OperatorRecord storage operator) internal view returns (uint96) {
        return operator.unbonds ? operator.bond - operator.unbonding : operator.bond;
    }

    /// @dev An operator that moves its own job finds the part where its pay is, which costs it no further word.
    function _payKeeper(uint256 amount) internal {
        bool isOperator = _operators[msg.sender].placeNumber != 0;
        _credit(0, msg.sender, isOperator ? Book.Earned : Book.Available, Reason.KeeperPart, amount);
    }

    function _balanceOf(address who, Book book) private view returns (uint256) {
        if (book == Book.Available) return _available[who];
        if (book == Book.Bond) return _operators[who].bond;
        if (book == Book.Locked) return _operators[who].locked;
        if (book == Book.Earned) return _operators[who].earned;
        if (book == Book.CheckPool) return _pools.checkPool;
        return _pools.insurancePool;
    }

    function _setBalance(address who, Book book, uint256 balance) private {
        if (book == Book.Available) _available[who] = balance;
        else if (book == Book.Bond) _operators[who].bond = balance.toUint96();
        else if (book == Book.Locked) _operators[who].locked = balance.toUint96();
        else if (book == Book.Earned) _operators[who].earned = balance.toUint96();
        else if (book == Book.CheckPool) _pools.checkPool = balance.toUint128();
        else _pools.insurancePool = balance.toUint128();
    }
}
