// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {Bounds} from "../libraries/Bounds.sol";
import {Draw} from "../libraries/Draw.sol";
import {Pricing} from "../libraries/Pricing.sol";
import {Records} from "../libraries/Records.sol";
import {Rules, Work} from "../libraries/Words.sol";
import {Consents} from "./Consents.sol";
import {Epochs} from "./Epochs.sol";
import {Roster} from "./Roster.sol";
import {Signatures} from "./Signatures.sol";

/// @title Jobs as they are kept, and the steps that undisputed and disputed ones share
abstract contract JobBook is Roster, Epochs, Consents, Signatures {
    using Records for uint256;
    using Records for Job;

    /// @dev What a batch owes its keeper and does to the pools.
    struct Tally {
        uint256 keeperParts;
        uint256 checkPool;     // as the batch leaves it: only releases move it
        uint256 insurancePaid; // to be taken: other steps of a batch may add to that pool
    }

    /// @dev Why a result is paid, what it is, and who confirmed it; nobody is zero.
    struct Accepted {
        Outcome outcome;
        bytes32 outputsRoot;
        uint64 units;
        address reexecutor;
    }

    /// @dev One word a job, see Records.
    mapping(bytes32 job => uint256) internal _heads;
    mapping(address client => mapping(uint256 word => uint256)) internal _nonces;

    /// @dev An item left out leaves its neighbours alone; alone, it tells its sender by a revert.
    function _skip(bytes32 job, Action action, Skip code, uint256 count) internal {
        if (code == Skip.None) return;
        require(count > 1, Skipped(code));
        emit ItemSkipped(job, action, code);
    }

    /// @dev Ends a job in its operator's favour. What it brings keeper and pools is added to the tally.
    function _payOut(bytes32 id, Job calldata job, uint256 head, Accepted memory accepted, Rules rules, Tally memory tally) internal {
        (address operator, uint256 maxPrice) = (job.operator, job.terms.maxPrice());
        uint256 price = Pricing.price(accepted.units, job.terms.unitPrice(), maxPrice);
        Outcome outcome = accepted.outcome;

        _heads[id] = head.moved(State.Released, outcome);
        emit RewardReleased(id, operator, outcome, accepted.outputsRoot, accepted.units, uint96(price), accepted.reexecutor);
        // The price is at most the max price, the rate at least the floor, the fee at least the keeper's part.
        unchecked {
            uint256 recordFee = Pricing.partDown(price, job.terms.ratePpm() - rules.floorPpm());
            if (price != maxPrice) _credit(id, job.payerOf(), Book.Available, Reason.Remainder, maxPrice - price);
            _reward(id, operator, maxPrice, price - recordFee, outcome == Outcome.Checked || outcome == Outcome.Cleared);
            tally.keeperParts += rules.keeperPart();
            tally.checkPool += job.course.fee() - rules.keeperPart() + recordFee;
        }
        if (accepted.reexecutor != address(0)) _earn(id, accepted.reexecutor, Reason.CheckPay, _fromPools(tally, price));
    }

    /// @dev Exposure, record and pay of an honest operator: one word.
    function _reward(bytes32 id, address who, uint256 maxPrice, uint256 pay, bool checked) private {
        OperatorRecord storage operator = _operators[who];
        Work work = operator.work.withoutJob(maxPrice).withPay(pay);
        operator.work = checked ? work.withCheck() : work;
        if (pay != 0) emit LedgerMoved(id, who, Book.Earned, Reason.Payment, int256(pay), work.earnedOf());
    }

    /// @dev A check is paid by the pool of checks, then by that of the insurance, as far as they hold.
    function _fromPools(Tally memory tally, uint256 wanted) private view returns (uint256) {
        uint256 fromChecks = Pricing.min(wanted, tally.checkPool);
        tally.checkPool -= fromChecks;
        if (fromChecks == wanted) return wanted;
        uint256 fromInsurance = Pricing.min(wanted - fromChecks, _pools.insurancePool - tally.insurancePaid);
        tally.insurancePaid += fromInsurance;
        return fromChecks + fromInsurance;
    }

    function _tally() internal view returns (Tally memory) {
        return Tally(0, _pools.checkPool, 0);
    }

    /// @dev What a batch did to the pools, in one word and one line for each, and its keeper's pay.
    function _book(Tally memory tally) internal {
        Pools memory before = _pools;
        (uint256 checks, uint256 insurance) = (tally.checkPool, before.insurancePool - tally.insurancePaid);
        if (checks != before.checkPool || insurance != before.insurancePool) _pools = Pools(uint128(checks), uint128(insurance));
        _linePool(Book.CheckPool, before.checkPool, checks);
        _linePool(Book.InsurancePool, before.insurancePool, insurance);
        _payKeeper(tally.keeperParts);
    }

    function _linePool(Book book, uint256 before, uint256 balance) private {
        if (balance != before) emit LedgerMoved(0, address(this), book, Reason.Checks, int256(balance) - int256(before), balance);
    }

    /// @dev Whether the drawn re-executor of this attempt signed it and was due. What it says is the caller's matter.
    function _verifyCheck(bytes32 id, Job calldata job, bytes32 seed, uint256 attempt, bytes32 digest, bytes calldata signature)
        internal
        view
        returns (Skip, address[] memory drawn)
    {
        if (attempt >= Bounds.MAX_ATTEMPTS) return (Skip.BadAttestation, drawn);
        if (attempt != 0 && block.timestamp < _checkedFrom(job) + attempt * _versions[job.course.version()].checkWindow) return (Skip.TooEarly, drawn);
        drawn = _drawSpot(id, job, seed, attempt + 1);
        if (drawn.length <= attempt || !_signedBy(_operators[drawn[attempt]].signer, digest, signature)) return (Skip.BadAttestation, drawn);
        return (Skip.None, drawn);
    }

    /// @dev Where the windows of a decided job begin: with the submission, or later by as much as its seed came after the review window, so that
    /// nobody loses the time to check, accuse or be paid because a seed was late.
    function _checkedFrom(Job calldata job) internal view returns (uint256) {
        uint256 inTime = job.course.submittedAt() + _rulesOf(job.course.version()).reviewWindow();
        uint256 seededAt = _seededAt[uint64(job.course.epoch() + 1)];
        return seededAt > inTime ? job.course.submittedAt() + seededAt - inTime : job.course.submittedAt();
    }

    function _drawSpot(bytes32 id, Job calldata job, bytes32 seed, uint256 count) internal view returns (address[] memory) {
        uint64 epoch = uint64(job.course.epoch() + 1);
        return Draw.picks(
            _roster,
            Draw.Terms({
                seed: seed,
                job: id,
                round: 0,
                rosterLength: job.course.rosterLength(),
                byTime: _isBeacons(epoch),
                last: _lastOf(epoch),
                client: job.client,
                payer: job.payer,
                operatorCluster: _operators[job.operator].work.clusterOf(),
                excluded: new uint32[](0)
            }),
            count
        );
    }

    /// @dev Every end of a job passes here, once.
    function _close(bytes32 id, Job calldata job, State state, Outcome outcome) internal {
        _heads[id] = _heads[id].moved(state, outcome);
        OperatorRecord storage operator = _operators[job.operator];
        operator.work = operator.work.withoutJob(job.terms.maxPrice());
    }

    /// @dev As far as the pool holds.
    function _takeFromPool(bytes32 id, Book pool, Reason reason, uint256 wanted) internal returns (uint256 taken) {
        taken = Pricing.min(wanted, pool == Book.CheckPool ? _pools.checkPool : _pools.insurancePool);
        _debit(id, address(this), pool, reason, taken);
    }

    /// @dev Whether this opens the commitment to this value.
    function _opens(Job calldata job, bytes32 salt, bytes32 value) internal pure returns (bool) {
        return Hashes.efficientKeccak256(salt, value) == job.commitment;
    }

    function _valueOf(Opening calldata opening) internal pure returns (bytes32) {
        return Hashes.efficientKeccak256(opening.outputsRoot, bytes32(uint256(opening.units)));
    }
}
