// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IBank} from "./interfaces/IBank.sol";
import {ICases} from "./interfaces/ICases.sol";
import {ICharter} from "./interfaces/ICharter.sol";
import {IJobs} from "./interfaces/IJobs.sol";
import {Bounds} from "./libraries/Bounds.sol";
import {Records} from "./libraries/Records.sol";
import {rulesOf} from "./libraries/Words.sol";
import {Jobs} from "./parts/Jobs.sol";
import {Slashing} from "./parts/Slashing.sol";
import {Till} from "./parts/Till.sol";

/// @title The deployable escrow: it holds the money and all state, and its own code is what an undisputed job needs
/// @notice Everything else of IEscrow is code of modules that are fixed at construction and run by delegatecall on this contract's storage: the court
/// for cases, the charter for parameters, pause and beacon, the bank for accounts and views, and behind the bank the registry for what else parties say. A function
/// that none knows is refused without a reason.
contract Escrow is Till, Jobs, Slashing {
    using Records for uint256;
    using SafeCast for uint256;

    /// @notice The code of the case functions.
    address public immutable court;
    /// @notice The code of the accounts and of most views.
    address public immutable bank;
    /// @notice The code of the parameters' versions, of the pause and of the beacon's seeds.
    address public immutable charter;

    uint256 private immutable _blocks;
    uint256 private immutable _seconds;

    /// @param court_ A Court.
    /// @param bank_ A Bank, which names the token.
    /// @param charter_ A Charter, which names authority and beacon.
    /// @param first The first version of the parameters.
    /// @param least What no field of any version is below.
    /// @param most What no field of any version is above.
    constructor(address court_, address bank_, address charter_, Parameters memory first, Parameters memory least, Parameters memory most)
        Till(IERC20(IBank(bank_).token()))
    {
        require(court_.code.length != 0, ZeroAddress());
        require(ICharter(charter_).beacon() != address(0) || first.randomness == Randomness.BlockHash, NoBeacon());
        Bounds.check(first);
        Bounds.checkLimits(least, most);
        Bounds.checkWithin(first, least, most);
        (court, bank, charter) = (court_, bank_, charter_);
        (_blocks, _seconds) = (first.epochBlocks, first.epochSeconds);
        (_least, _most) = (least, most);
        uint256 number = _numberOf(1, first.randomness);
        _versions[number] = first;
        _rules = rulesOf(first, number);
        emit VersionAdded(uint32(number));
        _deployer = msg.sender;
    }

    /// @inheritdoc IJobs
    function deposit(uint256 amount) external nonReentrant {
        require(!_rules.paused(), IsPaused());
        require(amount > 0, ZeroAmount());
        uint256 balance = _available[msg.sender] + amount;
        _available[msg.sender] = balance;
        emit LedgerMoved(0, msg.sender, Book.Available, Reason.Deposit, amount.toInt256(), balance);
        _pull(amount);
    }

    /// @dev The module takes the reentrancy guard.
    fallback() external {
        _forward(_isCase(msg.sig) ? court : _isCharters(msg.sig) ? charter : bank);
    }

    /// @inheritdoc IJobs
    function stateOf(bytes32 id) external view returns (State, Outcome) {
        return (_heads[id].stateOf(), _heads[id].outcomeOf());
    }

    /// @inheritdoc IJobs
    function isRecord(bytes32 id, Job calldata record) external view returns (bool) {
        return _heads[id].matches(record);
    }

    /// @dev Fixed for ever, and every submission asks for it.
    function _epochBlocks() internal view override returns (uint256) {
        return _blocks;
    }

    function _epochSeconds() internal view override returns (uint256) {
        return _seconds;
    }

    function _isCase(bytes4 selector) private pure returns (bool) {
        return selector == ICases.accuse.selector || selector == ICases.challenge.selector || selector == ICases.appeal.selector || selector == ICases.drawSeats.selector || selector == ICases.commitSeats.selector
            || selector == ICases.refillSeat.selector || selector == ICases.openClaim.selector || selector == ICases.certify.selector
            || selector == ICases.lapse.selector;
    }

    /// @dev A product of at most eight differences of 32 bits is zero only if one of them is; calls of the other modules pass here too, so this had better be cheap.
    function _isCharters(bytes4 selector) private pure returns (bool) {
        uint256 asked = uint32(selector);
        unchecked {
            return (asked ^ uint32(ICharter.addVersion.selector)) * (asked ^ uint32(ICharter.pause.selector))
                * (asked ^ uint32(ICharter.unpause.selector)) * (asked ^ uint32(ICharter.recordSeed.selector))
                * (asked ^ uint32(ICharter.recordBeacon.selector)) * (asked ^ uint32(ICharter.recordWithoutBeacon.selector))
                * (asked ^ uint32(ICharter.authority.selector)) * (asked ^ uint32(ICharter.beacon.selector)) == 0;
        }
    }
}
