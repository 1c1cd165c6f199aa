// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {SignedToken} from "./SignedToken.sol";

/// @title Keeps one percent of what is sent
contract FeeToken is ERC20("Fee", "FEE") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (from == address(0) || to == address(0)) return super._update(from, to, amount);
        super._update(from, to, amount - amount / 100);
        super._update(from, address(0), amount / 100);
    }
}

/// @title Says no by its return value and moves nothing, once told to
contract FalseToken is ERC20("False", "FLS") {
    bool public refusing;

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function refuse() external {
        refusing = true;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        return !refusing && super.transfer(to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        return !refusing && super.transferFrom(from, to, amount);
    }
}

/// @title Says yes and moves nothing
contract IdleToken is ERC20("Idle", "IDL") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function transferFrom(address, address, uint256) public pure override returns (bool) {
        return true;
    }
}

/// @title Answers with nothing at all, as some old tokens do
contract SilentToken is ERC20("Silent", "SLT") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        super.transfer(to, amount);
        assembly ("memory-safe") {
            return(0, 0)
        }
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        super.transferFrom(from, to, amount);
        assembly ("memory-safe") {
            return(0, 0)
        }
    }
}

/// @title Answers with more than it was asked
contract VerboseToken is ERC20("Verbose", "VRB") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        super.transfer(to, amount);
        assembly ("memory-safe") {
            let place := mload(0x40)
            mstore(place, 1)
            return(place, 100000)
        }
    }
}

/// @title Keeps a list of accounts that it serves no more, and fails for them
contract ListingToken is ERC20("Listing", "LST") {
    mapping(address account => bool) public refused;

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function refuse(address account) external {
        refused[account] = true;
    }

    function _update(address from, address to, uint256 amount) internal override {
        require(!refused[from] && !refused[to], "refused");
        super._update(from, to, amount);
    }
}

/// @title Calls back into whoever it is told to, in the middle of every transfer and permit
contract ReentrantToken is SignedToken {
    address public target;
    bytes public call;

    /// @notice The last callback's result, for the test to look at.
    bool public succeeded;
    bytes public answer;

    function arm(address target_, bytes calldata call_) external {
        target = target_;
        call = call_;
    }

    function permit(address owner, address spender, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) public override {
        super.permit(owner, spender, amount, deadline, v, r, s);
        _callBack();
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        _callBack();
    }

    function _callBack() private {
        if (target == address(0)) return;
        address called = target;
        target = address(0);
        (succeeded, answer) = called.call(call);
    }
}
