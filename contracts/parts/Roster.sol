// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ledger} from "./Ledger.sol";

/// @title The append-only roster: who may be drawn, who left it, who was absent
abstract contract Roster is Ledger {
    /// @dev One word, so that an opening reads all at once.
    struct Counts {
        uint24 places;   // ever given
        uint24 active;
        uint24 clusters; // ever numbered
        uint24 activeClusters;
        uint128 deterministic; // a bit for each registered runtime
    }

    Counts internal _counts;
    mapping(uint256 index => Place) internal _roster;
    /// @dev An owner's word for who will register as its own.
    mapping(address owner => mapping(address operator => bool)) internal _adopted;
    /// @dev By payout address and by declared owner.
    mapping(address who => uint24) private _clusters;
    mapping(uint24 cluster => address) private _clusterNames;
    mapping(uint24 cluster => uint24) private _clusterPlaces;

    function _join(address who) internal {
        OperatorRecord storage operator = _operators[who];
        uint24 place = _counts.places++;
        ++_counts.active;
        uint24 cluster = uint24(operator.work.clusterOf());
        if (_clusterPlaces[cluster]++ == 0) ++_counts.activeClusters;
        _roster[place] = Place(who, cluster, 0, 0);
        operator.work = operator.work.withPlace(place + 1);
        emit OperatorJoined(who, place, _clusterNames[cluster]);
    }

    /// @dev The number of the operators of this owner, counted from 1; who declares none is its payout address' own. Nobody enters a cluster without the word of
    /// whom it is named by, because those in it never check or judge each other. Two clusters never become one: draws that have been made would change.
    function _enterCluster(address who, address payout, address owner) internal returns (uint24 cluster) {
        cluster = _clusters[owner];
        require((cluster == 0 && owner == payout) || owner == who || _adopted[owner][who], NotAdopted(owner, who));
        if (cluster == 0) {
            cluster = _clusters[owner] = ++_counts.clusters;
            _clusterNames[cluster] = owner;
        }
        if (_clusters[payout] == 0) _clusters[payout] = cluster;
        require(_clusters[payout] == cluster && _clusterNames[cluster] == owner, ClustersDiffer(payout, owner));
    }

    /// @dev Nothing to do for who is not active.
    function _retire(address who, bool jailed) internal {
        OperatorRecord storage operator = _operators[who];
        uint256 number = operator.work.placeOf();
        if (number == 0) return;
        operator.work = operator.work.withoutPlace();
        --_counts.active;
        if (--_clusterPlaces[uint24(operator.work.clusterOf())] == 0) --_counts.activeClusters;
        uint32 place = uint32(number - 1);
        Place storage record = _roster[place];
        (record.retiredAt, record.leftAt) = (uint40(block.number), uint32(block.timestamp));
        emit OperatorRetired(who, place, jailed);
    }

    /// @dev A place costs a bond. One penalty does not take it, half of the least bond gone does: who has nothing to lose must not accuse or sit.
    function _retireIfPoor(address who) internal {
        OperatorRecord storage operator = _operators[who];
        if (2 * (_bondOf(who) + operator.locked) < _minBond()) _retire(who, false);
    }

    /// @dev Availability is a book of its own: a strike touches neither the record of clean checks nor money.
    function _strike(address who, bytes32 job, Outcome outcome) internal {
        emit OperatorStruck(who, job, outcome, ++_operators[who].strikes);
    }

    function _countNoShow(address who, bytes32 job, Outcome outcome, uint256 version) internal {
        uint32 count = ++_operators[who].noShows;
        emit OperatorStruck(who, job, outcome, count);
        if (count >= _versions[version].noShowsToJail) _retire(who, true);
    }
}
