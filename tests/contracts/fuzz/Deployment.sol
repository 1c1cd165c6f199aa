// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Bank} from "../../../contracts/Bank.sol";
import {Court} from "../../../contracts/Court.sol";
import {Escrow} from "../../../contracts/Escrow.sol";
import {IEscrow} from "../../../contracts/interfaces/IEscrow.sol";
import {parameters} from "./Parameters.sol";

/// @dev The escrow as it is deployed, with its modules and the parameters of these tests.
function deployed(address token) returns (IEscrow) {
    return IEscrow(address(new Escrow(address(new Court()), address(new Bank(IERC20(token))), parameters())));
}
