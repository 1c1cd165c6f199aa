// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Pricing} from "../libraries/Pricing.sol";
import {Rules} from "../libraries/Words.sol";
import {JobBook} from "./JobBook.sol";

/// @title Cases as they are kept
/// @dev The last part that declares storage: escrow, court, bank and charter all inherit this chain of parts, which is what makes their layouts one.
abstract contract CaseBook is JobBook {
    struct SeatRecord {
        address operator;
        bytes32 word; // the commitment; what the seat said, once the first round has ended without acquittal
    }

    struct RoundRecord {
        uint40 startedAt;
        uint40 epoch;
        uint32 rosterLength;
        uint40 commitBy;
        uint40 revealBy;
        uint8 draws;
        uint8 committed;
        uint96 unpaid;       // what each deciding seat of the first round was paid less than the max price
        mapping(uint256 number => SeatRecord) seats;
    }

    struct CaseRecord {
        address accuser;
        uint40 slashableAt;  // zero until a conviction
        uint16 version;      // of the job's parameters
        uint8 round;         // that runs or was the last
        bool bonded;
        bool claimOpened;
        Verdict first;       // of the first round; Inconclusive is a split
        uint96 accuserLock;
        uint96 operatorLock; // both rounds' seats and the slash, as far as the bond held; from a conviction on the slash only
        uint64 claimUnits;
        address appellant;
        uint96 appealLock;
        bytes32 claimRoot;
        bytes32 accusedValue; // zero of who is no drawn re-executor
        mapping(uint256 number => RoundRecord) rounds;
    }

    mapping(bytes32 job => CaseRecord) internal _cases;

    function _sizeOf(CaseRecord storage record, uint256 round) internal view returns (uint256) {
        Parameters storage law = _versions[record.version];
        return round == 1 ? law.firstSeats : law.secondSeats;
    }

    /// @dev The re-executor's signed value is the same word whether it confirms or accuses, so whoever holds it may send it as an accusation. Where it
    /// equals the opened claim nobody disputes the result.
    function _isConfirmed(Job calldata job, CaseRecord storage record, bytes32 value) internal view returns (bool) {
        return job.terms.comparison() == Comparison.Exact && record.accusedValue == value;
    }

    /// @dev Ends a case whose accuser confirmed the claim, as the release would have.
    function _settleConfirmed(bytes32 id, Job calldata job, CaseRecord storage record, Opening calldata opening, Rules rules, Tally memory tally)
        internal
    {
        address accuser = record.accuser;
        _unlock(id, job.operator, record.operatorLock);
        _unlock(id, accuser, record.accuserLock);
        _payOut(id, job, _heads[id], Accepted(Outcome.Checked, opening.outputsRoot, opening.units, accuser), rules, tally);
    }

    /// @dev As far as another case's slash has not taken it meanwhile.
    function _unlock(bytes32 id, address account, uint256 lock) internal {
        uint256 amount = Pricing.min(lock, _operators[account].locked);
        _debit(id, account, Book.Locked, Reason.CaseUnlock, amount);
        _credit(id, account, _purseOf(account), Reason.CaseUnlock, amount);
    }

    /// @dev What stands for an account in a case: an operator's bond, anybody else's available balance.
    function _purseOf(address account) internal view returns (Book) {
        return _operators[account].signer == address(0) ? Book.Available : Book.Bond;
    }
}
