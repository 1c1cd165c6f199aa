// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

/// Exercises the client: a struct argument, an event, a custom error, a panic and a revert text.
contract Probe {
    struct Item { bytes32 id; uint96 amount; string note; address[] seats; }

    event Stored(bytes32 indexed id, address indexed by, uint96 amount, string note);
    error TooMuch(uint256 given, uint256 most);

    uint256 public immutable most;
    mapping(bytes32 => Item) private items;

    constructor(uint256 most_) { most = most_; }

    function store(Item calldata item) external payable {
        require(item.amount <= most, TooMuch(item.amount, most));
        require(item.amount != 0, "nothing to store");
        items[item.id] = item;
        emit Stored(item.id, msg.sender, item.amount, item.note);
    }

    function get(bytes32 id) external view returns (Item memory) { return items[id]; }

    function totals(bytes32 id) external view returns (uint96 amount, uint64 seats) {
        return (items[id].amount, uint64(items[id].seats.length));
    }

    function divide(uint256 by) external pure returns (uint256) { return 1 / by; }
}
