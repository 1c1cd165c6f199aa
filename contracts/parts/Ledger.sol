// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IVocabulary} from "../interfaces/IVocabulary.sol";
import {Rules, Work} from "../libraries/Words.sol";

/// @title The books: every balance, and the one place where any of them changes
abstract contract Ledger is IVocabulary, ReentrancyGuardTransient {
    using SafeCast for uint256;

    /// @dev Five words, by who needs them: admission reads the first and writes the second.
    struct OperatorRecord {
        address signer;
        uint96 free;        // bond less what unbonds
        Work work;          // an honest job writes no other word
        uint96 unbonding;
        uint96 locked;
        uint40 unbondsAt;
        address payout;
        uint32 noShows;
        uint32 strikes;
    }

    struct Pools {
        uint128 checkPool;
        uint128 insurancePool;
    }

    /// @dev What the numbers of versions under which seeds come from the beacon have more than others.
    uint256 internal constant BEACON_VERSION = 1 << 15;

    Rules internal _rules; // of the version under which jobs are opened now
    mapping(uint256 version => Rules) internal _pastRules;
    mapping(uint256 version => Parameters) internal _versions;
    Parameters internal _least;
    Parameters internal _most;
    Pools internal _pools;
    mapping(address client => uint256) internal _available;
    mapping(address => OperatorRecord) internal _operators;

    function _numberOf(uint256 count, Randomness randomness) internal pure returns (uint256) {
        return randomness == Randomness.BlockHash ? count : count + BEACON_VERSION;
    }

    /// @dev Those of a job's version.
    function _rulesOf(uint256 version) internal view returns (Rules) {
        return _rulesOf(version, _rules);
    }

    /// @param current Those of the version under which jobs are opened now.
    function _rulesOf(uint256 version, Rules current) internal view returns (Rules) {
        return current.versionOf() == version ? current : _pastRules[version];
    }

    /// @dev What concerns operators and no job.
    function _minBond() internal view returns (uint256) {
        return _versions[_rules.versionOf()].minBond;
    }

    /// @dev Ends the call with what the module makes of it. The whole call goes on as it came.
    function _forward(address module) internal {
        assembly ("memory-safe") {
            let place := mload(0x40)
            calldatacopy(place, 0, calldatasize())
            let done := delegatecall(gas(), module, place, calldatasize(), 0, 0)
            returndatacopy(place, 0, returndatasize())
            if iszero(done) { revert(place, returndatasize()) }
            return(place, returndatasize())
        }
    }

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

    function _bondOf(address who) internal view returns (uint256) {
        OperatorRecord storage operator = _operators[who];
        return uint256(operator.free) + operator.unbonding;
    }

    /// @dev Unbonding stake is taken last, but is taken: a slash cannot be outrun.
    function _setBond(OperatorRecord storage operator, uint96 bond) private {
        uint96 unbonding = operator.unbonding;
        if (unbonding > bond) operator.unbonding = unbonding = bond;
        operator.free = bond - unbonding;
    }

    /// @dev An operator that moves its own job finds the part where its pay is, which costs it no further word.
    function _payKeeper(uint256 amount) internal {
        if (_operators[msg.sender].work.placeOf() != 0) _earn(0, msg.sender, Reason.KeeperPart, amount);
        else _credit(0, msg.sender, Book.Available, Reason.KeeperPart, amount);
    }

    function _earn(bytes32 job, address who, Reason reason, uint256 amount) internal {
        if (amount == 0) return;
        Work work = _operators[who].work.withPay(amount);
        _operators[who].work = work;
        emit LedgerMoved(job, who, Book.Earned, reason, int256(amount), work.earnedOf());
    }

    function _balanceOf(address who, Book book) private view returns (uint256) {
        if (book == Book.Available) return _available[who];
        if (book == Book.Bond) return _bondOf(who);
        if (book == Book.Locked) return _operators[who].locked;
        if (book == Book.Earned) return _operators[who].work.earnedOf();
        if (book == Book.CheckPool) return _pools.checkPool;
        return _pools.insurancePool;
    }

    function _setBalance(address who, Book book, uint256 balance) private {
        if (book == Book.Available) _available[who] = balance;
        else if (book == Book.Bond) _setBond(_operators[who], balance.toUint96());
        else if (book == Book.Locked) _operators[who].locked = balance.toUint96();
        else if (book == Book.Earned) _operators[who].work = _operators[who].work.withEarned(balance);
        else if (book == Book.CheckPool) _pools.checkPool = balance.toUint128();
        else _pools.insurancePool = balance.toUint128();
    }
}
