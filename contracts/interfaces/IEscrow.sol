// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBank} from "./IBank.sol";
import {ICases} from "./ICases.sol";
import {ICharter} from "./ICharter.sol";
import {IJobs} from "./IJobs.sol";
import {IRegistry} from "./IRegistry.sol";

/// @title Assay escrow: clients' money, operators' bonds, jobs and their verdicts
/// @notice One ERC-20 token is payment and bond. Whoever signs is bound; whoever calls only carries: no function but those under "clients" and
/// "operators" looks at its caller, except to pay the keeper's part for moving a job to its end, and where a signature is empty: then the caller has to be who should have signed.
/// @dev All amounts are integers in the smallest unit of `token`. All times are seconds, all windows relative. Shares are parts per million (ppm).
/// A deadline is the last second at which an act is allowed; what waits for it to pass is allowed from the next second on.
/// An epoch is `epochBlocks` blocks; its last block is `(epoch + 1) * epochBlocks - 1`, its seed is known once that block is past. Under versions that take seeds from
/// the beacon it is `epochSeconds` seconds, and 2^39 is added to its number: 2^39 + n ends with the second `(n + 1) * epochSeconds - 1`.
/// Pinned preimages, `abi.encode` everywhere:
///   value      = keccak256(outputsRoot, units)
///   commitment = keccak256(salt, value), of a result
///   seal       = keccak256(job, uint8 round, uint8 seat, salt, value), the commitment of a seat
///   record     = keccak256(Job), of which the chain keeps all but the first two bytes
///   sampled    = uint256(keccak256(keccak256("assay.sample"), seed, job)) % 1e6 < ratePpm, seed of the epoch after the submission
///   probe p    = uint256(keccak256(keccak256("assay.draw"), seed, job, uint8 round, uint256 p)) % rosterLength, p from 0 to 63
interface IEscrow is IJobs, ICases, IBank, ICharter, IRegistry {}
