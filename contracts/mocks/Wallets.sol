// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title A contract wallet of one owner, which answers as it was built to
contract Wallet is IERC1271 {
    enum Answer { Faithful, Reverts, RevertsWithMuch, Burns, Nothing, Short, Much, WrongMagic, DirtyMagic, RevertsWithMagic }

    /// @dev As many bytes as the gas that a wallet gets can make.
    uint256 private constant MUCH = 240_000;

    address public immutable owner;
    Answer public answer;

    constructor(address owner_, Answer answer_) {
        owner = owner_;
        answer = answer_;
    }

    /// @notice Calls for the owner.
    function act(address target, bytes calldata call) external {
        require(msg.sender == owner, "not the owner");
        (bool done, bytes memory result) = target.call(call);
        if (done) return;
        assembly ("memory-safe") {
            revert(add(result, 32), mload(result))
        }
    }

    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4 magic) {
        Answer how = answer;
        require(how != Answer.Reverts, "no");
        (address signer,,) = ECDSA.tryRecoverCalldata(hash, signature);
        magic = signer == owner ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
        if (how == Answer.WrongMagic) return 0x1626ba7f;
        // The right word, had it come alone, whole, or by return.
        assembly ("memory-safe") {
            let place := mload(0x40)
            mstore(place, magic)
            switch how
            case 2 { revert(place, MUCH) }
            case 3 { invalid() }
            case 4 { return(place, 0) }
            case 5 { return(place, 4) }
            case 6 { return(place, MUCH) }
            case 8 {
                mstore(place, or(magic, 1))
                return(place, 32)
            }
            case 9 { revert(place, 32) }
        }
    }
}
