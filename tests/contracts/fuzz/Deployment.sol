// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Bank} from "../../../contracts/Bank.sol";
import {Charter} from "../../../contracts/Charter.sol";
import {Court} from "../../../contracts/Court.sol";
import {Escrow} from "../../../contracts/Escrow.sol";
import {Registry} from "../../../contracts/Registry.sol";
import {IBeacon} from "../../../contracts/interfaces/IBeacon.sol";
import {IEscrow} from "../../../contracts/interfaces/IEscrow.sol";
import {parameters} from "./Parameters.sol";

/// @dev The escrow as it is deployed, with its modules and the parameters of these tests. Nobody may change anything, and seeds are block hashes.
function deployed(address token) returns (IEscrow escrow) {
    (address court, address bank) = (address(new Court()), address(new Bank(IERC20(token), address(new Registry(IAccessManager(address(0)))))));
    address charter = address(new Charter(IAccessManager(address(0)), IBeacon(address(0))));
    escrow = IEscrow(address(new Escrow(court, bank, charter, parameters(), parameters(), parameters())));
    escrow.registerRuntime(1, bytes32("runtime"), true);
}
