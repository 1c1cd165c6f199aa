// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRegistry} from "../interfaces/IRegistry.sol";
import {Records} from "../libraries/Records.sol";
import {JobBook} from "./JobBook.sol";

/// @title The end of an open job that both sides want
abstract contract Cancels is IRegistry, JobBook {
    using Records for uint256;
    using Records for Job;

    /// @inheritdoc IRegistry
    function cancel(CancelItem[] calldata items) external nonReentrant {
        uint256 keeperParts;
        for (uint256 i; i < items.length; ++i) {
            (Skip code, uint256 keeperPart) = _cancel(items[i]);
            _skip(items[i].id, Action.Cancel, code, items.length);
            keeperParts += keeperPart;
        }
        _payKeeper(keeperParts);
    }

    function _cancel(CancelItem calldata item) private returns (Skip, uint256) {
        (bytes32 id, Job calldata job) = (item.id, item.job);
        uint256 head = _heads[id];
        if (!head.isIn(State.Open)) return (Skip.WrongState, 0);
        if (!head.matches(job)) return (Skip.WrongRecord, 0);
        if (block.timestamp > item.expiry) return (Skip.Expired, 0);
        bytes32 digest = _hashCancel(id, item.expiry);
        (address client, address signer) = (job.client, _operators[job.operator].signer);
        if (!_sentBy(client, item.clientSignature) && !_signedFor(client, digest, item.clientSignature)) return (Skip.BadClientSignature, 0);
        if (!_sentBy(signer, item.operatorSignature) && !_signedBy(signer, digest, item.operatorSignature)) return (Skip.BadOperatorSignature, 0);

        uint256 keeperPart = _rulesOf(job.course.version()).keeperPart();
        uint256 refund = job.terms.maxPrice() + job.course.fee() - keeperPart;
        _close(id, job, State.Refunded, Outcome.Cancelled);
        emit JobRefunded(id, client, Outcome.Cancelled, uint96(refund), 0);
        _credit(id, job.payerOf(), Book.Available, Reason.Refund, refund);
        return (Skip.None, keeperPart);
    }
}
