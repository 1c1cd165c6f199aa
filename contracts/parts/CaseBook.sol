// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Rules} from "../libraries/Words.sol";
import {JobBook} from "./JobBook.sol";

/// @title Cases as they are kept
/// @dev The last part that declares storage: escrow, court, bank and charter all inherit this chain of parts, which is what makes their layouts one.
abstract contract CaseBook is JobBook {
    struct CaseRecord {
        address accuser;
        uint40 accusedAt;
        uint40 slashableAt; // zero until a conviction
        uint16 version;     // of the job's parameters
        uint96 accuserLock;
        uint96 operatorLock; // the seats' pay and the slash, as far as the bond held
        uint40 epoch;
        uint32 rosterLength;
        uint8 draws;
        uint8 committed;
        bool claimOpened;
        uint40 commitBy;
        uint40 revealBy;
        uint64 claimUnits;
        bytes32 claimRoot;
        address[3] seats;
        bytes32[3] commitments;
        bytes32 accusedValue;
    }

    mapping(bytes32 job => CaseRecord) internal _cases;

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

    function _unlock(bytes32 id, address operator, uint256 amount) internal {
        _debit(id, operator, Book.Locked, Reason.CaseUnlock, amount);
        _credit(id, operator, Book.Bond, Reason.CaseUnlock, amount);
    }
}
