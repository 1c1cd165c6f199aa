// Who may change what, as a deployment sets it up in OpenZeppelin's AccessManager.
import { encodeFunctionData, toFunctionSelector } from "viem";

export const Role = { Governor: 1n, Guardian: 2n };
const PUBLIC_ADMIN = 0n;

export class Authority {
  constructor(world) {
    this.world = world;
  }

  send(from, functionName, ...args) {
    return this.world.transact(from, this.world.manager, this.world.managerArtifact.abi, functionName, args);
  }

  /** The governor waits for `delay` seconds, also when it changes who may do what; the guardian does not wait. */
  async setUp(delay) {
    const { governor, guardian, escrow } = this.world;
    const selectors = (...names) => names.map((name) => toFunctionSelector(this.world.abi.find((entry) => entry.name === name)));
    await this.send(governor, "setTargetFunctionRole", escrow, selectors("addVersion"), Role.Governor);
    await this.send(governor, "setTargetFunctionRole", escrow, selectors("pause", "unpause"), Role.Guardian);
    await this.send(governor, "grantRole", Role.Guardian, guardian.address, 0);
    await this.send(governor, "grantRole", Role.Governor, governor.address, delay);
    await this.send(governor, "grantRole", PUBLIC_ADMIN, governor.address, delay);
    return this;
  }

  call(functionName, ...args) {
    return [this.world.escrow, encodeFunctionData({ abi: this.world.abi, functionName, args })];
  }

  schedule(...call) {
    return this.send(this.world.governor, "schedule", ...this.call(...call), 0);
  }

  execute(...call) {
    return this.send(this.world.governor, "execute", ...this.call(...call));
  }
}
